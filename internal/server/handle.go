package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// handle makes the handler of a route with bearer token: verify, scope, input,
// call, answer. An endpoint is a function from caller and input to status and
// output; with status 204 the output is not sent.
func handle[In, Out any](s *Server, read func(*http.Request) (In, error),
	do func(context.Context, acsauth.Caller, In) (int, Out, error)) handler {
	return func(x *exchange, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		release, err := s.enter()
		if err != nil {
			return err
		}
		defer release()
		caller, token, err := s.caller(ctx, r)
		if err != nil {
			return err
		}
		if s.o.Delegate {
			ctx = acsauth.WithAssertion(ctx, token)
		}
		in, err := read(r)
		if err != nil {
			return err
		}
		status, out, err := do(ctx, caller, in)
		if err != nil {
			return err
		}
		return x.answer(status, "application/json", out)
	}
}

// enter takes one of the slots for requests at work.
func (s *Server) enter() (release func(), err error) {
	select {
	case s.slots <- struct{}{}:
		return func() { <-s.slots }, nil
	default:
		return nil, errOverloaded()
	}
}

// caller says who is behind a request that may use this API, and with which token.
func (s *Server) caller(ctx context.Context, r *http.Request) (caller acsauth.Caller, token string, err error) {
	if err := refuseQueryToken(r.URL); err != nil {
		return caller, "", err
	}
	if token, err = authn.BearerToken(r.Header); err != nil {
		return caller, "", err
	}
	if caller, err = s.o.Verifier.Verify(ctx, token); err != nil {
		return caller, "", err
	}
	return caller, token, authn.RequireScope(caller, s.o.Scope)
}

// refuseQueryToken refuses a token in the URL, where logs and histories keep it (RFC 6750 section 5.3).
func refuseQueryToken(u *url.URL) error {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, _ := url.QueryUnescape(name); strings.EqualFold(name, "access_token") {
			return errQueryToken()
		}
	}
	return nil
}

// answer sends v as JSON of the given media type; with 204, nothing.
func (x *exchange) answer(status int, mediaType string, v any) error {
	if status == http.StatusNoContent {
		x.WriteHeader(status)
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	return x.send(status, mediaType, b.Bytes())
}

// send sends a body. A client that has left is not an error.
func (x *exchange) send(status int, mediaType string, body []byte) error {
	x.Header().Set("Content-Type", mediaType)
	x.WriteHeader(status)
	_, _ = x.Write(body)
	return nil
}
