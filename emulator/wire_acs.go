package emulator

import (
	"fmt"
	"net/http"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
)

// ACSBehaviour is what ACS does at times. The zero value is strict, fast and unlimited.
type ACSBehaviour struct {
	RevocationDelay time.Duration  // how long revoked tokens stay active, by the clock of the services: 0 to 15 minutes
	CustomIDRace    bool           // two concurrent creates of one new customId make two identities
	Limits          map[string]int // requests per resource, operation and 30 s; operations without an entry have no limit
	Loose           bool           // take any signature and date, and a missing api-version
}

// SetACS changes how ACS behaves from now on. It fails on values out of range.
func (e *Emulator) SetACS(b ACSBehaviour) error {
	if err := e.acs.SetBehaviour(acs.Behaviour(b)); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// acsRequest is the body of POST /acs; see [ACSBehaviour].
type acsRequest struct {
	RevocationDelay string         `json:"revocationDelay"`
	CustomIDRace    bool           `json:"customIdRace"`
	Limits          map[string]int `json:"limits,omitempty"`
	ServiceLimits   bool           `json:"serviceLimits,omitempty"` // in a request: the limits of the real service
	Loose           bool           `json:"loose"`
}

// adminACS shows how ACS behaves.
func (e *Emulator) adminACS(*http.Request) (any, error) {
	b := e.acs.Behaviour()
	return acsRequest{RevocationDelay: b.RevocationDelay.String(), CustomIDRace: b.CustomIDRace, Limits: b.Limits, Loose: b.Loose}, nil
}

// adminSetACS sets all of it; what is left out is as in the zero value.
func (e *Emulator) adminSetACS(r *http.Request) (any, error) {
	var in acsRequest
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	b := ACSBehaviour{CustomIDRace: in.CustomIDRace, Limits: in.Limits, Loose: in.Loose}
	if in.ServiceLimits {
		if in.Limits != nil {
			return nil, refuse(http.StatusBadRequest, "limits and serviceLimits do not go together")
		}
		b.Limits = acs.ServiceLimits()
	}
	var err error
	if in.RevocationDelay != "" {
		b.RevocationDelay, err = time.ParseDuration(in.RevocationDelay)
	}
	if err == nil {
		err = e.SetACS(b)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminACS(r)
}
