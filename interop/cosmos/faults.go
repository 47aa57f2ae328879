package cosmos

import (
	"net/http"
	"strconv"
	"time"
)

// The operations, as [Fault.Op] and [Request.Op] name them.
const (
	OpAccount         = "account"
	OpCreateDatabase  = "create database"
	OpReadDatabase    = "read database"
	OpCreateContainer = "create container"
	OpReadContainer   = "read container"
	OpCreate          = "create"
	OpUpsert          = "upsert"
	OpRead            = "read"
	OpReplace         = "replace"
	OpDelete          = "delete"
	OpBatch           = "batch"
	OpQuery           = "query"
)

// A FaultKind is what goes wrong.
type FaultKind uint8

// The kinds of faults.
const (
	// LoseRequest drops the connection; the request has no effect.
	LoseRequest FaultKind = iota
	// LoseAnswer does the work and drops the connection.
	LoseAnswer
	// Delay does the work after Fault.Delay, and then answers, even if nobody listens any more.
	Delay
	// Status answers Fault.Status; the request has no effect.
	Status
	// Hang lets the client wait until it gives up or the faults are healed, and drops the connection; the request has no effect.
	Hang
)

// A Fault is something that goes wrong with some of the requests to come.
type Fault struct {
	Kind  FaultKind
	Op    string // of the requests that it meets; empty: any but OpAccount
	After int    // so many of them get through before
	// Times is how many it meets then. Zero: one. Negative: all.
	Times int

	Delay      time.Duration // of Delay
	Status     int           // of Status
	Substatus  int           // of Status
	RetryAfter time.Duration // of Status
}

// Inject lets something go wrong. Faults are asked in the order of their injection, and the first that fits is used.
func (s *Server) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// Heal removes all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
	close(s.healed)
	s.healed = make(chan struct{})
}

// Suspend lets all requests through, faults or not, and counts none, until it is called again with false.
func (s *Server) Suspend(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.suspended = on
}

// hang waits for the client to give up or for Heal.
func (s *Server) hang(r *http.Request) {
	s.mu.Lock()
	healed := s.healed
	s.mu.Unlock()
	select {
	case <-healed:
	case <-r.Context().Done():
	}
}

// fault returns the fault that a request meets, or nil.
func (s *Server) fault(op string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.suspended {
		return nil
	}
	for _, f := range s.faults {
		if f.Op != op && (f.Op != "" || op == OpAccount) || f.Times == 0 {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			f.Times--
		}
		return f
	}
	return nil
}

// answer is the answer of a Status fault.
func (f *Fault) answer() *answer {
	a := refuse(f.Status, "Fault", "the stand-in was told to answer this")
	if f.Status == http.StatusTooManyRequests {
		a = refuse(f.Status, "TooManyRequests", "the request rate is large")
		f.Substatus = 3200
	}
	a.substatus = f.Substatus
	if f.RetryAfter > 0 {
		a.header.Set("x-ms-retry-after-ms", strconv.FormatInt(f.RetryAfter.Milliseconds(), 10))
	}
	return a
}

// A Request is one that was served, or met a fault.
type Request struct {
	Op     string
	Key    string // partition key, if one was given
	ID     string // of the item
	Second bool   // it went to the second region
	Status int    // of the answer; 0: none was sent
}

// Requests returns all requests since the start or the last Forget, in the order of their ends.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request{}, s.requests...)
}

// Forget empties the list of requests.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

func (s *Server) note(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.requests) < 1<<20 && !s.suspended {
		s.requests = append(s.requests, r)
	}
}

// Left is how many faults have not met all their requests.
func (s *Server) Left() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times != 0 {
			n++
		}
	}
	return n
}
