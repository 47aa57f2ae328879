package acsidentity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A keyPolicy signs requests with an access key. It stands after the retry
// policy, so that each try carries a fresh date.
type keyPolicy struct {
	key *KeyCredential
	now func() time.Time
}

// Do signs one try and passes it on.
func (p *keyPolicy) Do(req *policy.Request) (*http.Response, error) {
	hash, err := contentHash(req)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	key := p.key.get()
	if key == nil {
		return nil, errors.New("sign: the credential holds no key")
	}
	raw := req.Raw()
	date := p.now().UTC().Format(http.TimeFormat)
	raw.Header.Set("X-Ms-Date", date)
	raw.Header.Set("X-Ms-Content-Sha256", hash)
	raw.Header.Set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+
		signature(key, stringToSign(raw, date, hash)))
	return req.Next()
}

// contentHash returns the base64 SHA-256 of the body and leaves it at its start.
func contentHash(req *policy.Request) (string, error) {
	h := sha256.New()
	if body := req.Body(); body != nil {
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
		if _, err := io.Copy(h, body); err != nil {
			return "", err
		}
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return "", err
		}
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)), nil
}

// stringToSign names the request target exactly as it is sent, and the host as the Host header has it.
func stringToSign(r *http.Request, date, hash string) string {
	return r.Method + "\n" + r.URL.RequestURI() + "\n" + date + ";" + r.URL.Host + ";" + hash
}

func signature(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
