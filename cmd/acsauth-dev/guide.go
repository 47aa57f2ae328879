package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/acs-solutions/acsauth/emulator"
)

const guide = `
acsauth is ready, with an emulator of Entra ID, Graph and ACS. For development only: everybody
signs in without a password. Stop it with Ctrl-C.

  try it          {server}/        (a page: sign in and press the buttons)
  service         {server}
  metrics         {metrics}
  Entra ID        {authority}
  Graph, ACS      {acs}
  administration  {admin}   (users, identities, counters, faults)
  data            {data}

  users           {users}
  sign-in client  {client}
  scope           {scope}

Try it in another terminal (carol has no Teams licence, gail is a guest):

  TOKEN=$({self} token --user alice --authority {base})
  curl -sS -H "Authorization: Bearer $TOKEN" {server}/getUser
  curl -sS -H "Authorization: Bearer $TOKEN" {server}/getToken
  curl -sS -X POST -H "Authorization: Bearer $TOKEN" {server}/refreshToken
  TEAMS=$({self} token --user alice --teams --authority {base})
  curl -sS -X POST -H "Authorization: Bearer $TOKEN" -H "teams-user-aad-token: $TEAMS" {server}/exchangeToken
  curl -sS -i -X POST -H "Authorization: Bearer $TOKEN" {server}/revokeTokens
  curl -sS -i -X DELETE -H "Authorization: Bearer $TOKEN" {server}/api/user
  curl -sS {admin}/identities

`

const emulatorGuide = `
The emulator of Entra ID, Graph and ACS is ready. For development only: everybody signs in without a
password. Stop it with Ctrl-C.

  Entra ID        {authority}
  Graph, ACS      {acs}
  over TLS        {tls}
  administration  {admin}   (page: {admin}/ui)
  connection      {connection}
  over TLS        {tlsconnection}

  users           {users}
  sign-in client  {client}
  scope           {scope}

Trust its certificate, in one line for each platform:

{trust}

Variables that SDKs read:

{sdk}

Run our service against it from another terminal:

{exports}
  {self} serve

`

func printGuide(w io.Writer, in info) error { return fill(w, guide, in) }

func printEmulatorGuide(w io.Writer, in emulatorInfo) error {
	tls := tlsInfo{URL: "off", ConnectionString: "off"}
	if in.TLS != nil {
		tls = *in.TLS
	}
	text := strings.NewReplacer(
		"{tls}", tls.URL, "{tlsconnection}", tls.ConnectionString, "{connection}", in.ConnectionString,
		"{trust}", trustText(in.Trust), "{sdk}", exports(in.SDK),
	).Replace(emulatorGuide)
	return fill(w, text, in.info)
}

// trustText writes the lines for all platforms below each other.
func trustText(lines []trustLine) string {
	if len(lines) == 0 {
		return "  (TLS is off)"
	}
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "  %-27s%s\n", l.Platform, l.Command)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// fill puts addresses and ids into a guide.
func fill(w io.Writer, text string, in info) error {
	var users []string
	for _, u := range in.Users {
		if u.TenantID == "" || u.TenantID == emulator.TenantID {
			users = append(users, u.Name)
		}
	}
	metrics := in.Metrics
	if metrics == "" {
		metrics = "off"
	}
	_, err := strings.NewReplacer(
		"{server}", in.Server, "{metrics}", metrics, "{authority}", in.Authority, "{acs}", in.ACS, "{base}", in.ACS,
		"{admin}", in.Admin, "{data}", in.Data, "{users}", strings.Join(users, ", "), "{client}", in.ClientID,
		"{scope}", in.Scope, "{self}", self(), "{exports}", exports(in.Env),
	).WriteString(w, text)
	return err
}

// exports writes settings as lines for a shell.
func exports(env map[string]string) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		lines = append(lines, fmt.Sprintf("  export %s=%s", name, shellQuote(env[name])))
	}
	return strings.Join(lines, "\n")
}

// self is how to call this program from a shell.
func self() string {
	const name = "acsauth-dev"
	path, err := os.Executable()
	if err != nil {
		return name
	}
	if found, err := exec.LookPath(name); err == nil && found == path {
		return name
	}
	if strings.Contains(filepath.ToSlash(path), "/go-build") { // made by go run, and gone when it ends
		return "go run ./cmd/" + name
	}
	return "'" + path + "'"
}
