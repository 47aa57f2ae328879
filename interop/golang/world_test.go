package golang

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth/emulator"
)

// Scopes that the tests ask for.
const (
	graphDefault = "https://graph.microsoft.com/.default"
	graphRead    = "https://graph.microsoft.com/User.Read"
	graphWrite   = "https://graph.microsoft.com/User.ReadWrite"
	acsDefault   = "https://communication.azure.com//.default"
	apiDefault   = emulator.AppIDURI + "/.default"
	apiScope     = emulator.AppIDURI + "/" + emulator.Scope
	teamsCalls   = "https://auth.msft.communication.azure.com/Teams.ManageCalls"
	redirectURI  = "http://localhost:3000/auth"
)

// world is the emulator, and what a program needs to call it.
type world struct {
	calls  *ledger
	emu    *emulator.Emulator
	ahead  *atomic.Int64 // of the emulator's clock, in nanoseconds
	client *http.Client  // trusts the emulator's CA, and follows no redirect
}

func newWorld(t *testing.T) *world {
	ahead := new(atomic.Int64)
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	e := emulator.Start(t, emulator.Options{ListenTLS: "127.0.0.1:0", Now: now})
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(e.CACertPEM()) {
		t.Fatal("the emulator's CA is no certificate")
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(client.CloseIdleConnections)
	return &world{calls: new(ledger), emu: e, ahead: ahead, client: client}
}

// authority is the authority URL of a tenant on the TLS listener.
func (w *world) authority(tenant string) string { return w.emu.TLSURL() + "/" + tenant }

// options are what azidentity needs to know of the emulator: its address and its CA.
func (w *world) options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: w.emu.TLSURL() + "/"},
		Transport: w.client,
		Retry:     policy.RetryOptions{MaxRetries: -1},
	}
}

// mint returns a token of the emulator that nobody signed in for.
func (c *check) mint(r emulator.TokenRequest) string {
	c.Helper()
	token, err := c.emu.MintToken(r)
	if err != nil {
		c.Fatal(err)
	}
	return token
}

// claims decodes the claims of a token, without any check.
func (c *check) claims(token string) map[string]any {
	c.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		c.Fatal("this is no JWT")
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		c.Fatal("the claims cannot be read")
	}
	return claims
}

// wantClaims compares some claims of a token.
func (c *check) wantClaims(token string, want map[string]any) {
	c.Helper()
	got := c.claims(token)
	for name, value := range want {
		if got[name] != value {
			c.Errorf("claim %s is %v, want %v", name, got[name], value)
		}
	}
}

// send calls Graph or ACS with a token and returns the answer.
func (c *check) send(method, target, token, body string) (int, map[string]any) {
	c.Helper()
	req, err := http.NewRequestWithContext(c.Context(), method, target, strings.NewReader(body))
	if err != nil {
		c.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.client.Do(req)
	if err != nil {
		c.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.Fatal(err)
	}
	var answer map[string]any
	if len(text) > 0 && json.Unmarshal(text, &answer) != nil {
		c.Fatalf("%s %s: the answer is not JSON", method, req.URL.Path)
	}
	return resp.StatusCode, answer
}

// wantMe asserts that Graph takes a token for one of that user.
func (c *check) wantMe(token, objectID string) {
	c.Helper()
	if status, me := c.send("GET", c.emu.TLSURL()+"/v1.0/me?$select=id", token, ""); status != 200 || me["id"] != objectID {
		c.Errorf("Graph: %d %v, want user %s", status, me, objectID)
	}
}

// wantIdentity asserts that ACS makes an identity for a token.
func (c *check) wantIdentity(token string) {
	c.Helper()
	status, answer := c.send("POST", c.emu.TLSURL()+"/identities?api-version=2023-10-01", token, "{}")
	identity, _ := answer["identity"].(map[string]any)
	id, _ := identity["id"].(string)
	if status != 201 || !strings.HasPrefix(id, "8:acs:"+emulator.ResourceID+"_") {
		c.Errorf("ACS: %d %v", status, answer)
	}
}
