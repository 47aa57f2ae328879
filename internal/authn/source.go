package authn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

const (
	firstRetry = time.Second // after a failed load, doubled up to lastRetry
	lastRetry  = time.Minute
	warnAge    = 13 * time.Hour  // keys this old have missed a refresh for an hour
	patience   = 2 * time.Minute // readiness waits no longer for an issuer that does not answer, if there is another
)

// A source keeps the signing keys of one tenant (for both profiles), of all
// tenants of a cloud, of one B2C policy, or of one OpenID Connect issuer.
type source struct {
	id       string           // the tenant, {tenantid} for all of a cloud, else a label; part of each keyID
	metadata [profiles]string // address of the discovery document, or "" for a profile that there is not
	fixed    [profiles]string // issuers known without metadata, or ""
	algs     []string         // what the keys are for
	anyUse   bool             // keys need not say use=sig
	fetch    *fetcher
	opt      Options

	mu      sync.Mutex
	sets    [profiles]keySet
	flight  chan struct{} // closed when the load under way ends; nil when there is none
	budget  budget
	unknown unknowns
}

// A keySet is what is known of the keys of one profile.
type keySet struct {
	issuer   string // once learned it stays
	keys     map[keyID]publicKey
	loaded   time.Time // when the last good load began; zero: never
	next     time.Time // not loaded before this, but for an unknown key
	failures int       // since the last good load
	failing  time.Time // when the first of those failures was
	err      error     // of the last load
	warned   bool
}

// A loaded is the result of one load.
type loaded struct {
	issuer string
	keys   map[keyID]publicKey
	err    error
	began  time.Time
}

// issuer returns the issuer of a profile, or "" if only the metadata can tell and it was never loaded.
func (t *source) issuer(p profile) string {
	if t.fixed[p] != "" {
		return t.fixed[p]
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.sets[p].issuer
}

// start begins a load unless one is under way, and returns what is closed at its end. t.mu is held.
func (t *source) start() <-chan struct{} {
	if t.flight == nil {
		t.flight = make(chan struct{})
		go t.refresh(t.flight)
	}
	return t.flight
}

// refresh loads both profiles. It belongs to no request: a request that gives up must not stop it for others.
func (t *source) refresh(done chan<- struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), t.opt.FetchTimeout)
	defer cancel()
	var results [profiles]loaded
	var wg sync.WaitGroup
	for p := range t.used {
		wg.Go(func() { results[p] = t.load(ctx, p) })
	}
	wg.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.used {
		t.settle(p, results[p])
	}
	t.flight = nil
	close(done)
}

func (t *source) load(ctx context.Context, p profile) loaded {
	began := time.Now()
	m, err := t.discover(ctx, p)
	if err != nil {
		return loaded{err: err}
	}
	doc, err := t.fetch.get(ctx, m.keysURL)
	if err != nil {
		return loaded{err: fmt.Errorf("keys: %w", err)}
	}
	rules := keyRules{tenant: t.id, profile: p, issuers: []string{t.fixed[v2], m.issuer}, cloud: m.cloud, algs: t.algs, anyUse: t.anyUse}
	keys, err := parseKeys(doc, rules)
	return loaded{m.issuer, keys, err, began}
}

// settle takes over the result of a load. Good keys replace the old ones, so a
// key that is no longer listed is gone; a failure leaves the old ones. t.mu is held.
func (t *source) settle(p profile, r loaded) {
	s, now := &t.sets[p], time.Now()
	if r.err == nil {
		*s = keySet{issuer: r.issuer, keys: r.keys, loaded: r.began, next: now.Add(jitter(t.opt.RefreshEvery))}
		t.opt.Log.Info("signing keys loaded", "keysOf", t.label(), "version", p.String(), "keys", len(r.keys))
		return
	}
	pause := lastRetry
	if s.failures < 6 {
		pause = firstRetry << s.failures
	}
	if s.failures++; s.failures == 1 {
		s.failing = now
	}
	s.err, s.next = r.err, now.Add(jitter(pause))
	t.report(p, s, now)
}

// report logs a failed load: loud the first time and when the keys get old.
func (t *source) report(p profile, s *keySet, now time.Time) {
	level, text := slog.LevelDebug, "signing keys not loaded"
	if s.failures == 1 {
		level = slog.LevelWarn
	}
	if age := now.Sub(s.loaded); !s.loaded.IsZero() && age >= warnAge && !s.warned {
		level, text, s.warned = slog.LevelWarn, "signing keys are old and could not be loaded again", true
	}
	t.opt.Log.Log(context.Background(), level, text,
		"keysOf", t.label(), "version", p.String(), "failures", s.failures, "loaded", s.loaded, "error", s.err)
}

func (t *source) usable(s *keySet, now time.Time) bool {
	return !s.loaded.IsZero() && now.Sub(s.loaded) < t.opt.MaxKeyAge
}

// jitter changes d by up to a tenth either way.
func jitter(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }

// run loads the keys when it is time, until ctx ends. It looks at least once a
// minute, because a load that a request caused may change the time.
func (t *source) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if done := t.due(time.Now()); done != nil {
			select {
			case <-ctx.Done():
				return
			case <-done:
			}
		}
		timer.Reset(t.idle(time.Now()))
	}
}

// due starts a load if it is time for one.
func (t *source) due(now time.Time) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.used {
		if !now.Before(t.sets[p].next) {
			return t.start()
		}
	}
	return nil
}

// idle returns how long run may sleep.
func (t *source) idle(now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	pause := time.Minute
	for p := range t.used {
		pause = min(pause, t.sets[p].next.Sub(now))
	}
	return max(0, pause)
}

var errNeverLoaded = errors.New("signing keys were never loaded")

// main is the profile that must be there: v2, since a tenant may have no v1 metadata, or the only one.
func (t *source) main() profile {
	if t.metadata[v2] != "" {
		return v2
	}
	return open
}

// label names the source for the log.
func (t *source) label() string { return strings.TrimSuffix(t.metadata[t.main()], wellKnown) }

// age returns how long ago the keys of the main profile were loaded; ok is false if they never were.
func (t *source) age(now time.Time) (age time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.sets[t.main()].loaded
	return now.Sub(at), !at.IsZero()
}

// used yields the profiles that there are.
func (t *source) used(yield func(profile) bool) {
	for p := range profiles {
		if t.metadata[p] != "" && !yield(p) {
			return
		}
	}
}

// ready returns nil if the keys of the main profile can be used. Else hopeless
// says that they could not be loaded for so long that the others need not wait for them.
func (t *source) ready(now time.Time) (hopeless bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &t.sets[t.main()]
	if t.usable(s, now) {
		return false, nil
	}
	err = errNeverLoaded
	if s.err != nil {
		err = s.err
	}
	return s.failures > 0 && now.Sub(s.failing) >= patience, fmt.Errorf("keys of %s: %w", t.label(), err)
}
