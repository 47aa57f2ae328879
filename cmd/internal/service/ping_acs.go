package service

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

// nobody is an identity that no resource has.
const nobody = acsauth.Identity("8:acs:00000000-0000-0000-0000-000000000000_00000000-0000-0000-0000-000000000000")

// ErrACSRefused is wrapped by the error of AskACS if ACS refuses the credential.
var ErrACSRefused = errors.New("it refuses our credential")

// ACSClient makes the client of the service. With key 1 or 2 it has that access key only, the first or the second of the settings.
func (p Pinger) ACSClient(key int) (*acsidentity.Client, error) {
	client, err := newACS(Options{Config: p.Config, AllowLoopback: p.AllowLoopback}, telemetry.NewMetrics(), nil)
	if err != nil || key == 0 {
		return client, err
	}
	keys := p.Config.ACSKeys()
	if client.Key() == nil || key > len(keys) {
		return nil, fmt.Errorf("there is no access key %d", key)
	}
	return client, client.Key().Update(keys[key-1].Reveal())
}

// AskACS asks for a token for an identity that does not exist, and returns the refusal if it is about that identity.
// Any other answer is the error, which wraps an [acsidentity.Error] if there was one.
func AskACS(ctx context.Context, client *acsidentity.Client) (*acsidentity.Error, error) {
	_, err := client.IssueToken(ctx, nobody, []acsauth.Scope{acsauth.ScopeChat}, nil)
	if err == nil {
		return nil, errors.New("it gave a token for an identity that does not exist")
	}
	e, ok := errors.AsType[*acsidentity.Error](err)
	switch {
	case !ok || e.StatusCode == 0:
		return nil, fmt.Errorf("no answer: %w", err)
	case e.Code == acsidentity.CodeDenied || e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusUnauthorized && e.Code == "":
		return nil, fmt.Errorf("%w: %w", ErrACSRefused, err)
	case e.StatusCode >= 500 || e.StatusCode < 400:
		return nil, err
	}
	return e, nil
}
