package emulator

import (
	"fmt"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// GraphBehaviour is what the real Microsoft Graph does at times. The zero value is a directory that behaves well.
type GraphBehaviour struct {
	ReadLag         time.Duration // reads show the state of this long ago, 0 to 10 minutes; writes see the present
	LagVaries       bool          // each read picks its lag from 0 to ReadLag, as replicas do
	DuplicateStatus int           // of a POST whose name exists: 400, also for 0, or 409
	Claims          string        // not empty: every request is answered with 401 and this claims challenge, in JSON
	Answerable      bool          // a token that has what Claims asks for gets through, as at the real service
	Throttle        int           // requests that an application may make in 10 s, in a tenant; the rest get 429. 0: no limit
	RetryAfter      int           // seconds that a 429 asks to wait, at most 3600; 0: what is left of the 10 s; -1: no header
}

func (b GraphBehaviour) graph() graph.Behaviour {
	return graph.Behaviour(b)
}

// SetGraph changes how Graph behaves from now on. It fails on values out of range.
func (e *Emulator) SetGraph(b GraphBehaviour) error {
	if err := e.graph.SetBehaviour(b.graph()); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// adminGraphRequest is the body of POST /graph; see [GraphBehaviour].
type adminGraphRequest struct {
	ReadLag         string `json:"readLag"`
	LagVaries       bool   `json:"lagVaries"`
	DuplicateStatus int    `json:"duplicateStatus"`
	Claims          string `json:"claims"`
	Answerable      bool   `json:"answerable"`
	Throttle        int    `json:"throttle"`
	RetryAfter      int    `json:"retryAfter"`
}

// adminGraph shows how Graph behaves.
func (e *Emulator) adminGraph(*http.Request) (any, error) {
	b := e.graph.Behaviour()
	return adminGraphRequest{b.ReadLag.String(), b.LagVaries, b.DuplicateStatus, b.Claims, b.Answerable, b.Throttle, b.RetryAfter}, nil
}

// adminSetGraph sets all of it; what is left out behaves well.
func (e *Emulator) adminSetGraph(r *http.Request) (any, error) {
	var in adminGraphRequest
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	b := GraphBehaviour{LagVaries: in.LagVaries, DuplicateStatus: in.DuplicateStatus, Claims: in.Claims, Answerable: in.Answerable, Throttle: in.Throttle, RetryAfter: in.RetryAfter}
	var err error
	if in.ReadLag != "" {
		b.ReadLag, err = time.ParseDuration(in.ReadLag)
	}
	if err == nil {
		err = e.SetGraph(b)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminGraph(r)
}
