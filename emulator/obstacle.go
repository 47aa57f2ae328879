package emulator

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// EntraObstacle is what keeps Entra ID from giving a token. The zero value is nothing.
type EntraObstacle struct {
	ConsentWithdrawn bool     `json:"consentWithdrawn,omitempty"` // AADSTS65001
	Claims           string   `json:"claims,omitempty"`           // not empty: AADSTS50076, with this claims challenge in JSON
	Code             int      `json:"code,omitempty"`             // another AADSTS code of those that are known
	Grants           []string `json:"grants,omitempty"`           // that meet it; none: on_behalf_of
	User             string   `json:"user,omitempty"`             // that meets it; empty: all
	Times            int      `json:"times,omitempty"`            // requests that meet it; 0: until it is ended
}

// obstacleState remembers what was set last.
type obstacleState struct {
	mu sync.Mutex
	o  EntraObstacle
}

func (s *obstacleState) get() EntraObstacle {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.o
	o.Grants = slices.Clone(o.Grants)
	return o
}

// SetEntra changes what requests for tokens meet from now on. It fails on a code, grant or user that is not known.
func (e *Emulator) SetEntra(o EntraObstacle) error {
	e.obstacle.mu.Lock()
	defer e.obstacle.mu.Unlock()
	if err := e.applyObstacle(o); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	e.obstacle.o = o
	return nil
}

// OnBehalfOfObstacle is what keeps On-Behalf-Of from giving a token. The zero value is nothing.
type OnBehalfOfObstacle struct {
	ConsentWithdrawn bool   `json:"consentWithdrawn"` // AADSTS65001
	Claims           string `json:"claims"`           // not empty: AADSTS50076, with this claims challenge in JSON
}

// SetOnBehalfOf changes what On-Behalf-Of requests meet from now on; see [Emulator.SetEntra] for other requests.
func (e *Emulator) SetOnBehalfOf(o OnBehalfOfObstacle) {
	err := e.SetEntra(EntraObstacle{ConsentWithdrawn: o.ConsentWithdrawn, Claims: o.Claims})
	if err != nil { // Claims are not JSON
		e.options.Log.Error("emulator: obstacle", "error", err)
	}
}

func (e *Emulator) adminEntra(*http.Request) (any, error) { return e.obstacle.get(), nil }

// adminSetEntra sets all of the obstacle; what is left out is none.
func (e *Emulator) adminSetEntra(r *http.Request) (any, error) {
	var in EntraObstacle
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if err := e.SetEntra(in); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return in, nil
}

// adminSetOBO sets what On-Behalf-Of requests meet.
func (e *Emulator) adminSetOBO(r *http.Request) (any, error) {
	var in OnBehalfOfObstacle
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if err := e.SetEntra(EntraObstacle{ConsentWithdrawn: in.ConsentWithdrawn, Claims: in.Claims}); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return in, nil
}
