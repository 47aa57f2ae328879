package acs

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

var guidShape = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// Options configures a [Service].
type Options struct {
	ResourceID string           // immutable GUID of the first resource; part of every identity
	Keys       [2]string        // its primary and secondary access key, base64; the second may be empty
	Resources  []Resource       // further resources; the key that signed a request tells which one it is for
	Tenant     string           // GUID of the tenant whose applications and users manage it; "" is any
	Verify     emu.VerifyFunc   // checks Entra tokens: of the caller, and of users
	Now        func() time.Time // nil means time.Now
	DataFile   string           // journal of identities and assignments, read at start; "" keeps nothing
	Log        *slog.Logger     // nil discards; gets no token and no key

	// Licensed reports whether the user with an object id has a Teams licence. nil means everybody.
	Licensed func(oid string) bool

	// Groups returns the groups of the user with an object id, beside those in the token. nil means none.
	Groups func(oid string) []string

	// Behaviour is how the service behaves at first and after a [Service.Reset].
	Behaviour Behaviour

	// Limits are those of Behaviour, if it has none.
	Limits map[string]int

	// Fault is asked once for every request that passed authentication and
	// limits. nil means no faults. See also [Service.SetFault].
	Fault func(op string) Fault
}

func (o Options) check() error {
	if o.Verify == nil {
		return errors.New("acs: no verifier of tokens is set")
	}
	return o.Behaviour.check()
}

// all returns the resources, the first one first.
func (o Options) all() []Resource {
	return append([]Resource{{ID: o.ResourceID, Keys: o.Keys}}, o.Resources...)
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Behaviour.Limits == nil {
		o.Behaviour.Limits = o.Limits
	}
}

// Service is the emulated resources. It is an [net/http.Handler] and safe for
// use by several goroutines.
type Service struct {
	opts      Options
	log       *slog.Logger
	resources []*resource
	names     names
	limiter   limiter
	counts    counters
	race      race
	issued    emu.Ring[IssuedToken]
	behaviour atomic.Pointer[Behaviour]
	fault     atomic.Pointer[func(op string) Fault]
	done      chan struct{}
	close     sync.Once

	gate     sync.RWMutex // held to write while the state is exchanged
	minter   *minter
	registry *registry
}

// New returns a service and reads its data file, if there is one. A damaged
// last line, left by a crash, is cut off; any other damage is an error.
func New(o Options) (*Service, error) {
	o.setDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	resources, err := newResources(o.all())
	if err != nil {
		return nil, err
	}
	s := &Service{opts: o, log: o.Log, resources: resources, done: make(chan struct{})}
	for _, r := range resources {
		s.names = append(s.names, r.id)
	}
	if s.minter, err = newMinter(); err != nil {
		return nil, fmt.Errorf("acs: make signing key: %w", err)
	}
	if s.registry, err = openRegistry(s.names, o.DataFile); err != nil {
		return nil, fmt.Errorf("acs: open data file: %w", err)
	}
	s.SetFault(o.Fault)
	return s, s.SetBehaviour(o.Behaviour)
}

// SetFault replaces the source of faults; nil means no faults.
func (s *Service) SetFault(f func(op string) Fault) {
	if f == nil {
		f = func(string) Fault { return Fault{} }
	}
	s.fault.Store(&f)
}

// Identities lists all identities in the order they were created, the deleted
// ones included.
func (s *Service) Identities() []Identity { return s.registry.list() }

// Counters returns the number of operations that took effect: "create",
// "reuse" (create of a known customId), "issue", "revoke", "delete",
// "repeat" (delete of a deleted identity), and the others of [Operations] by
// their names; the "tokens" minted by any of them; and requests that were
// "refused", "throttled" (these are refused, too) or met by a "fault".
func (s *Service) Counters() map[string]int64 { return s.counts.snapshot() }

// Reset forgets all identities, assignments, issued tokens, counts and limit
// windows, empties the data file, and restores the access keys, the behaviour
// and the source of faults that [New] was given.
func (s *Service) Reset() {
	s.gate.Lock()
	defer s.gate.Unlock()
	if err := s.registry.reset(); err != nil {
		s.log.Error("acs: empty data file", "error", err)
	}
	first, err := newResources(s.opts.all())
	if err == nil { // it was checked by New
		for i, r := range s.resources {
			r.keys.reset(first[i].keys)
		}
	}
	s.limiter.reset()
	s.counts.reset()
	s.issued.Replace(nil)
	s.apply(&s.opts.Behaviour)
	s.SetFault(s.opts.Fault)
}

// Close ends delayed answers by closing their connections, and closes the
// data file. Requests that create or delete fail afterwards if there is one.
func (s *Service) Close() error {
	s.close.Do(func() { close(s.done) })
	return s.registry.close()
}
