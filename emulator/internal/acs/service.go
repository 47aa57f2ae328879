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
	ResourceID string           // immutable GUID of the resource; part of every identity
	Keys       [2]string        // primary and secondary access key, base64; the second may be empty
	Verify     emu.VerifyFunc   // checks Entra tokens: of the caller, and of Teams users
	Now        func() time.Time // nil means time.Now
	DataFile   string           // journal of identities, read at start; "" keeps nothing
	Log        *slog.Logger     // nil discards; gets no token and no key

	// Licensed reports whether the user with an object id has a Teams licence. nil means everybody.
	Licensed func(oid string) bool

	// Limits holds the requests allowed per operation and 30 s window.
	// Operations without an entry are not limited; see [ServiceLimits].
	Limits map[string]int

	// Fault is asked once for every request that passed authentication and
	// limits. nil means no faults. See also [Service.SetFault].
	Fault func(op string) Fault
}

func (o Options) check() error {
	if !guidShape.MatchString(o.ResourceID) {
		return errors.New("acs: the resource id is not a GUID")
	}
	if o.Verify == nil {
		return errors.New("acs: no verifier of tokens is set")
	}
	return nil
}

func (o *Options) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Service is one emulated resource. It is an [net/http.Handler] and safe for
// use by several goroutines.
type Service struct {
	opts     Options
	log      *slog.Logger
	keys     *keyring
	minter   *minter
	registry *registry
	limiter  *limiter
	counts   counters
	fault    atomic.Pointer[func(op string) Fault]
	done     chan struct{}
	close    sync.Once
}

// New returns a service and reads its data file, if there is one. A damaged
// last line, left by a crash, is cut off; any other damage is an error.
func New(o Options) (*Service, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.setDefaults()
	keys, err := newKeyring(o.Keys)
	if err != nil {
		return nil, err
	}
	minter, err := newMinter(o.ResourceID)
	if err != nil {
		return nil, fmt.Errorf("acs: make signing key: %w", err)
	}
	registry, err := openRegistry(o.ResourceID, o.DataFile)
	if err != nil {
		return nil, fmt.Errorf("acs: open data file: %w", err)
	}
	s := &Service{
		opts: o, log: o.Log, keys: keys, minter: minter, registry: registry,
		limiter: newLimiter(o.Limits), done: make(chan struct{}),
	}
	s.SetFault(o.Fault)
	return s, nil
}

// SetFault replaces the source of faults; nil means no faults.
func (s *Service) SetFault(f func(op string) Fault) {
	if f == nil {
		f = func(string) Fault { return Fault{} }
	}
	s.fault.Store(&f)
}

// SetKey replaces an access key, 0 the primary and 1 the secondary. As with
// the service, every token minted with the old key is revoked.
func (s *Service) SetKey(slot int, base64Key string) error { return s.keys.set(slot, base64Key) }

// Identities lists all identities in the order they were created, the deleted
// ones included.
func (s *Service) Identities() []Identity { return s.registry.list() }

// Counters returns the number of operations that took effect: "create",
// "reuse" (create of a known customId), "issue", "revoke", "delete",
// "repeat" (delete of a deleted identity), "get", "exchange"; the "tokens"
// minted by any of them; and requests that were "refused", "throttled" (these
// are refused, too) or met by a "fault".
func (s *Service) Counters() map[string]int64 { return s.counts.snapshot() }

// Reset forgets all identities, counts and limit windows, empties the data
// file, and restores the source of faults that [New] was given.
func (s *Service) Reset() {
	if err := s.registry.reset(); err != nil {
		s.log.Error("acs: empty data file", "error", err)
	}
	s.limiter.reset()
	s.counts.reset()
	s.SetFault(s.opts.Fault)
}

// Close ends delayed answers by closing their connections, and closes the
// data file. Requests that create or delete fail afterwards if there is one.
func (s *Service) Close() error {
	s.close.Do(func() { close(s.done) })
	return s.registry.close()
}
