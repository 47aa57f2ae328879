package broker

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

// No status may count as "no effect" but those that refuse for certain.
func TestClassifyIsTotalAndCautious(t *testing.T) {
	refusals := map[int]bool{400: true, 401: true, 403: true, 404: true, 409: true, 413: true, 415: true, 422: true, 429: true}
	for status := 100; status < 600; status++ {
		for _, sent := range []bool{true, false} {
			want := unknown
			if refusals[status] {
				want = noEffect
			}
			err := fmt.Errorf("wrapped: %w", &acsidentity.Error{StatusCode: status, Sent: sent})
			if got := classify(err); got != want {
				t.Errorf("status %d: outcome %d, want %d", status, got, want)
			}
		}
	}
	for _, c := range []struct {
		err  error
		want outcome
	}{
		{nil, made},
		{&acsidentity.Error{Sent: false}, noEffect},
		{&acsidentity.Error{Sent: true}, unknown},
		{errors.New("anything else"), unknown},
		{context.DeadlineExceeded, unknown},
	} {
		if got := classify(c.err); got != c.want {
			t.Errorf("%v: outcome %d, want %d", c.err, got, c.want)
		}
	}
}

func TestErrorsOfACS(t *testing.T) {
	for _, c := range []struct {
		in   error
		kind acsauth.Kind
		code string
	}{
		{&acsidentity.Error{StatusCode: 429}, acsauth.Throttled, "acs_throttled"},
		{&acsidentity.Error{StatusCode: 401, Code: "Denied"}, acsauth.Rejected, "acs_denied"},
		{&acsidentity.Error{StatusCode: 403}, acsauth.Rejected, "acs_denied"},
		{&acsidentity.Error{StatusCode: 400, Code: "ValidationError"}, acsauth.Rejected, "acs_rejected"},
		{&acsidentity.Error{StatusCode: 302}, acsauth.Rejected, "acs_rejected"},
		{&acsidentity.Error{StatusCode: 500}, acsauth.Unavailable, "acs_unavailable"},
		{&acsidentity.Error{StatusCode: 503}, acsauth.Unavailable, "acs_unavailable"},
		{&acsidentity.Error{Err: errors.New("refused")}, acsauth.Unavailable, "acs_unavailable"},
		{&acsidentity.Error{Sent: true, Err: context.DeadlineExceeded}, acsauth.Timeout, "acs_timeout"},
		{errors.New("a bug"), acsauth.Internal, "internal"},
	} {
		e, ok := errors.AsType[*acsauth.Error](acsError("op", c.in))
		if !ok || e.Kind != c.kind || e.Code != c.code {
			t.Errorf("%v becomes %v", c.in, e)
			continue
		}
		retry := c.kind == acsauth.Throttled || c.kind == acsauth.Unavailable || c.kind == acsauth.Timeout
		if retry != (e.RetryAfter > 0) {
			t.Errorf("%s: RetryAfter %v", e.Code, e.RetryAfter)
		}
	}
	if err := acsError("op", fmt.Errorf("x: %w", context.Canceled)); !errors.Is(err, context.Canceled) || acsauth.KindOf(err) != acsauth.Internal {
		t.Errorf("a client that left must stay recognisable: %v", err)
	}
}

// The sweeper rests when ACS cannot delete, not when single identities are not ours.
func TestSweeperRestsOnlyWhenAllFails(t *testing.T) {
	down := &acsidentity.Error{StatusCode: 503, Sent: true}
	foreign := fmt.Errorf("x: %w", &acsidentity.Error{StatusCode: 401, Code: acsidentity.CodeIdentityNotOwned, Sent: true})
	for _, c := range []struct {
		name string
		errs []error
		rest int // after how many; 0: never
	}{
		{"all well", []error{nil, nil, nil, nil}, 0},
		{"down", []error{down, down, down}, 3},
		{"down now and then", []error{down, down, nil, down, down, errAgain, down}, 0},
		{"not ours", []error{foreign, foreign, foreign, foreign, foreign}, 0},
	} {
		var tr tries
		rest := 0
		for i, err := range c.errs {
			if tr.failed(err) && rest == 0 {
				rest = i + 1
			}
		}
		if told := tr.last != nil; rest != c.rest || told == (c.name == "all well") {
			t.Errorf("%s: rests after %d, last error %v", c.name, rest, tr.last)
		}
	}
}
