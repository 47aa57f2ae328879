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

// Do signs one try and passes it on. If the service refuses the key, the try is made once more with
// the other one: a request that was refused for its signature has done nothing, so this holds for a create, too.
func (p *keyPolicy) Do(req *policy.Request) (*http.Response, error) {
	used := p.key.get()
	if used == nil {
		return nil, errors.New("sign: the credential holds no key")
	}
	resp, err := p.send(req, used)
	k := callOf(req.Raw())
	if err != nil || !k.keyRefused(p.now()) || !k.mayRepeat() {
		return resp, err
	}
	key, ring, at := p.key.other(used, p.now())
	if key == nil {
		return resp, err
	}
	k.repeat()
	resp, err = p.send(req, key)
	switch {
	case err != nil:
	case k.keyRefused(p.now()):
		if len(ring.keys) == 2 && ring.pause(p.now()) {
			p.key.tell(KeyEvent{Refused: int(ring.at.Load()) + 1})
		}
	case k.keyAccepted() && ring.settle(at):
		p.key.tell(KeyEvent{Refused: int(1-at) + 1, Using: int(at) + 1})
	}
	return resp, err
}

// send signs one try with key and passes it on.
func (p *keyPolicy) send(req *policy.Request, key []byte) (*http.Response, error) {
	hash, err := contentHash(req)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
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
