package golang

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/acs-solutions/acsauth/emulator"
)

// approve enters a device's code in a browser and picks a user, or declines.
func (c *check) approve(verification, userCode, user string) {
	c.Helper()
	b := c.browser()
	p := b.submit(b.open(verification), "otc", userCode)
	if user == "" {
		p = b.submit(p, "otc", userCode, "action", "cancel")
	} else {
		p = b.submit(p, "user", user)
	}
	if p.status != http.StatusOK {
		c.Errorf("approving: %d %.300s", p.status, p.text)
	}
}

// pendingClient calls after once Entra has told a device to wait.
type pendingClient struct {
	*http.Client
	once  sync.Once
	after func()
}

func (p *pendingClient) Do(req *http.Request) (*http.Response, error) {
	resp, err := p.Client.Do(req)
	if err == nil && resp.StatusCode == http.StatusBadRequest && strings.HasSuffix(req.URL.Path, "/token") {
		p.once.Do(p.after)
	}
	return resp, err
}

// devices are programs whose user signs in on another machine.
func (w *world) devices(t *testing.T) {
	w.check(t, "MSAL: a device waits while the user signs in elsewhere", func(c *check) {
		waiting := &pendingClient{Client: c.client}
		c.msal("public.New")
		app, err := public.New(emulator.SPAClientID, public.WithAuthority(c.authority(emulator.TenantID)), public.WithHTTPClient(waiting), public.WithInstanceDiscovery(false))
		if err != nil {
			c.Fatal(err)
		}
		c.msal("public.Client.AcquireTokenByDeviceCode")
		device, err := app.AcquireTokenByDeviceCode(c.Context(), []string{graphRead})
		if err != nil {
			c.Fatal(err)
		}
		waited := false
		waiting.after = func() { waited = true; c.approve(device.Result.VerificationURL, device.Result.UserCode, "carol") }
		c.msal("public.DeviceCode.AuthenticationResult")
		got, err := device.AuthenticationResult(c.Context())
		c.wantMe(c.given(got, err, false), emulator.CarolObjectID)
		if !waited || !strings.Contains(device.Result.Message, device.Result.UserCode) {
			c.Errorf("waited: %v, message %q", waited, device.Result.Message)
		}
		silent, err := c.silent(app, got.Account, apiScope)
		c.wantClaims(c.given(silent, err, false), map[string]any{"oid": emulator.CarolObjectID, "aud": emulator.APIClientID})
		c.msal("public.DeviceCode.AuthenticationResult")
		_, err = device.AuthenticationResult(c.Context())
		c.refusedDevice(err, "invalid_grant", "AADSTS54005")
	})
	w.check(t, "MSAL refuses: a device that the user declines, and an unknown client", func(c *check) {
		c.msal("public.Client.AcquireTokenByDeviceCode")
		device, err := c.public(emulator.TenantID, emulator.SPAClientID).AcquireTokenByDeviceCode(c.Context(), []string{graphRead})
		if err != nil {
			c.Fatal(err)
		}
		c.approve(device.Result.VerificationURL, device.Result.UserCode, "")
		c.msal("public.DeviceCode.AuthenticationResult")
		_, err = device.AuthenticationResult(c.Context())
		c.refusedDevice(err, "authorization_declined", "AADSTS70018")
		c.msal("public.Client.AcquireTokenByDeviceCode")
		_, err = c.public(emulator.TenantID, nobody).AcquireTokenByDeviceCode(c.Context(), []string{graphRead})
		c.refusedMSAL(err, refusal{400, "unauthorized_client", 700016})
	})
	w.check(t, "azidentity: a device, by token and by Authenticate, and silently after", func(c *check) {
		c.azidentity("NewDeviceCodeCredential")
		cred, err := azidentity.NewDeviceCodeCredential(&azidentity.DeviceCodeCredentialOptions{
			ClientOptions: c.options(), DisableInstanceDiscovery: true, TenantID: emulator.TenantID, ClientID: emulator.SPAClientID,
			UserPrompt: func(_ context.Context, m azidentity.DeviceCodeMessage) error {
				c.approve(m.VerificationURL, m.UserCode, "alice")
				return nil
			},
		})
		if err != nil {
			c.Fatal(err)
		}
		c.azidentity("DeviceCodeCredential.Authenticate")
		record, err := cred.Authenticate(c.Context(), &policy.TokenRequestOptions{Scopes: []string{graphRead}})
		if err != nil || record.HomeAccountID != emulator.AliceObjectID+"."+emulator.TenantID {
			c.Errorf("record of %q, %v", record.HomeAccountID, err)
		}
		c.wantMe(c.token("DeviceCodeCredential", cred, graphRead), emulator.AliceObjectID)
	})
}

// refusedDevice asserts what MSAL's error for a device says. MSAL has read the answer by then.
func (c *check) refusedDevice(err error, words ...string) {
	c.Helper()
	failed, ok := errors.AsType[msalerrors.CallErr](err)
	if !ok || failed.Resp.StatusCode != http.StatusBadRequest {
		c.Fatalf("error %T %v, want a CallErr", err, err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			c.Errorf("error %v does not show %s", err, word)
		}
	}
}
