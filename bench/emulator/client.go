package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/google/uuid"
)

// mixture says what a round is, and callsOfRound how many calls it has.
const (
	mixture = "create with a token, 4 times issue, revoke, delete at ACS; discovery, keys and one client-credentials token at Entra ID; read, add and delete an extension in Graph"

	callsOfRound = 13
)

// A client makes calls as a developer's tests would.
type client struct {
	p     *dev.Program
	acs   *acsidentity.Client
	http  *http.Client
	graph string // an app's token
}

func newClient(ctx context.Context, p *dev.Program) (*client, error) {
	acs, err := acsidentity.NewClientFromConnectionString(p.ConnectionString, nil)
	if err != nil {
		return nil, err
	}
	c := &client{p: p, acs: acs, http: &http.Client{Timeout: 30 * time.Second}}
	c.graph, err = c.appToken(ctx, "https://graph.microsoft.com/.default")
	return c, err
}

// round makes all calls of the mixture once.
func (c *client) round(ctx context.Context) error {
	scopes := []acsauth.Scope{"chat", "voip"}
	made, err := c.acs.CreateIdentity(ctx, &acsidentity.CreateIdentityOptions{Scopes: scopes})
	if err != nil {
		return err
	}
	for range 4 {
		if _, err := c.acs.IssueToken(ctx, made.Identity, scopes, nil); err != nil {
			return err
		}
	}
	if _, err := c.acs.RevokeTokens(ctx, made.Identity, nil); err != nil {
		return err
	}
	if _, err := c.acs.DeleteIdentity(ctx, made.Identity, nil); err != nil {
		return err
	}
	for _, path := range []string{"/v2.0/.well-known/openid-configuration", "/discovery/v2.0/keys"} {
		if _, err := c.do(ctx, "GET", c.p.Authority+path, "", "", 200); err != nil {
			return err
		}
	}
	if _, err := c.appToken(ctx, emulator.AppIDURI+"/.default"); err != nil {
		return err
	}
	return c.extension(ctx)
}

// extension adds an extension to a user who was never seen before, and takes it away.
func (c *client) extension(ctx context.Context) error {
	at := c.p.Graph + "/v1.0/users/" + emulator.AliceObjectID + "/extensions"
	name := "com.example.e" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := c.do(ctx, "GET", at, "", c.graph, 200); err != nil {
		return err
	}
	body := `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"` + name + `","note":"x"}`
	if _, err := c.do(ctx, "POST", at, body, c.graph, 201, 400); err != nil { // 400: two of an app are the most
		return err
	}
	_, err := c.do(ctx, "DELETE", at+"/"+name, "", c.graph, 204, 404)
	return err
}

// appToken is a token of the daemon by client credentials.
func (c *client) appToken(ctx context.Context, scope string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {emulator.DaemonClientID}, "client_secret": {emulator.DaemonClientSecret}, "scope": {scope}}
	answer, err := c.do(ctx, "POST", c.p.Authority+"/oauth2/v2.0/token", form.Encode(), "", 200)
	if err != nil {
		return "", err
	}
	_, token, _ := strings.Cut(answer, `"access_token":"`)
	token, _, ok := strings.Cut(token, `"`)
	if !ok {
		return "", fmt.Errorf("no token for %s", scope)
	}
	return token, nil
}

// do makes one call and wants one of the statuses.
func (c *client) do(ctx context.Context, method, at, body, token string, want ...int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	for _, status := range want {
		if res.StatusCode == status {
			return string(answer), err
		}
	}
	return "", fmt.Errorf("%s %s: %s", method, req.URL.Path, res.Status)
}
