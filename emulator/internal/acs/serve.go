package acs

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// maxBody is the largest request body read, in bytes.
const maxBody = 64 << 10

// call is one request on its way through the service.
type call struct {
	w         http.ResponseWriter
	r         *http.Request
	started   time.Time // wall clock, for X-Processing-Time
	behaviour *Behaviour
	op        *operation
	params    []string // of the path, decoded, not yet checked
	version   string
	body      []byte
	who       credential
	fault     Fault
	raced     bool // met another create of its customId
}

// id is the identity in the path.
func (c *call) id() string { return c.params[0] }

// reply is a successful answer. A nil body is an empty one.
type reply struct {
	status int
	body   any
}

// ServeHTTP answers one request. It needs the request as it arrived: the
// signature covers r.RequestURI and r.Host.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r, started: time.Now(), behaviour: s.behaviour.Load()}
	out, ref := s.handle(c)
	if ref != nil {
		s.refuse(c, ref)
		return
	}
	s.succeed(c, out)
}

// handle takes a request through all checks to its operation. The order is
// route, version, credential, limit, then what the operation itself checks:
// body first, ownership last.
func (s *Service) handle(c *call) (reply, *refusal) {
	if ref := s.admit(c); ref != nil {
		s.counts.add("refused")
		return reply{}, ref
	}
	if ref := s.faultBefore(c); ref != nil {
		return reply{}, ref
	}
	c.raced = s.meetRival(c)
	out, ref := s.perform(c)
	if ref != nil {
		s.counts.add("refused")
		return reply{}, ref
	}
	return out, s.faultAfter(c)
}

// perform does what is asked for, but not while the state is exchanged.
func (s *Service) perform(c *call) (reply, *refusal) {
	s.gate.RLock()
	defer s.gate.RUnlock()
	return c.op.do(s, c)
}

func (s *Service) admit(c *call) (ref *refusal) {
	if c.op, c.params, ref = route(c.r); ref != nil {
		return ref
	}
	if c.version, ref = checkVersion(c.r, c.op, c.behaviour.Loose); ref != nil {
		return ref
	}
	if c.body, ref = readBody(c.w, c.r); ref != nil {
		return ref
	}
	if c.who, ref = s.authenticate(c); ref != nil {
		return ref
	}
	if ref = s.limiter.take(c, s.opts.Now()); ref != nil {
		s.counts.add("throttled")
	}
	return ref
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, plain(http.StatusRequestEntityTooLarge, "The request body is too large.")
	}
	if err != nil {
		return nil, plain(http.StatusBadRequest, "The request body could not be read.")
	}
	return body, nil
}
