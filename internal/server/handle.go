package server

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/acs-solutions/acsauth"
)

// handle makes the handler of a route with bearer token: admit, input, call,
// audit, answer. An endpoint is a function from call and input to status and
// output; with status 204 the output is not sent.
func handle[In, Out any](s *Server, op operation, read func(*http.Request) (In, error),
	do func(context.Context, *call, In) (int, Out, error)) handler {
	return func(x *exchange, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		if !s.slots.TryAcquire() {
			return errOverloaded()
		}
		defer s.slots.Release()
		c := &call{op: op}
		defer s.recordPanic(ctx, x, r, c)
		status, out, err := perform(ctx, s, r, c, read, do)
		if rerr := s.record(ctx, x, r, c, status, err); rerr != nil && err == nil {
			return rerr // what was not written down is not handed out
		}
		if err != nil {
			return err
		}
		return x.answer(status, "application/json", out)
	}
}

// perform does what a request asks for, if it may.
func perform[In, Out any](ctx context.Context, s *Server, r *http.Request, c *call, read func(*http.Request) (In, error),
	do func(context.Context, *call, In) (int, Out, error)) (status int, out Out, err error) {
	token, err := s.admit(ctx, r, c)
	if err != nil {
		return 0, out, err
	}
	if s.o.Delegate && c.op.role == "" { // who administrates does not act on behalf of the user
		ctx = acsauth.WithAssertion(ctx, token)
	}
	in, err := read(r)
	if err != nil {
		return 0, out, err
	}
	return do(ctx, c, in)
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
