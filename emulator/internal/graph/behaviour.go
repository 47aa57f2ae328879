package graph

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

// Behaviour is what the real Graph does at times. The zero value is the well-behaved directory.
type Behaviour struct {
	ReadLag         time.Duration // reads show the state of this long ago, at most MaxReadLag; writes see the present
	LagVaries       bool          // each read picks its lag from 0 to ReadLag, as replicas do
	DuplicateStatus int           // of a POST whose name exists: 400, also for 0, or 409
	Claims          string        // not empty: every request is answered with 401 and this claims challenge, in JSON
	Answerable      bool          // a token that has what Claims asks for gets through, as at the real service
	Throttle        int           // requests that an application may make in 10 s, in a tenant; the rest get 429. 0: no limit
	RetryAfter      int           // seconds that a 429 asks to wait, at most MaxRetryAfter; 0: what is left of the 10 s; -1: no header
}

// MaxRetryAfter bounds Behaviour.RetryAfter, in seconds.
const MaxRetryAfter = 3600

// maxThrottle bounds Behaviour.Throttle.
const maxThrottle = 1_000_000

// Check refuses what cannot be.
func (b Behaviour) Check() error {
	if b.ReadLag < 0 || b.ReadLag > MaxReadLag {
		return fmt.Errorf("graph: read lag %v is not in 0s..%v", b.ReadLag, MaxReadLag)
	}
	if d := b.DuplicateStatus; d != 0 && d != http.StatusBadRequest && d != http.StatusConflict {
		return fmt.Errorf("graph: duplicate status %d is neither 400 nor 409", d)
	}
	if b.Throttle < 0 || b.Throttle > maxThrottle {
		return fmt.Errorf("graph: throttle %d is not in 0..%d", b.Throttle, maxThrottle)
	}
	if b.RetryAfter < -1 || b.RetryAfter > MaxRetryAfter {
		return fmt.Errorf("graph: retry after %d s is not in -1..%d", b.RetryAfter, MaxRetryAfter)
	}
	return nil
}

// SetBehaviour changes what later requests meet. It fails on a value that Check refuses.
func (s *Service) SetBehaviour(b Behaviour) error {
	if err := b.Check(); err != nil {
		return err
	}
	s.behaviour.Store(&b)
	return nil
}

// Behaviour returns what is set.
func (s *Service) Behaviour() Behaviour { return *s.behaviour.Load() }

// Fault is one misfortune of a request that would have been taken on. The zero value is none.
type Fault struct {
	Status      int           // answer this error status; nothing takes effect
	StatusAfter int           // answer this error status though the effect took place
	Code        string        // error code of either; default that of the status
	RetryAfter  string        // Retry-After header of either
	DropBefore  bool          // close the connection; nothing takes effect
	DropAfter   bool          // close the connection after the effect
	Delay       time.Duration // wait first; a client that leaves does not stop the request
	BadJSON     bool          // cut the body of a success in half
}

// faultCodes are the codes of Graph for the statuses of faults.
var faultCodes = map[int]string{
	http.StatusUnauthorized: "InvalidAuthenticationToken", http.StatusForbidden: "Authorization_RequestDenied",
	http.StatusNotFound: "Directory_ObjectNotFound", http.StatusTooManyRequests: "TooManyRequests",
	http.StatusServiceUnavailable: "ServiceUnavailable", http.StatusGatewayTimeout: "GatewayTimeout",
}

func (f Fault) refusal(status int) *refusal {
	code := cmp.Or(f.Code, faultCodes[status])
	if code == "" {
		code = "UnknownError"
	}
	return &refusal{status: status, code: code, message: "The emulator was told to answer this.", retryAfter: f.RetryAfter}
}

// faultBefore is asked once the request is known to be one that Graph takes on.
func (s *Service) faultBefore(c *call) *refusal {
	if s.opts.Fault != nil {
		c.fault = s.opts.Fault(c.op.name)
	}
	if c.fault == (Fault{}) {
		return nil
	}
	s.count("fault")
	emu.Wait(c.fault.Delay, s.opts.Done)
	if c.fault.DropBefore {
		panic(http.ErrAbortHandler)
	}
	if c.fault.Status != 0 {
		return c.fault.refusal(c.fault.Status)
	}
	return nil
}

// faultAfter loses the answer of what took effect.
func (s *Service) faultAfter(c *call) *refusal {
	if c.fault.DropAfter {
		panic(http.ErrAbortHandler)
	}
	if c.fault.StatusAfter != 0 {
		return c.fault.refusal(c.fault.StatusAfter)
	}
	return nil
}
