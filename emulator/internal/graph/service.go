package graph

import (
	"log/slog"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// Options configures a [Service].
type Options struct {
	Verify emu.VerifyFunc // checks access tokens

	// Users finds a user by object id, or, for /users/{id}, by user principal
	// name, in whatever tenant. It is called with lower-case text.
	Users func(id string) (emu.User, bool)

	// All lists the users, of all tenants, that GET /users shows beside those with extensions. nil: none.
	All func() []emu.User
	// Fault is asked about every request that would be taken on, by operation. nil: never.
	Fault func(op string) Fault

	Done <-chan struct{} // closed when the service ends: requests that a fault delays are dropped. nil: never.

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // nil discards; gets no token
}

// Service is the emulated directory. It is an [net/http.Handler] for the paths
// under /v1.0 and /beta and safe for use by several goroutines.
type Service struct {
	opts      Options
	store     store
	throttle  throttle
	behaviour atomic.Pointer[Behaviour]

	mu     sync.Mutex
	counts map[string]int64
}

// New returns a service whose users have no extensions.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{opts: o, counts: make(map[string]int64)}
	s.behaviour.Store(&Behaviour{})
	return s
}

// Counters returns the number of operations that took effect, by the names of [Operations];
// the requests "refused", the "throttled" ones among them, and the "fault" ones among all.
func (s *Service) Counters() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts)
}

func (s *Service) count(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[name]++
}

// Reset forgets all extensions and counts, and behaves well again.
func (s *Service) Reset() {
	s.behaviour.Store(&Behaviour{})
	s.store.reset()
	s.throttle.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.counts)
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newCall(w, r, s.opts.Now())
	if r.Method == http.MethodOptions && r.Header.Get("Origin") != "" {
		c.preflight()
		return
	}
	s.finish(c, s.authenticate(c))
}

// finish answers a call that comes from a caller who is known, or refuses one who is not.
func (s *Service) finish(c *call, ref *refusal) {
	var out reply
	if ref == nil {
		out, ref = s.handle(c)
	}
	if ref != nil {
		s.count("refused")
		s.opts.Log.Debug("graph", "op", c.op.name, "status", ref.status, "code", ref.code)
		c.refuse(ref)
		return
	}
	s.count(c.op.name)
	s.opts.Log.Debug("graph", "op", c.op.name, "status", out.status)
	c.succeed(out)
}

// handle checks the limits, then the path, then the right, then the user.
func (s *Service) handle(c *call) (reply, *refusal) {
	if b := s.behaviour.Load(); b.Claims != "" && !(b.Answerable && answers(c.grant.claims, b.Claims)) {
		return reply{}, claimsChallenge(b.Claims)
	}
	if ref := c.route(); ref != nil {
		return reply{}, ref
	}
	do := c.op.do
	if c.op.kind == batch {
		do = (*Service).batch // its requests are counted and checked one by one
	} else if ref := s.admit(c); ref != nil {
		return reply{}, ref
	}
	if ref := s.resolve(c); ref != nil {
		return reply{}, ref
	}
	if ref := s.faultBefore(c); ref != nil {
		return reply{}, ref
	}
	out, ref := do(s, c)
	if ref != nil {
		return reply{}, ref
	}
	return out, s.faultAfter(c)
}
