package secret

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// A final error is not worth another try.
type final struct{ text string }

func (e *final) Error() string { return e.text }

// NonRetriable tells the Azure SDK so.
func (*final) NonRetriable() {}

// bounded reads answers up to a size, and lets no challenge through that the SDK could not read.
type bounded struct{ next policy.Transporter }

func (b bounded) Do(req *http.Request) (*http.Response, error) {
	resp, err := b.next.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, &final{"the vault gave an answer of more than 256 KiB"}
	}
	if resp.StatusCode == http.StatusUnauthorized && !readable(resp.Header.Get("WWW-Authenticate")) {
		return nil, &final{"the vault asks for a token in a way that is not understood"}
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

var authorizationForm = regexp.MustCompile(`\bauthorization="?([^", ]+)"?`)

// readable reports whether the challenge names an authority with a tenant, which the SDK takes for granted.
func readable(challenge string) bool {
	m := authorizationForm.FindStringSubmatch(challenge)
	if m == nil {
		return false
	}
	u, err := url.Parse(m[1])
	return err == nil && u.Scheme == "https" && u.Host != "" && len(strings.Trim(u.Path, "/")) > 0
}

// passing decides whether a try is made again: after no answer, and after answers that may be better next time.
func passing(resp *http.Response, err error) bool {
	if err != nil {
		var f *final
		return !errors.As(err, &f)
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && time.Duration(seconds)*time.Second > maxRetryPause {
		return false
	}
	switch resp.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
