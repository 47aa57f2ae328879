// Package playground is the page to try the service: a person signs in with MSAL, calls every operation, and sees what
// was sent and what came back. Its source is in web/playground; the folder dist is made from it by web/playground/build.js.
package playground

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

var (
	//go:embed dist/index.html
	index []byte
	//go:embed dist/app.js
	script []byte
	//go:embed dist/style.css
	style []byte
	//go:embed dist/licences.txt
	licences []byte
)

// Options say how the page signs users in.
type Options struct {
	// ClientID is the single-page application that signs in. Required.
	ClientID string
	// Authorities are issuers of Entra ID, such as https://login.microsoftonline.com/{tenant}/v2.0. The first is the default. Required.
	Authorities []string
	// Scope is what the page asks for to call the service, TeamsScopes what it asks for to exchange tokens.
	Scope       string
	TeamsScopes []string
	// Users are those of the emulator, whom the page offers to sign in as. Empty but in development.
	Users []string
	// Inspect is the page of the emulator. Empty but in development.
	Inspect string
}

// A File is one that the page is made of.
type File struct {
	Path, Type string
	Policy     string // its Content-Security-Policy, if it has one of its own
	Body       []byte
}

// settings is what the page reads at /playground/config.json.
type settings struct {
	ClientID    string   `json:"clientId"`
	Authorities []string `json:"authorities"`
	Scope       string   `json:"scope"`
	TeamsScopes []string `json:"teamsScopes"`
	Users       []string `json:"users"`
	Inspect     string   `json:"inspect"`
}

// Files returns all files of the page.
func Files(o Options) ([]File, error) {
	if o.ClientID == "" || o.Scope == "" || len(o.Authorities) == 0 {
		return nil, errors.New("playground: client id, scope and authorities are required")
	}
	var origins []string
	for _, a := range o.Authorities {
		origin, err := originOf(a)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	config, err := json.Marshal(settings{o.ClientID, o.Authorities, o.Scope, list(o.TeamsScopes), list(o.Users), o.Inspect})
	if err != nil {
		return nil, err
	}
	return []File{
		{Path: "/", Type: "text/html; charset=utf-8", Policy: policy(origins), Body: index},
		{Path: "/playground/app.js", Type: "text/javascript; charset=utf-8", Body: script},
		{Path: "/playground/style.css", Type: "text/css; charset=utf-8", Body: style},
		{Path: "/playground/licences.txt", Type: "text/plain; charset=utf-8", Body: licences},
		{Path: "/playground/config.json", Type: "application/json", Body: config},
	}, nil
}

// list is never null in JSON.
func list(s []string) []string { return append([]string{}, s...) }

// policy lets the page run its own script and talk to this server and to the authorities, and nothing else. Trusted Types
// keep text from becoming markup.
func policy(origins []string) string {
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self' " + strings.Join(origins, " ") +
		"; require-trusted-types-for 'script'; trusted-types 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
}

// originOf returns the origin of a URL, in characters that cannot break out of a policy.
func originOf(authority string) (string, error) {
	u, err := url.Parse(authority)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.ContainsAny(u.Host, " ;,'\"*") {
		return "", fmt.Errorf("playground: %q is no authority", authority)
	}
	return u.Scheme + "://" + u.Host, nil
}
