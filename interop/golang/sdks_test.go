package golang

import (
	"reflect"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/managedidentity"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"
)

// TestSDKs runs all calls through each SDK against one emulator, and prints the matrix.
func TestSDKs(t *testing.T) {
	w := newWorld(t)
	suites := []func(*world, *testing.T){
		(*world).azidentitySecrets, (*world).azidentityOnBehalfOf, (*world).azidentityRefusals,
		(*world).msalConfidential, (*world).msalWebApplication, (*world).msalConfidentialRefusals, (*world).msalPublic, (*world).msalPublicRefusals,
		(*world).certificates, (*world).federation, (*world).federationRefusals, (*world).managedIdentities, (*world).devices, (*world).challenges, (*world).tenants, (*world).tenantApplications,
	}
	for _, suite := range suites {
		suite(w, t)
	}
	t.Run("every public call was made", func(t *testing.T) { w.calls.wantAll(t) })
	w.calls.print(t)
}

// beyond are calls that reach no server, or that no test can have answered.
var beyond = []string{
	"confidential.Client.AcquireTokenByUserFederatedIdentityCredential", // agent identities, which the emulator has not got
}

// wantAll fails for a method of an SDK's types that no test has called.
func (l *ledger) wantAll(t *testing.T) {
	for name, value := range map[string]any{"confidential.Client": confidential.Client{}, "public.Client": public.Client{}, "public.DeviceCode": public.DeviceCode{}, "managedidentity.Client": managedidentity.Client{}} {
		l.wantMethods(t, msalModule, name, value)
	}
	for name, value := range map[string]any{
		"ClientSecretCredential": &azidentity.ClientSecretCredential{}, "OnBehalfOfCredential": &azidentity.OnBehalfOfCredential{},
		"EnvironmentCredential": &azidentity.EnvironmentCredential{}, "DefaultAzureCredential": &azidentity.DefaultAzureCredential{},
		"ChainedTokenCredential": &azidentity.ChainedTokenCredential{}, "ClientAssertionCredential": &azidentity.ClientAssertionCredential{},
		"ClientCertificateCredential": &azidentity.ClientCertificateCredential{}, "DeviceCodeCredential": &azidentity.DeviceCodeCredential{},
		"ManagedIdentityCredential": &azidentity.ManagedIdentityCredential{}, "AzurePipelinesCredential": &azidentity.AzurePipelinesCredential{},
		"WorkloadIdentityCredential": &azidentity.WorkloadIdentityCredential{},
	} {
		l.wantMethods(t, azidentityModule, name, value)
	}
}

func (l *ledger) wantMethods(t *testing.T, module, name string, value any) {
	kind := reflect.TypeOf(value)
	for i := range kind.NumMethod() {
		call := name + "." + kind.Method(i).Name
		if !l.has(module, call) && !slices.Contains(beyond, call) {
			t.Errorf("%s was not called", call)
		}
	}
}
