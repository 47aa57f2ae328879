package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/google/uuid"
)

const (
	maxAnswer     = 4 << 20 // of an answer, in bytes
	maxRetryAfter = 30 * time.Second
	tries         = 3 // of one request that may be repeated
)

func newHTTP(o *Options) *http.Client {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{ // no Proxy: the environment does not decide where tokens go
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: 5 * time.Second, IdleConnTimeout: 90 * time.Second,
			MaxIdleConnsPerHost: 64, MaxResponseHeaderBytes: 64 << 10,
		}
	}
	if o.Wrap != nil {
		transport = o.Wrap(transport)
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A request is one call of Graph.
type request struct {
	method, path string // path below /v1.0, query included
	body         []byte
	authorize    authorizer
	write        bool // only a 429 says that it surely had no effect
}

// do sends a request and returns the body of a 2xx answer. Other answers are a
// *refusal; the error of no answer is translated. It repeats what is harmless to
// repeat: 429 always, and for reads also 5xx and no answer.
func (s *Store) do(ctx context.Context, r request) ([]byte, error) {
	pause := s.timing.firstPause
	var err error
	for try := range tries {
		var text []byte
		text, err = s.once(ctx, r)
		wait := pause/2 + rand.N(pause/2+1)
		refused, isRefusal := errors.AsType[*refusal](err)
		switch {
		case err == nil:
			return text, nil
		case isRefusal && refused.status == http.StatusUnauthorized && refused.claims == "" && try == 0:
			wait = 0 // once had the token forgotten: a new one may be taken
		case isRefusal && refused.status == http.StatusTooManyRequests,
			isRefusal && !r.write && refused.status >= 500,
			!isRefusal && !r.write && ctx.Err() == nil && acsauth.KindOf(err) == acsauth.Unavailable && isGraph(err):
			if isRefusal {
				wait = max(wait, refused.after)
			}
		default:
			return nil, err
		}
		if deadline, ok := ctx.Deadline(); try == tries-1 || ok && time.Until(deadline) < wait || wait > s.timing.patience {
			return nil, err
		}
		if serr := sleep(ctx, wait); serr != nil {
			return nil, fmt.Errorf("graph: %w", serr)
		}
		pause *= 2
	}
	return nil, err
}

// isGraph keeps errors of Entra ID, which has retried itself, from being retried here.
func isGraph(err error) bool {
	e, ok := errors.AsType[*acsauth.Error](err)
	return ok && e.Code == "graph_unavailable"
}

// once sends one request.
func (s *Store) once(ctx context.Context, r request) ([]byte, error) {
	token, forget, err := r.authorize(ctx)
	if err != nil {
		return nil, err
	}
	call, cancel := context.WithTimeout(ctx, s.timing.call)
	defer cancel()
	req, err := http.NewRequestWithContext(call, r.method, s.o.BaseURL+"/v1.0"+r.path, bytes.NewReader(r.body))
	if err != nil {
		return nil, errors.New("graph: the request cannot be built")
	}
	req.Header.Set("Authorization", "Bearer "+token) // for this request alone, whatever connection it takes
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "acsauth")
	req.Header.Set("client-request-id", uuid.NewString())
	req.Header.Set("x-ms-throttle-priority", "high")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, failed(ctx, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, failed(ctx, err)
	case len(text) > maxAnswer:
		return nil, unavailable(fmt.Errorf("an answer of more than %d bytes", maxAnswer))
	case resp.StatusCode/100 == 2:
		return text, nil
	}
	if resp.StatusCode == http.StatusUnauthorized {
		forget()
	}
	return nil, readRefusal(resp.StatusCode, resp.Header, text)
}

// user returns where the user is in Graph, below /v1.0.
func (s *Store) user(key acsauth.UserKey) string {
	if s.o.Mode == Delegated {
		return "/me"
	}
	return "/users/" + url.PathEscape(strings.ToLower(key.Subject))
}

// fetch reads the extension of the user. nil: Graph shows none.
func (s *Store) fetch(ctx context.Context, key acsauth.UserKey) (*entry, error) {
	authorize, err := s.authorizer(ctx, key)
	if err != nil {
		return nil, err
	}
	text, err := s.do(ctx, request{method: http.MethodGet, authorize: authorize, path: s.user(key) + "?$select=id&$expand=extensions"})
	if r, ok := errors.AsType[*refusal](err); ok {
		return nil, r.public()
	}
	if err != nil {
		return nil, err
	}
	var body struct {
		ID         string                       `json:"id"`
		Extensions []map[string]json.RawMessage `json:"extensions"`
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, unavailable(errors.New("an answer that is not the JSON of a user"))
	}
	if !strings.EqualFold(body.ID, key.Subject) { // never another user's mapping, whosever token was sent
		return nil, &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: op, Err: errors.New("the answer is about another user")}
	}
	return s.find(key, body.Extensions), nil
}

// retryAfter reads the header, in seconds or as a date: 0 to 30 s, 0 if absent or not understood.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	if t, err := http.ParseTime(v); err == nil {
		return min(max(t.Sub(now), 0), maxRetryAfter)
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
