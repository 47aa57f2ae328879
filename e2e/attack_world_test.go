package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/attack"
)

// slack is how long a token may be under way between here and its check.
const slack = 40

// A target is the real program, with a stand-in for Entra ID whose keys we have, and the emulator's ACS behind a counter.
type target struct {
	*process
	addr      string // host:port
	env       map[string]string
	world     attack.World
	authority *attack.Authority
	emu       *emulator.Emulator
	acs       atomic.Int64                     // requests to ACS
	backend   http.Handler                     // what is behind the counter
	acsHook   atomic.Pointer[http.HandlerFunc] // answers in the place of ACS, if there is one
	routes    []route
	minted    sync.Map // tokens that are used many times
}

// carol is a user whom administrators make and delete.
const carol = "ca401000-0000-4000-8000-00000000000c"

// startTarget starts everything. settings are those beside the usual ones.
func startTarget(t *testing.T, settings map[string]string) *target {
	t.Helper()
	return startTargetWith(t, func(_ *target, env map[string]string) { maps.Copy(env, settings) })
}

// startTargetWith lets a function change the settings once the authority is there.
func startTargetWith(t *testing.T, change func(*target, map[string]string)) *target {
	t.Helper()
	s := &target{emu: emulator.Start(t, emulator.Options{ListenAdmin: "none"})}
	var authority atomic.Pointer[attack.Authority]
	entra := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { authority.Load().ServeHTTP(w, r) }))
	t.Cleanup(entra.Close)
	s.world = attack.World{Host: strings.Replace(entra.URL, "127.0.0.1", "localhost", 1), Slack: slack}
	s.authority = attack.NewAuthority(s.world)
	authority.Store(s.authority)
	acs := httptest.NewServer(s.countACS(t))
	t.Cleanup(acs.Close)
	env := map[string]string{
		"ACSAUTH_LISTEN": "127.0.0.1:0", "ACSAUTH_METRICS_LISTEN": "127.0.0.1:0", "ACSAUTH_LOG_LEVEL": "debug",
		"ACSAUTH_AUTHORITY_HOST": s.world.Host, "ACSAUTH_TENANT_IDS": attack.TenantA + "," + attack.TenantB, "ACSAUTH_CLIENT_ID": attack.APIID,
		"ACSAUTH_ALLOWED_CLIENTS": attack.SPAID, "ACSAUTH_ALLOW_GUESTS": "false", "ACSAUTH_ADMIN_CLIENTS": attack.SPAID,
		"ACSAUTH_ACS_CONNECTION_STRING": strings.Replace(s.emu.ConnectionString(), s.emu.URL(), acs.URL, 1), "ACSAUTH_ACS_RESOURCE": emulator.ResourceID,
		"ACSAUTH_STORE":      "sqlite:" + t.TempDir() + "/acsauth.db",
		"ACSAUTH_LIMIT_USER": "off", "ACSAUTH_LIMIT_TENANT": "off", "ACSAUTH_LIMIT_CREATES": "off", "ACSAUTH_LIMIT_TENANT_CREATES": "off",
	}
	change(s, env)
	s.env = env
	s.process = start(t, env, "serve", "--json")
	_, s.addr, _ = strings.Cut(s.Server, "://")
	if env["ACSAUTH_TLS_CERTIFICATE"] != "" {
		return s // which is for handshakes only
	}
	s.routes = routesOf(t, s.bodies(t))
	return s
}

// bodies are good bodies by their name in the API description.
func (s *target) bodies(t *testing.T) map[string]string {
	t.Helper()
	var bob user
	token := attack.Mint(s.world.V2(), attack.Set("oid", attack.Bob), attack.Set("sub", "bob"))
	if status, err := call("POST", s.Server+"/getUser", token, nil, &bob); err != nil || status != http.StatusCreated {
		t.Fatalf("no identity for Bob: %d %v\n%s", status, err, s.log)
	}
	return map[string]string{
		"Nothing": "{}", "TokenWish": "{}", "TeamsUser": "{}",
		"AdminUser":     fmt.Sprintf(`{"user":{"tenantId":%q,"objectId":%q}}`, attack.TenantA, carol),
		"AdminIdentity": fmt.Sprintf(`{"identity":%q}`, bob.Identity),
		"AdminBatch":    fmt.Sprintf(`{"identities":[%q]}`, bob.Identity),
	}
}

// countACS stands before ACS: it counts, and exchanges the Teams tokens of our own authority, which the emulator cannot know.
func (s *target) countACS(t *testing.T) http.Handler {
	t.Helper()
	to, err := url.Parse(s.emu.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	s.backend = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ":exchangeAccessToken") {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"token":"exchanged","expiresOn":%q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			return
		}
		proxy.ServeHTTP(w, r)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.acs.Add(1)
		if hook := s.acsHook.Load(); hook != nil {
			(*hook)(w, r)
			return
		}
		s.backend.ServeHTTP(w, r)
	})
}

// once makes a token the first time that it is asked for.
func (s *target) once(name string, k func() *attack.Token, edits ...attack.Edit) string {
	if jwt, ok := s.minted.Load(name); ok {
		return jwt.(string)
	}
	jwt := attack.Mint(k(), edits...)
	s.minted.Store(name, jwt)
	return jwt
}

// good is the plain token for a route.
func (s *target) good(r route) string {
	if r.admin {
		return s.once("admin", s.world.V2, adminRoles)
	}
	return s.once("user", s.world.V2)
}

// teamsFor is a good Teams token of the user whose bearer token comes first, if it can be read, or else of Alice.
func (s *target) teamsFor(tokens []string) string {
	var who struct{ Oid, Tid string }
	if len(tokens) > 0 {
		if parts := strings.Split(tokens[0], "."); len(parts) == 3 {
			if raw, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
				_ = json.Unmarshal(raw, &who) // what cannot be read is Alice's
			}
		}
	}
	if len(who.Oid) != len(attack.Alice) || len(who.Tid) != len(attack.TenantA) {
		who.Oid, who.Tid = attack.Alice, attack.TenantA
	}
	return s.once("teams "+who.Oid+who.Tid, s.world.Teams, attack.Set("oid", who.Oid), attack.Set("tid", who.Tid))
}

var panicsForm = regexp.MustCompile(`(?m)^acsauth_http_panics_total (\d+)$`)

// health fails unless the process is up and nothing in it panicked.
func (s *target) health(t *testing.T) {
	t.Helper()
	resp, err := client.Get(s.Metrics)
	if err != nil {
		t.Fatalf("the process is gone: %v\n%.4000s", err, s.log)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	m := panicsForm.FindStringSubmatch(b.String())
	if m == nil || m[1] != "0" {
		t.Errorf("panics: %v", m)
	}
	if status, err := call("GET", s.Server+"/readyz", "", nil, nil); err != nil || status != 200 {
		t.Errorf("readyz: %d, %v", status, err)
	}
}

// memory is the resident memory of the process in bytes.
func (s *target) memory(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0 // not Linux
	}
	var total, resident int64
	if _, err := fmt.Sscan(string(b), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}
