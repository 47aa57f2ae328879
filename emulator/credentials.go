package emulator

import (
	"fmt"
	"math"
	"net/http"
	"time"
)

// RevokeSessions ends all sessions, codes and refresh tokens of a user, as a changed password does: what rests on them is
// refused with AADSTS50173. It fails for a user that does not exist.
func (e *Emulator) RevokeSessions(user string) error {
	if err := e.entra.RevokeSessions(user); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// adminRevokeSessions takes {"user"}.
func (e *Emulator) adminRevokeSessions(r *http.Request) (any, error) {
	var in struct {
		User string `json:"user"`
	}
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if err := e.RevokeSessions(in.User); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]string{"status": "ok"}, nil
}

// adminWorkload makes a token of the workload issuer: {"subject","audience","expiresInSeconds"}; see [Emulator.WorkloadToken].
// Left out are those that stand in for the secret of the API, for an hour.
func (e *Emulator) adminWorkload(r *http.Request) (any, error) {
	in := struct {
		Subject          string  `json:"subject"`
		Audience         string  `json:"audience"`
		ExpiresInSeconds float64 `json:"expiresInSeconds"`
	}{WorkloadSubject, WorkloadAudience, time.Hour.Seconds()}
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if s := in.ExpiresInSeconds; s < 1 || s > maxLifetime.Seconds() || s != math.Trunc(s) {
		return nil, refuse(http.StatusBadRequest, "expiresInSeconds has to be a whole number from 1 to 86400")
	}
	token, err := e.WorkloadToken(in.Subject, in.Audience, time.Duration(in.ExpiresInSeconds)*time.Second)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int64(in.ExpiresInSeconds)}, nil
}

// adminCertificate registers a certificate: {"client","certificate"}, the latter in PEM.
func (e *Emulator) adminCertificate(r *http.Request) (any, error) {
	var in struct {
		Client      string `json:"client"`
		Certificate string `json:"certificate"`
	}
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if err := e.AddCertificate(in.Client, []byte(in.Certificate)); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return map[string]string{"status": "ok"}, nil
}
