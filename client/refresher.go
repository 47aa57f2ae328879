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

// A refresher keeps one token fresh.
type refresher struct {
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

func newRefresher(c *Client, kind string) refresher {
	return refresher{c: c, kind: kind, early: rand.N(spread), mu: new(sync.Mutex)}
}

// forget makes the next call get a token made after it.
func (r *refresher) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.token, r.quiet, r.fresh = Token{}, time.Time{}, true
	if r.flight != nil { // what it brings is too old for those who come now
		r.flight = nil
	}
}

func (r *refresher) get(ctx context.Context) (Token, error) {
	if err := ctx.Err(); err != nil {
		return Token{}, err
	}
	r.mu.Lock()
	if now := r.c.now(); r.alive() && (now.Before(r.due(r.token)) || now.Before(r.quiet)) {
		defer r.mu.Unlock()
		return r.token, nil
	}
	f := r.flight
	if f == nil {
		f = r.start(ctx)
	}
	f.waiting++
	r.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		if f.waiting--; f.waiting == 0 { // nobody waits any more
			f.cancel()
			if r.flight == f {
				r.flight = nil
			}
		}
		return Token{}, ctx.Err()
	}
}

// start starts a refresh, which outlives the caller that began it. It is called with the lock held.
func (r *refresher) start(ctx context.Context) *flight {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel}
	r.flight = f
	before, fresh := r.token, r.fresh
	go func() {
		defer cancel()
		token, err := r.fetch(ctx, before, fresh)
		r.finish(f, token, err)
	}()
	return f
}

// fetch gets a token. If it is no better than the one before, it tries once with a fresh access token.
func (r *refresher) fetch(ctx context.Context, before Token, fresh bool) (Token, error) {
	held := before.Token != ""
	path := "/getToken"
	if held || fresh {
		path = "/refreshToken"
	}
	q := call{op: "Token", method: http.MethodPost, path: path, body: r.c.wish, once: held && r.c.now().Before(before.ExpiresOn)}
	if r.kind == "teamsUser" { // whose token ends with the access token that it was exchanged for
		q = call{op: "TeamsToken", method: http.MethodPost, path: "/exchangeToken", teams: true, once: q.once, forceRefresh: held}
	}
	t, err := r.one(ctx, q)
	if err == nil && !q.forceRefresh && !r.c.now().Before(r.due(t)) {
		q.forceRefresh = true
		if better, berr := r.one(ctx, q); berr == nil { // one that is short but alive is better than none
			t = better
		}
	}
	if err == nil && !r.c.now().Before(t.ExpiresOn) {
		return Token{}, &Error{Op: q.op, Status: http.StatusOK, Code: "clock_wrong", Detail: "The token that the server gave just now has ended by this machine's clock.", Hint: "Set the clock of this machine."}
	}
	return t, err
}

func (r *refresher) one(ctx context.Context, q call) (Token, error) {
	b, status, err := r.c.retried(ctx, q)
	if err != nil {
		return Token{}, err
	}
	t, err := parseToken(b, r.kind)
	if err != nil {
		return Token{}, &Error{Op: q.op, Status: status, Code: "answer_invalid", Detail: "The answer is not that of acsauth: " + err.Error() + ".", Hint: "Check the endpoint."}
	}
	return t, nil
}

// finish ends a flight. A failure does not reach the callers while the token in hand is alive.
func (r *refresher) finish(f *flight, t Token, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer close(f.done)
	f.token, f.err = t, err
	if r.flight != f { // overtaken, or nobody waits
		return
	}
	r.flight = nil
	now := r.c.now()
	switch {
	case err == nil:
		if r.alive() && r.token.ExpiresOn.After(t.ExpiresOn) { // what is in hand is better
			t = r.token
		}
		f.token, r.token, r.fresh, r.quiet = t, t, false, time.Time{}
		if !now.Before(r.due(t)) {
			r.quiet = now.Add(pause)
		}
	case r.alive():
		d := pause
		if e, ok := errors.AsType[*Error](err); ok && e.RetryAfter > 0 {
			d = min(e.RetryAfter, maxWait)
		}
		r.quiet, f.token, f.err = now.Add(d), r.token, nil
	}
}

func (r *refresher) alive() bool { return r.token.Token != "" && r.c.now().Before(r.token.ExpiresOn) }

func (r *refresher) due(t Token) time.Time { return t.RefreshAfter.Add(-r.early) }
