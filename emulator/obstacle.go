package emulator

import (
	"fmt"
	"net/http"

	"github.com/acs-solutions/acsauth/emulator/internal/entra"
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

// SetEntra changes what requests for tokens meet from now on. It fails on a code, grant or user that is not known. The codes are
// 50057 50076 50079 50105 50158 50173 53000 53003 65001 65004 70043 90033 90095 50196 and some more, the grants authorize,
// authorization_code, refresh_token, client_credentials, on_behalf_of and device_code.
func (e *Emulator) SetEntra(o EntraObstacle) error {
	if err := e.entra.SetObstacle(entra.Obstacle(o)); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
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

// adminEntra shows what is in force.
func (e *Emulator) adminEntra(*http.Request) (any, error) {
	o := EntraObstacle(e.entra.Obstacle())
	if !o.ConsentWithdrawn && o.Claims == "" && o.Code == 0 {
		o = EntraObstacle{}
	}
	return o, nil
}

// adminSetEntra sets all of the obstacle; what is left out is none.
func (e *Emulator) adminSetEntra(r *http.Request) (any, error) {
	var in EntraObstacle
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if err := e.SetEntra(in); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminEntra(r)
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
