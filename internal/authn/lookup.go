package authn

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth"
)

// find returns the key of a token. If the key is unknown, the budget has a load
// left and the keys are not fresh already, it waits for that load.
func (t *source) find(ctx context.Context, id keyID, fresh bool) (publicKey, *acsauth.Error) {
	key, done, e := t.look(id, fresh)
	if done == nil {
		return key, e
	}
	if e := await(ctx, done); e != nil {
		return nil, e
	}
	key, _, e = t.look(id, true)
	return key, e
}

// ensure sees to it that the keys of a profile can be used, and reports whether they were loaded for that.
func (t *source) ensure(ctx context.Context, p profile) (fresh bool, e *acsauth.Error) {
	done, e := t.begin(p)
	if e != nil || done == nil {
		return false, e
	}
	if e := await(ctx, done); e != nil {
		return false, e
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if s := &t.sets[p]; !t.usable(s, now) {
		return false, noKeys(s.err, s.next.Sub(now))
	}
	return true, nil
}

// begin returns nil if the keys of p can be used, else what ends the load under way.
// After a failed load it refuses until the next one is allowed.
func (t *source) begin(p profile) (<-chan struct{}, *acsauth.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	s := &t.sets[p]
	switch {
	case t.usable(s, now):
		return nil, nil
	case t.flight == nil && now.Before(s.next):
		return nil, noKeys(s.err, s.next.Sub(now))
	}
	return t.start(), nil
}

// look finds a key in memory. For an unknown key it returns what ends a load
// that may bring it, unless the keys are fresh, the key was looked for just now, or the budget is used up.
func (t *source) look(id keyID, fresh bool) (publicKey, <-chan struct{}, *acsauth.Error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	s := &t.sets[id.profile]
	if key := s.keys[id]; key != nil {
		return key, nil, nil
	}
	switch {
	case t.unknown.has(id, now):
		return nil, nil, unknownKey(id, forgetAfter)
	case fresh: // counted from the start of the last good load: the key may have been published while it went on
		t.unknown.add(id, s.loaded)
		return nil, nil, unknownKey(id, forgetAfter)
	case t.flight == nil && !t.budget.take(now):
		return nil, nil, unknownKey(id, t.budget.wait(now))
	}
	return nil, t.start(), nil
}

// await waits for the end of a load, or of the request.
func await(ctx context.Context, done <-chan struct{}) *acsauth.Error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return noKeys(context.Cause(ctx), time.Second)
	}
}

func noKeys(cause error, retry time.Duration) *acsauth.Error {
	e := refuse(keysUnavailable, "The signing keys of the token's issuer could not be loaded.",
		"Repeat the call. Operator: see that this server reaches the authority over https; the cause is in the log.")
	e.Err, e.RetryAfter = cause, max(retry, time.Second)
	return e
}

func unknownKey(id keyID, retry time.Duration) *acsauth.Error {
	e := mismatch(tokenKeyUnknown, "a key that the issuer lists", "kid "+show(id.kid), "The issuer does not list the key that signed the token.",
		"See that the client signs in at the authority and tenant of this API. If the keys were just changed, repeat the call in a minute.")
	e.RetryAfter = max(retry, time.Second)
	return e
}
