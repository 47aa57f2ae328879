package graph

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
)

// TestReadFaults: what Graph answers to a read, and what becomes of it.
func TestReadFaults(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	row := w.active(ctx, w.open(nil), 1, "one")
	for name, c := range map[string]struct {
		fault emulator.Fault
		kind  acsauth.Kind
		code  string
	}{
		"429":       {emulator.Fault{Status: 429}, acsauth.Throttled, "graph_throttled"},
		"429 after": {emulator.Fault{Status: 429, RetryAfter: "20"}, acsauth.Throttled, "graph_throttled"},
		"429 junk":  {emulator.Fault{Status: 429, RetryAfter: "soon"}, acsauth.Throttled, "graph_throttled"},
		"503":       {emulator.Fault{Status: 503}, acsauth.Unavailable, "graph_unavailable"},
		"504":       {emulator.Fault{Status: 504, RetryAfter: "9"}, acsauth.Unavailable, "graph_unavailable"},
		"lost":      {emulator.Fault{DropBefore: true}, acsauth.Unavailable, "graph_unavailable"},
		"lost late": {emulator.Fault{DropAfter: true}, acsauth.Unavailable, "graph_unavailable"},
		"half":      {emulator.Fault{BadJSON: true}, acsauth.Unavailable, "graph_unavailable"},
		"401":       {emulator.Fault{Status: 401}, acsauth.Rejected, "graph_denied"},
		"403":       {emulator.Fault{Status: 403}, acsauth.Rejected, "graph_denied"},
		"404":       {emulator.Fault{Status: 404}, acsauth.Unavailable, "graph_user_missing"},
		"400":       {emulator.Fault{Status: 400}, acsauth.Rejected, "graph_rejected"},
	} {
		s := w.open(nil)
		w.fault("graph.user", 1000, c.fault)
		_, err := s.Get(ctx, row.Key)
		e := wantCode(t, err, c.kind, c.code)
		if strings.Contains(e.Detail+e.Hint+e.Error(), "told to answer") || strings.Contains(e.Error(), row.Key.Subject) {
			t.Errorf("%s: text of the upstream or the user in %q", name, e.Error())
		}
		if c.fault.RetryAfter == "20" && e.RetryAfter != 20*time.Second {
			t.Errorf("%s: RetryAfter %v", name, e.RetryAfter)
		}
		w.fault("graph.user", 0, emulator.Fault{})
		wantRow(t, s, ctx, row)
	}
}

// TestPassingFaults: what is harmless to repeat is repeated.
func TestPassingFaults(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	row := w.active(ctx, w.open(nil), 1, "one")
	for _, fault := range []emulator.Fault{{Status: 429}, {Status: 429, RetryAfter: "1"}, {Status: 503}, {DropBefore: true}, {Status: 401}} {
		w.faultOnce("graph.user", fault)
		wantRow(t, w.open(nil), ctx, row)
	}
	s := w.open(nil)
	for i, op := range []string{"graph.add", "graph.remove"} {
		w.fault(op, 2, emulator.Fault{Status: 429})
		if i == 0 {
			row = w.active(ctx, s, 2, "two")
			continue
		}
		must(t, s.Replace(ctx, row, deleting(row), nil))
		must(t, s.Remove(ctx, deleting(row), nil))
	}
	wantNone(t, s, ctx, row.Key)
	// A wait that the deadline does not allow is not begun.
	w.fault("graph.user", 1000, emulator.Fault{Status: 429, RetryAfter: "2"})
	short, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, err := w.open(nil).Get(short, w.user(1))
	wantCode(t, err, acsauth.Throttled, "graph_throttled")
	if short.Err() != nil {
		t.Error("waited until the deadline")
	}
}

