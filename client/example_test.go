package client_test

import (
	"context"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/acs-solutions/acsauth/client"
)

// A program that signs a user in with azidentity, such as a command-line tool with InteractiveBrowserCredential.
func Example() {
	var credential azcore.TokenCredential // of the user
	source := func(ctx context.Context, r client.Request) (string, error) {
		scopes := []string{"api://11111111-2222-4333-8444-555555555555/access_as_user"}
		if r.Teams {
			scopes = []string{"https://auth.msft.communication.azure.com/Teams.ManageCalls", "https://auth.msft.communication.azure.com/Teams.ManageChats"}
		}
		t, err := credential.GetToken(ctx, policy.TokenRequestOptions{Scopes: scopes, Claims: r.Claims, EnableCAE: true})
		return t.Token, err
	}
	c, err := client.New("https://acsauth.contoso.com", source, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	token := func(ctx context.Context) (string, error) { // for whatever calls ACS, before each use
		t, err := c.Token(ctx)
		return t.Token, err
	}
	_ = token
}
