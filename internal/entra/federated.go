package entra

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// ExchangeAudience is the audience of federated credentials in the public cloud.
const ExchangeAudience = "api://AzureADTokenExchange"

// ManagedIdentity returns a source for Options.Assertion: tokens of the
// user-assigned managed identity with this client id, which the application
// trusts by a federated credential. Empty audience: [ExchangeAudience]. The
// tokens are cached below.
func ManagedIdentity(clientID, audience string) (func(ctx context.Context) (string, error), error) {
	if audience == "" {
		audience = ExchangeAudience
	}
	o := &azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(clientID)}
	credential, err := azidentity.NewManagedIdentityCredential(o)
	if err != nil {
		return nil, fmt.Errorf("entra: managed identity: %w", err)
	}
	return func(ctx context.Context) (string, error) {
		t, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}})
		if err != nil {
			return "", fmt.Errorf("entra: managed identity: %w", err)
		}
		return t.Token, nil
	}, nil
}

// FederatedFile returns a source for Options.Assertion: the content of a file
// that the platform renews, such as AZURE_FEDERATED_TOKEN_FILE of Kubernetes.
// It is read each time a token is asked for.
func FederatedFile(path string) func(ctx context.Context) (string, error) {
	return func(context.Context) (string, error) {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("entra: federated token file: %w", err)
		}
		defer file.Close()
		text, err := io.ReadAll(io.LimitReader(file, maxAssertion+1))
		if err != nil {
			return "", fmt.Errorf("entra: federated token file: %w", err)
		}
		if len(text) > maxAssertion {
			return "", errors.New("entra: federated token file: it is too long for a token")
		}
		return strings.TrimSpace(string(text)), nil
	}
}