// TestLostRemoval: a DELETE of unknown fate is not repeated while it may still run.
func TestLostRemoval(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s, other := w.open(nil), w.open(nil)
	for _, one := range []*Store{s, other} {
		one.timing.watch, one.timing.unsure, one.timing.fresh = 20*time.Millisecond, time.Minute, 0
	}
	row := w.active(ctx, s, 1, "one")
	must(t, s.Replace(ctx, row, deleting(row), nil))
	w.faultOnce("graph.remove", emulator.Fault{DropBefore: true})
	wantCode(t, s.Remove(ctx, deleting(row), nil), acsauth.Unavailable, "graph_unavailable")
	removals := w.emu.Counters().Graph["remove"]
	for _, one := range []*Store{s, other} {
		if err := one.Remove(ctx, deleting(row), nil); !errors.Is(err, errClaimed) {
			t.Fatalf("a second removal: %v", err)
		}
		wantRow(t, one, ctx, deleting(row))
	}
	if got := w.emu.Counters().Graph["remove"]; got != removals {
		t.Errorf("%d removals were sent", got-removals)
	}
	other.timing.unsure = 0
	must(t, other.Remove(ctx, deleting(row), nil))
	wantNone(t, s, ctx, row.Key)
	// A refusal surely had no effect: it may be repeated at once.
	row = w.active(ctx, s, 1, "two")
	must(t, s.Replace(ctx, row, deleting(row), nil))
	w.faultOnce("graph.remove", emulator.Fault{Status: 403})
	wantCode(t, s.Remove(ctx, deleting(row), nil), acsauth.Rejected, "graph_denied")
	must(t, s.Remove(ctx, deleting(row), nil))
	wantNone(t, s, ctx, row.Key)
}

// TestAnotherValueIsLeft: a deletion takes its own identity away and no other.
func TestAnotherValueIsLeft(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	s := w.open(nil)
	row := w.active(ctx, s, 1, "one")
	must(t, s.Replace(ctx, row, deleting(row), nil))
	w.overwrite(row.Key, map[string]any{DefaultField: string(identity("sample"))})
	must(t, s.Remove(ctx, deleting(row), nil))
	if got := w.members(row.Key)[DefaultField]; got != string(identity("sample")) {
		t.Errorf("the extension holds %v", got)
	}
	_, err := s.Get(ctx, row.Key)
	wantCode(t, err, acsauth.Conflict, "mapping_unsigned")
}

// TestClaimsChallenge: what Conditional Access wants reaches the caller.
func TestClaimsChallenge(t *testing.T) {
	const claims = `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`
	w := newWorld(t, Delegated)
	ctx := w.as(t.Context(), w.user(1))
	s := w.open(nil)
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{Claims: claims}))
	_, err := s.Get(ctx, w.user(1))
	if e := wantCode(t, err, acsauth.StepUp, "step_up_required"); e.Claims != claims {
		t.Errorf("claims %q", e.Claims)
	}
	must(t, w.emu.SetGraph(emulator.GraphBehaviour{}))
	w.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: claims})
	_, err = s.Get(w.as(t.Context(), w.user(2)), w.user(2))
	if e := wantCode(t, err, acsauth.StepUp, "step_up_required"); e.Claims != claims {
		t.Errorf("claims %q", e.Claims)
	}
	w.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
	_, err = s.Get(w.as(t.Context(), w.user(3)), w.user(3))
	wantCode(t, err, acsauth.StepUp, "consent_required")
	w.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{})
	wantNone(t, s, w.as(t.Context(), w.user(3)), w.user(3))
}

// TestRights: Graph's own check of rights, with real tokens.
func TestRights(t *testing.T) {
	w := newWorld(t, Application)
	_, err := w.open(nil).Get(t.Context(), acsauth.UserKey{Issuer: w.emu.Issuer(), Subject: "ac5a0000-0000-4009-a000-000000000001"})
	wantCode(t, err, acsauth.Unavailable, "graph_user_missing")
	for _, key := range []acsauth.UserKey{
		{Issuer: "https://accounts.example", Subject: emulator.AliceObjectID}, {Issuer: w.emu.Issuer(), Subject: "alice"},
		{Issuer: w.emu.Issuer(), Subject: "../me"}, {Issuer: w.emu.Issuer() + "/", Subject: emulator.AliceObjectID},
	} {
		_, err := w.open(nil).Get(t.Context(), key)
		wantCode(t, err, acsauth.Rejected, "graph_user_unsupported")
	}
	_, err = w.open(nil).Get(t.Context(), acsauth.UserKey{Issuer: strings.ReplaceAll(w.emu.Issuer(), emulator.TenantID, emulator.OtherTenantID), Subject: emulator.AliceObjectID})
	wantCode(t, err, acsauth.Rejected, "entra_client_rejected")
}

// TestRedirectIsNotFollowed: a token goes to Graph and nowhere else.
func TestRedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t, Application)
	s := w.open(func(o *Options) {
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "evil.example" {
				t.Error("the redirect was followed")
			}
			return &http.Response{StatusCode: 302, Header: http.Header{"Location": {"https://evil.example/"}}, Body: http.NoBody, Request: r}, nil
		})
	})
	_, err := s.Get(t.Context(), w.user(1))
	wantCode(t, err, acsauth.Unavailable, "graph_unavailable")
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
