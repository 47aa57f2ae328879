package acsidentity_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
)

func ExampleNewClient() {
	cred, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		log.Fatal(err)
	}
	client, err := acsidentity.NewClient("https://contoso.communication.azure.com", cred, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Endpoint())
	// Output: https://contoso.communication.azure.com
}

func ExampleNewClientWithKey() {
	key, err := acsidentity.NewKeyCredential("c2VjcmV0")
	if err != nil {
		log.Fatal(err)
	}
	client, err := acsidentity.NewClientWithKey("https://contoso.communication.azure.com", key, &acsidentity.ClientOptions{
		ClientOptions: azcore.ClientOptions{
			Telemetry: policy.TelemetryOptions{ApplicationID: "my-service"},
			Retry:     policy.RetryOptions{MaxRetries: 1},
		},
		TryTimeout: 2 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Endpoint(), key)
	// Output: https://contoso.communication.azure.com KeyCredential([redacted])
}

func ExampleNewClientFromConnectionString() {
	client, err := acsidentity.NewClientFromConnectionString("endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(client.Endpoint())
	_, err = acsidentity.NewClientFromConnectionString("endpoint=https://contoso.communication.azure.com/;accesskey=oops!", nil)
	fmt.Println(err)
	// Output:
	// https://contoso.communication.azure.com
	// connection string: acsidentity: the access key is not base64
}

func ExampleClient_CreateIdentity() {
	client := exampleClient()
	user, err := client.CreateIdentity(context.Background(), nil)
	if e, ok := errors.AsType[*acsidentity.Error](err); ok && !e.Sent {
		log.Fatal("nothing was made; it is safe to call again")
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(user.Identity) // keep it: it cannot be looked up
	// Output: 8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081
}

func ExampleClient_IssueToken() {
	client := exampleClient()
	id := acsauth.Identity("8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081")
	issued, err := client.IssueToken(context.Background(), id, []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP},
		&acsidentity.IssueTokenOptions{ExpiresIn: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(issued.AccessToken)
	// Output: AccessToken([redacted], expires 2026-11-25T01:43:26Z)
}

func ExampleError() {
	client := exampleClient()
	_, err := client.RevokeTokens(context.Background(), "8:acs:other-resource_user", nil)
	e, ok := errors.AsType[*acsidentity.Error](err)
	if !ok {
		log.Fatal(err)
	}
	switch {
	case e.Code == acsidentity.CodeIdentityNotOwned:
		fmt.Println(e.Op, e.StatusCode, e.Message)
	case e.StatusCode == http.StatusTooManyRequests:
		fmt.Println("again in", e.RetryAfter)
	case !e.Sent:
		fmt.Println("never left")
	}
	// Output: RevokeTokens 401 Provided identity doesn't belong to the resource.
}

// exampleClient returns a client of a little service on this machine.
func exampleClient() *acsidentity.Client {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identities", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprint(w, `{"identity":{"id":"8:acs:2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081"}}`)
	})
	mux.HandleFunc("POST /identities/{id}/{action}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("action") == ":revokeAccessTokens" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"error":{"code":"IdentityNotOwned","message":"Provided identity doesn't belong to the resource."}}`)
			return
		}
		_, _ = fmt.Fprint(w, `{"token":"opaque","expiresOn":"2026-11-25T01:43:26.1234567+00:00"}`)
	})
	key, err := acsidentity.NewKeyCredential("c2VjcmV0")
	if err != nil {
		log.Fatal(err)
	}
	client, err := acsidentity.NewClientWithKey(httptest.NewServer(mux).URL, key, nil)
	if err != nil {
		log.Fatal(err)
	}
	return client
}
