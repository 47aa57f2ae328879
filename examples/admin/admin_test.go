package main

import (
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/examples/internal/sidecar"
)

func newAdmin(side *sidecar.Sidecar) Admin {
	return Admin{
		Acsauth: side.Server, Authority: side.Authority, API: side.APIClientID,
		ClientID: emulator.DaemonClientID, ClientSecret: emulator.DaemonClientSecret, HTTP: NewHTTP(),
	}
}

// An identity is made once, for the user that is named.
func TestProvision(t *testing.T) {
	side := sidecar.Start(t)
	a := newAdmin(side)
	first, made, err := a.Provision(t.Context(), side.TenantID, emulator.BobObjectID)
	if err != nil || !made || !strings.HasPrefix(first, "8:acs:") {
		t.Fatalf("%q, made %v, %v", first, made, err)
	}
	again, made, err := a.Provision(t.Context(), side.TenantID, emulator.BobObjectID)
	if err != nil || made || again != first {
		t.Errorf("again %q, made %v, %v", again, made, err)
	}
	if _, _, err := a.Provision(t.Context(), emulator.ExternalTenantID, emulator.BobObjectID); err == nil || !strings.Contains(err.Error(), "400 body_invalid") {
		t.Errorf("a user of an issuer that the server does not accept: %v", err)
	}
	a.ClientSecret = "wrong"
	if _, _, err := a.Provision(t.Context(), side.TenantID, emulator.BobObjectID); err == nil || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("with a wrong secret: %v", err)
	}
}
