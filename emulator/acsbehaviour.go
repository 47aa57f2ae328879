package emulator

import (
	"errors"
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
	Disown          bool           // treat the identities made so far as those of another resource
	Loose           bool           // take any signature and date, and a missing api-version
}

func (b ACSBehaviour) acs() acs.Behaviour {
	return acs.Behaviour{
		RevocationDelay: b.RevocationDelay, CustomIDRace: b.CustomIDRace, Limits: b.Limits, Disown: b.Disown, Loose: b.Loose,
	}
}

// SetACS changes how ACS behaves from now on. It fails on values out of range.
func (e *Emulator) SetACS(b ACSBehaviour) error {
	if err := e.acs.SetBehaviour(b.acs()); err != nil {
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
	Disown          bool           `json:"disown,omitempty"`
	Loose           bool           `json:"loose"`
}

// acsState is the present behaviour in the form of the administration.
func (e *Emulator) acsState() acsRequest {
	b := e.acs.Behaviour()
	return acsRequest{
		RevocationDelay: b.RevocationDelay.String(), CustomIDRace: b.CustomIDRace, Limits: b.Limits, Disown: b.Disown, Loose: b.Loose,
	}
}

// behaviour is what a request asks for.
func (in acsRequest) behaviour() (ACSBehaviour, error) {
	b := ACSBehaviour{CustomIDRace: in.CustomIDRace, Limits: in.Limits, Disown: in.Disown, Loose: in.Loose}
	if in.ServiceLimits {
		if in.Limits != nil {
			return b, errors.New("limits and serviceLimits do not go together")
		}
		b.Limits = acs.ServiceLimits()
	}
	if in.RevocationDelay == "" {
		return b, nil
	}
	var err error
	if b.RevocationDelay, err = time.ParseDuration(in.RevocationDelay); err != nil {
		return b, errors.New("revocationDelay has to be a duration such as 5m")
	}
	return b, nil
}

// adminACS shows how ACS behaves.
func (e *Emulator) adminACS(*http.Request) (any, error) { return e.acsState(), nil }

// adminSetACS sets all of it; what is left out is as in the zero value.
func (e *Emulator) adminSetACS(r *http.Request) (any, error) {
	var in acsRequest
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	b, err := in.behaviour()
	if err == nil {
		err = e.SetACS(b)
	}
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminACS(r)
}
