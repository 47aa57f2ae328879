package golang

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/acs-solutions/acsauth/emulator"
)

// askedCredential keeps the claims that it was asked for.
type askedCredential struct {
	azcore.TokenCredential
	*check
	claims []string
}

func (a *askedCredential) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	a.claims = append(a.claims, o.Claims)
	a.azidentity("ClientSecretCredential.GetToken")
	return a.TokenCredential.GetToken(ctx, o)
}

// challenges are what a client has to answer by a better token.
func (w *world) challenges(t *testing.T) {
	w.check(t, "azcore: Graph revokes a token, and the SDK answers the claims challenge by a new one", func(c *check) {
		defer c.ahead.Store(0)
		defer c.emu.Reset()
		cred := &askedCredential{TokenCredential: c.secretCredential(emulator.TenantID, emulator.DaemonClientID, emulator.DaemonClientSecret), check: c}
		options := c.options()
		client := runtime.NewPipeline("interop", "v1", runtime.PipelineOptions{
			PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(cred, []string{graphDefault}, nil)},
		}, &options)
		get := func() int {
			c.Helper()
			req, err := runtime.NewRequest(c.Context(), "GET", c.emu.TLSURL()+"/v1.0/users")
			if err != nil {
				c.Fatal(err)
			}
			resp, err := client.Do(req)
			if err != nil {
				c.Fatal(err)
			}
			defer resp.Body.Close()
			return resp.StatusCode
		}
		if status := get(); status != 200 {
			c.Errorf("before: %d", status)
		}
		c.ahead.Store(int64(time.Minute)) // so that the next token is newer than the event
		event := fmt.Sprint(time.Now().Add(30 * time.Second).Unix())
		challenge := `{"access_token":{"nbf":{"essential":true,"value":"` + event + `"}}}`
		if err := c.emu.SetGraph(emulator.GraphBehaviour{Claims: challenge, Answerable: true}); err != nil {
			c.Fatal(err)
		}
		if status := get(); status != 200 {
			c.Errorf("after: %d", status)
		}
		if len(cred.claims) != 2 || cred.claims[0] != "" || cred.claims[1] != challenge {
			c.Errorf("asked for %q", cred.claims)
		}
	})
	w.check(t, "MSAL: On-Behalf-Of asks for a step up, the user takes it, and then it passes", func(c *check) {
		defer c.emu.Reset()
		const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
		c.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: claims})
		app := c.public(emulator.TenantID, emulator.SPAClientID)
		open := func(target string) error {
			b := c.browser()
			b.submit(b.submit(b.open(target), "user", "alice"))
			return nil
		}
		interactive := func(opts ...public.AcquireInteractiveOption) public.AuthResult {
			c.Helper()
			c.msal("public.Client.AcquireTokenInteractive")
			got, err := app.AcquireTokenInteractive(c.Context(), []string{apiScope}, append(opts, public.WithOpenURL(open))...)
			c.given(got, err, false)
			return got
		}
		_, err := c.onBehalfOf(c.api(), interactive().AccessToken, graphRead)
		asked := c.refusedMSAL(err, refusal{400, "interaction_required", 50076}).Claims
		stepped := interactive(public.WithClaims(asked))
		got, err := c.onBehalfOf(c.api(), stepped.AccessToken, graphRead)
		c.wantMe(c.given(got, err, false), emulator.AliceObjectID)
	})
}
