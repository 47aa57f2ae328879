package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A mint is what the emulator's administration takes at POST /token.
type mint struct {
	User    string   `json:"user,omitempty"`
	Teams   bool     `json:"teams,omitempty"`
	Client  string   `json:"client,omitempty"`
	AppOnly bool     `json:"appOnly,omitempty"`
	Scopes  []string `json:"scopes,omitempty"`
	Flaw    string   `json:"flaw,omitempty"`
}

// minted are the wrong tokens that the emulator can sign. Those that are exact have one flaw only.
func minted() []struct {
	control, name string
	ask           mint
	exact         bool
} {
	return []struct {
		control, name string
		ask           mint
		exact         bool
	}{
		{"issuer", "an issuer that only begins like it", mint{Flaw: "issuer"}, true},
		{"tenant", "of another tenant", mint{Flaw: "tenant"}, true},
		{"audience", "for another API", mint{Flaw: "audience"}, true},
		{"expiry", "expired an hour ago", mint{Flaw: "expired"}, true},
		{"not-before", "valid in an hour", mint{Flaw: "notYetValid"}, true},
		{"id-token", "an ID token of the client", mint{Flaw: "idToken"}, true},
		{"id-token", "claims of an ID token", mint{Flaw: "idClaims"}, true},
		{"graph", "for Microsoft Graph", mint{Flaw: "graph"}, true},
		{"client", "of another client", mint{Client: newGUID()}, true},
		{"guest", "of a guest", mint{User: "gail"}, true},
		{"scope", "without scopes", mint{Flaw: "noScope"}, true},
		{"scope", "with another scope", mint{Scopes: []string{"access_as_user2"}}, true},
		{"app-only", "of a program", mint{Flaw: "appOnly"}, true},
		{"app-only", "of another program", mint{AppOnly: true}, false},
	}
}

// Mint has an emulator on this machine make all tokens for a run. admin is the URL of its administration.
func Mint(ctx context.Context, admin string) (Tokens, error) {
	u, err := url.Parse(admin)
	if err != nil || u.Scheme != "http" || !isLoopback(u.Hostname()) {
		return Tokens{}, errors.New("is not the http URL of an emulator's administration on this machine, such as http://127.0.0.1:8082")
	}
	c := newClient(defaultTimeout)
	defer c.CloseIdleConnections()
	var t Tokens
	at := strings.TrimRight(admin, "/") + "/token"
	if t.Good, err = ask(ctx, c, at, mint{}); err != nil {
		return Tokens{}, err
	}
	if t.Teams, err = ask(ctx, c, at, mint{Teams: true}); err != nil {
		return Tokens{}, err
	}
	for _, m := range minted() {
		token, err := ask(ctx, c, at, m.ask)
		if err != nil {
			return Tokens{}, err
		}
		t.Wrong = append(t.Wrong, Wrong{Control: m.control, Name: m.name, Token: token, Exact: m.exact})
	}
	return t, nil
}

func ask(ctx context.Context, c *http.Client, at string, m mint) (string, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return "", fmt.Errorf("no emulator answers there: %w", unreachable(err))
	}
	defer res.Body.Close()
	var a struct {
		Token string `json:"access_token"`
	}
	if json.NewDecoder(io.LimitReader(res.Body, maxBody)).Decode(&a) != nil || a.Token == "" {
		return "", fmt.Errorf("what answers there is not the administration of an emulator that has all flaws (status %d)", res.StatusCode)
	}
	return a.Token, nil
}
