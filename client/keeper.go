package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	spread = time.Minute      // a refresh begins up to this long before RefreshAfter, so that clients do not come in step
	pause  = 30 * time.Second // after a refresh that brought nothing better
)

// A keeper keeps one token fresh.
type keeper struct {
	c     *Client
	kind  string
	early time.Duration

	mu     *sync.Mutex
	token  Token
	quiet  time.Time // until then the token in hand is returned
	fresh  bool      // a token made after the call is wanted
	flight *flight
}

// A flight is a refresh under way, for all who wait for it.
type flight struct {
	done    chan struct{}
	cancel  context.CancelFunc
	waiting int
	token   Token
	err     error
}

func newKeeper(c *Client, kind string) keeper {
	return keeper{c: c, kind: kind, early: rand.N(spread), mu: new(sync.Mutex)}
}

// forget makes the next call get a token made after it.
func (k *keeper) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.token, k.quiet, k.fresh = Token{}, time.Time{}, true
	if k.flight != nil { // what it brings is too old for those who come now
		k.flight = nil
	}
}

func (k *keeper) get(ctx context.Context) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	k.mu.Lock()
	if now := k.c.now(); k.alive() && (now.Before(k.due(k.token)) || now.Before(k.quiet)) {
		defer k.mu.Unlock()
		return k.token, nil
	}
	f := k.flight
	if f == nil {
		f = k.depart(ctx)
	}
	f.waiting++
	k.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		k.mu.Lock()
		defer k.mu.Unlock()
		if f.waiting--; f.waiting == 0 { // nobody waits any more
			f.cancel()
			if k.flight == f {
				k.flight = nil
			}
		}
		return Token{}, ctx.Err()
	}
}

// depart starts a refresh, which outlives the caller that began it. It is called with the lock held.
func (k *keeper) depart(ctx context.Context) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	k.flight = f
	before, fresh := k.token, k.fresh
	go func() {
		defer cancel()
		token, err := k.fetch(ctx, before, fresh)
		k.land(f, token, err)
	}()
	return f
}

// fetch gets a token. If it is no better than the one before, it tries once with a fresh access token.
func (k *keeper) fetch(ctx context.Context, before Token, fresh bool) (Token, error) {
	held := before.Token != ""
	path := "/getToken"
	if held || fresh {
		path = "/refreshToken"
	}
	q := call{op: "Token", method: http.MethodPost, path: path, body: k.c.wish, once: held && k.c.now().Before(before.ExpiresOn)}
	if k.kind == "teamsUser" { // whose token ends with the access token that it was exchanged for
		q = call{op: "TeamsToken", method: http.MethodPost, path: "/exchangeToken", teams: true, once: q.once, forceRefresh: held}
	}
	t, err := k.one(ctx, q)
	if err == nil && !q.forceRefresh && !k.c.now().Before(k.due(t)) {
		q.forceRefresh = true
		t, err = k.one(ctx, q)
	}
	if err == nil && !k.c.now().Before(t.ExpiresOn) {
		return Token{}, &Error{Op: q.op, Status: http.StatusOK, Code: "clock_wrong", Detail: "The token that the server gave just now has ended by this machine's clock.", Hint: "Set the clock of this machine."}
	}
	return t, err
}

func (k *keeper) one(ctx context.Context, q call) (Token, error) {
	b, status, err := k.c.retried(ctx, q)
	if err != nil {
		return Token{}, err
	}
	t, err := parseToken(b, k.kind)
	if err != nil {
		return Token{}, &Error{Op: q.op, Status: status, Code: "answer_invalid", Detail: "The answer is not that of acsauth: " + err.Error() + ".", Hint: "Check the endpoint."}
	}
	return t, nil
}

// land ends a flight. A failure does not reach the callers while the token in hand is alive.
func (k *keeper) land(f *flight, t Token, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(f.done)
	f.token, f.err = t, err
	if k.flight != f { // overtaken, or nobody waits
		return
	}
	k.flight = nil
	now := k.c.now()
	switch {
	case err == nil:
		if k.alive() && k.token.ExpiresOn.After(t.ExpiresOn) { // what is in hand is better
			t = k.token
		}
		f.token, k.token, k.fresh, k.quiet = t, t, false, time.Time{}
		if !now.Before(k.due(t)) {
			k.quiet = now.Add(pause)
		}
	case k.alive():
		d := pause
		if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter > 0 {
			d = min(e.RetryAfter, maxWait)
		}
		k.quiet, f.token, f.err = now.Add(d), k.token, nil
	}
}

func (k *keeper) alive() bool { return k.token.Token != "" && k.c.now().Before(k.token.ExpiresOn) }

func (k *keeper) due(t Token) time.Time { return t.RefreshAfter.Add(-k.early) }
