package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
)

type tokenCommand struct {
	User         string        `help:"Sample user: alice, bob, carol (has no Teams licence) or gail (a guest)." default:"alice" placeholder:"NAME"`
	Teams        bool          `help:"A token of the Teams user, to be exchanged, instead of one for this API."`
	Authority    string        `help:"Authority or base URL of the running emulator. Its administration is expected on the next port." default:"http://127.0.0.1:8081" placeholder:"URL"`
	Admin        string        `help:"URL of the emulator's administration, if it is not on the next port." placeholder:"URL"`
	Client       string        `help:"Client application (id) that the token is for. Default: the emulator's browser client." placeholder:"ID"`
	AppOnly      bool          `help:"A token of a program without a user."`
	ExpiresIn    time.Duration `help:"Life of the token, such as 5m. Default: 60 to 90 minutes." placeholder:"DURATION"`
	TokenVersion string        `help:"1.0 or 2.0. Default: as Entra ID would give for this API." placeholder:"VERSION"`
	Scope        []string      `help:"Scope of the token, by its short name. May be repeated. Default: what the client has." placeholder:"NAME"`
	Audience     string        `help:"Audience to put in instead of the right one." placeholder:"AUD"`
	Flaw         string        `help:"Make the token wrong in one way, to see the refusal: expired, notYetValid, longLived, audience, issuer, tenant, noTenantID, noObjectID, noScope, idToken, idClaims, appOnly, graph, unknownKey, foreignKey, signature, algNone, algHS256, noKeyID." placeholder:"NAME"`
}

// Help is shown by acsauth-dev token --help.
func (tokenCommand) Help() string {
	return "Prints the token and nothing else:\n\n    curl -H \"Authorization: Bearer $(acsauth-dev token --user alice)\" http://127.0.0.1:8080/getToken"
}

// mintRequest is the body that the emulator's administration takes at POST /token.
type mintRequest struct {
	User      string   `json:"user,omitempty"`
	Teams     bool     `json:"teams,omitempty"`
	Client    string   `json:"client,omitempty"`
	Version   string   `json:"version,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	Audience  string   `json:"audience,omitempty"`
	ExpiresIn int64    `json:"expiresInSeconds,omitempty"`
	AppOnly   bool     `json:"appOnly,omitempty"`
	Flaw      string   `json:"flaw,omitempty"`
}

// Run prints one token.
func (k *tokenCommand) Run(c cli.Call) error {
	admin, err := k.adminURL()
	if err != nil {
		return cli.Misused(err)
	}
	if k.ExpiresIn < 0 || k.ExpiresIn%time.Second != 0 {
		return cli.Misused(fmt.Errorf("--expires-in: is %v; write whole seconds, such as 5m", k.ExpiresIn))
	}
	body := mintRequest{
		User: k.User, Teams: k.Teams, Client: k.Client, Version: k.TokenVersion, Scopes: k.Scope, Audience: k.Audience,
		ExpiresIn: int64(k.ExpiresIn / time.Second), AppOnly: k.AppOnly, Flaw: k.Flaw,
	}
	token, err := mint(c.Context, admin, body)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.Stdout, token)
	return err
}

// adminURL finds the administration of the emulator.
func (k *tokenCommand) adminURL() (string, error) {
	given, name := k.Admin, "--admin"
	if given == "" {
		given, name = k.Authority, "--authority"
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme != "http" || !config.LoopbackOnly(net.JoinHostPort(u.Hostname(), u.Port())) {
		return "", fmt.Errorf("%s: is not the http URL of an emulator on this machine, such as http://127.0.0.1:8081", name)
	}
	host := u.Host
	if k.Admin == "" {
		host = nextPort(u.Host)
	}
	if host == "" {
		return "", fmt.Errorf("%s: has no port, so the emulator's administration cannot be found; give --admin", name)
	}
	return "http://" + host, nil
}

// mint asks the emulator for a token.
func mint(ctx context.Context, admin string, body mintRequest) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, admin+"/token", bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy stands between here and loopback
	res, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("no emulator answers at %s; start one with acsauth-dev, and name it with --authority: %w", admin, errors.Unwrap(err))
	}
	defer res.Body.Close()
	var answer struct {
		Token string `json:"access_token"`
		Error string `json:"error"`
	}
	err = json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer)
	switch {
	case err == nil && answer.Error != "":
		return "", fmt.Errorf("the emulator refuses: %s", answer.Error)
	case err != nil || res.StatusCode != http.StatusOK || answer.Token == "":
		return "", fmt.Errorf("what answers at %s is not the administration of an emulator (status %d)", admin, res.StatusCode)
	}
	return answer.Token, nil
}
