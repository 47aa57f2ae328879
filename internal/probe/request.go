package probe

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

const (
	maxBody = 64 << 10
	// maxWaits is how often a request is repeated that was refused because of its rate, and maxWait how long is waited each time.
	maxWaits = 3
	maxWait  = 15 * time.Second
)

// A request is what is sent to the server.
type request struct {
	method, path string
	header       http.Header
}

// get is the request that stands for all: it makes nothing and needs no body.
func get(header ...string) request { return request{http.MethodGet, "/api/user", headers(header...)} }

// bearing is get with a bearer token.
func bearing(token string) request { return get("Authorization", "Bearer "+token) }

// exchanging asks for the exchange of a Teams user's token.
func exchanging(token, teams string) request {
	return request{http.MethodPost, "/exchangeToken", headers("Authorization", "Bearer "+token, "teams-user-aad-token", teams)}
}

// headers makes a header of names and values in turn. Empty values are left out.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			h.Add(pairs[i], pairs[i+1])
		}
	}
	return h
}

// An answer is what a control is judged by.
type answer struct {
	status int
	code   string // of the problem document, or "" if there is none
	header http.Header
}

// String says what came, without anything the server was told.
func (a answer) String() string {
	s := strconv.Itoa(a.status)
	if a.code != "" {
		s += " " + a.code
	}
	return s
}

// newClient returns a client that sends a token to the one place it was told to:
// no redirect is followed and no proxy used.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: maxBody,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
		},
	}
}

// send sends a request. What the server says of a rate limit is obeyed.
func send(ctx context.Context, c *http.Client, base string, r request) (answer, error) {
	for n := 0; ; n++ {
		a, err := sendOnce(ctx, c, base, r)
		if err != nil || a.status != http.StatusTooManyRequests || n == maxWaits {
			return a, err
		}
		sec, _ := strconv.Atoi(a.header.Get("Retry-After"))
		select {
		case <-time.After(min(max(time.Duration(sec)*time.Second, time.Second), maxWait)):
		case <-ctx.Done():
			return a, ctx.Err()
		}
	}
}

func sendOnce(ctx context.Context, c *http.Client, base string, r request) (answer, error) {
	a, err := fetch(ctx, c, base, r)
	return a.answer, err
}

// fetch sends a request once, and keeps the body of the answer for whoever has to look into it.
func fetch(ctx context.Context, c *http.Client, base string, r request) (full, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, base+r.path, nil)
	if err != nil {
		return full{}, errors.New("the request cannot be made")
	}
	req.Header = r.header.Clone()
	req.Header.Set("User-Agent", "acsauth-probe")
	res, err := c.Do(req)
	if err != nil {
		return full{}, unreachable(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return full{}, unreachable(err)
	}
	return full{answer: answer{res.StatusCode, codeIn(body), res.Header}, body: body}, nil
}

var codeForm = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// codeIn reads the code of a problem document. Whatever else the body says, a token among it, is thrown away.
func codeIn(body []byte) string {
	var p struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(body, &p) != nil || !codeForm.MatchString(p.Code) {
		return ""
	}
	return p.Code
}

// unreachable says why there is no answer, without the URL and headers that an error of net/http may hold.
func unreachable(err error) error {
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return errors.New("no answer in time")
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return errors.New(e.Op + ": " + e.Err.Error())
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return errors.New("the certificate is not trusted")
	}
	return errors.New("the connection broke")
}
