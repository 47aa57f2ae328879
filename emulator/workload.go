package emulator

import (
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/entra"
)

// Ids of workload federation and of the managed identity. They are the same at every start.
const (
	// WorkloadSubject is the service account whose tokens, for [WorkloadAudience], stand in for the secret of [APIClientID].
	WorkloadSubject = entra.WorkloadSubject
	// WorkloadAudience is the audience of tokens that stand in for a secret.
	WorkloadAudience = entra.ExchangeAudience
	// ManagedIdentityClientID is the client id of the managed identity.
	ManagedIdentityClientID = entra.ManagedIdentityClientID
	// ManagedIdentityObjectID is the object id of the managed identity. Its tokens stand in for the secret of [APIClientID], too.
	ManagedIdentityObjectID = entra.ManagedIdentityObjectID
	// IdentityHeader is IDENTITY_HEADER of the managed identity; IDENTITY_ENDPOINT is URL()/msi/token.
	IdentityHeader = entra.IdentityHeader
)

// WorkloadToken signs a token of the emulator's workload issuer, URL()/workload, as Kubernetes puts one into
// AZURE_FEDERATED_TOKEN_FILE. The lifetime is from 1 s to 24 h.
func (e *Emulator) WorkloadToken(subject, audience string, lifetime time.Duration) (string, error) {
	token, err := e.entra.WorkloadToken(subject, audience, lifetime)
	if err != nil {
		return "", fmt.Errorf("emulator: %w", err)
	}
	return token, nil
}

// AddCertificate registers a certificate, in PEM, with whose RSA key the application signs client assertions; 20 at most.
func (e *Emulator) AddCertificate(client string, certPEM []byte) error {
	block, _ := pem.Decode(certPEM)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("emulator: want a certificate in PEM")
	}
	if err := e.entra.AddCertificate(client, block.Bytes); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}
