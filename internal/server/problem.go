package server

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A problem is a problem document (RFC 9457).
type problem struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail"`
	Code     string `json:"code"`
	Instance string `json:"instance"` // the request id
	Hint     string `json:"hint,omitempty"`
	Expected string `json:"expected,omitempty"` // by the one rule that failed, which is the code
	Found    string `json:"found,omitempty"`
}

const (
	maxCause = 2 << 10
	// maxRetryAfter bounds what an upstream makes us say.
	maxRetryAfter = time.Hour
)

// fail is the only way for an error to leave the house. It keeps the error for
// the log line, and answers with a problem document unless the client has left
// or an answer was already begun.
func (s *Server) fail(x *exchange, r *http.Request, err error) {
	if r.Context().Err() != nil && !errors.Is(context.Cause(r.Context()), errStopping) {
		s.gone(x)
	}
	e := translate(r.Context(), err)
	x.failure = e
	title, status := x.describe(e)
	if status >= http.StatusInternalServerError {
		x.cause = cause(err)
	}
	if x.status != 0 {
		return
	}
	s.metrics.Problem(e.Code)
	h := x.Header()
	if c := s.challengeFor(x, r, e); c != "" {
		h.Set("WWW-Authenticate", c)
	}
	if v := retryAfter(e); v != "" {
		h.Set("Retry-After", v)
	}
	if status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not read
	}
	p := problem{
		Type: s.o.ErrorsURL + "#" + e.Code, Title: title, Status: status,
		Detail: e.Detail, Code: e.Code, Instance: x.id, Hint: e.Hint, Expected: e.Expected, Found: e.Found,
	}
	// Strings and a number always encode.
	if x.oauth {
		_ = x.answer(status, "application/json", asOAuth(e, p))
		return
	}
	_ = x.answer(status, "application/problem+json", p)
}

// gone ends an exchange whose client has left. Nobody reads an answer, and none
// must be taken for one: the connection is cut.
func (s *Server) gone(x *exchange) {
	if x.status == 0 {
		x.status = statusGone
	}
	panic(http.ErrAbortHandler)
}

// translate gives every error a kind and a code. What no part of the house has
// named is internal, and says nothing about itself.
func translate(ctx context.Context, err error) *acsauth.Error {
	if errors.Is(context.Cause(ctx), errStopping) {
		return errShuttingDown()
	}
	e, ok := errors.AsType[*acsauth.Error](err)
	switch {
	case ok && e.Kind != acsauth.Internal && e.Code != "":
		return e
	case !ok && errors.Is(err, context.DeadlineExceeded):
		return errTimeout(err)
	}
	return errInternal(err)
}

func cause(err error) string {
	s := err.Error()
	return s[:min(len(s), maxCause)]
}

// retryAfter returns whole seconds, rounded up, at least 1, or "" if not known.
func retryAfter(e *acsauth.Error) string {
	d := e.RetryAfter
	if d <= 0 && (e.Kind == acsauth.Throttled || e.Kind == acsauth.Unavailable) {
		d = time.Second
	}
	if d <= 0 {
		return ""
	}
	return strconv.Itoa(int(math.Ceil(min(d, maxRetryAfter).Seconds())))
}
