package e2e

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// A patient is a healthy set-up: an emulator, a PostgreSQL and settings that the doctor finds nothing in.
type patient struct {
	emu *emulator.Emulator
	pg  *parts.Postgres
	dsn string // of a new database
	env map[string]string
	url string // of the emulator, whose answers have the date of its own clock
}

// newPatient makes one. Its database is there, and empty.
func newPatient(t *testing.T, pg *parts.Postgres, databases placeKind) *patient {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := &patient{pg: pg, url: "http://" + server.Listener.Addr().String(), dsn: databases(t).env["ACSAUTH_STORE"]}
	p.emu = emulator.Start(t, emulator.Options{ListenAdmin: "none", PublicURL: p.url})
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", p.emu.Now().UTC().Format(http.TimeFormat))
		p.emu.Handler().ServeHTTP(w, r)
	})
	server.Start()
	t.Cleanup(server.Close)
	p.env = map[string]string{
		"ACSAUTH_METRICS_LISTEN": "127.0.0.1:0", "ACSAUTH_PUBLIC_URL": "https://acsauth.example", "ACSAUTH_AUTHORITY_HOST": p.url,
		"ACSAUTH_TENANT_IDS": emulator.TenantID, "ACSAUTH_CLIENT_ID": emulator.APIClientID, "ACSAUTH_ALLOWED_CLIENTS": emulator.SPAClientID,
		"ACSAUTH_ACS_CONNECTION_STRING": p.connection(emulator.AccessKeyPrimary), "ACSAUTH_ACS_RESOURCE": emulator.ResourceID,
		"ACSAUTH_STORE": p.dsn, "ACSAUTH_AUDIT": "stderr", "ACSAUTH_AUDIT_KEYS_FILE": p.secret(t, base64.StdEncoding.EncodeToString(make([]byte, 32)), 0o600),
		"ACSAUTH_LIMIT_USER": "120/1m", "ACSAUTH_LIMIT_TENANT": "6000/1m", "ACSAUTH_LIMIT_CREATES": "5/24h", "ACSAUTH_LIMIT_TENANT_CREATES": "1000/1m", "ACSAUTH_ACS_QUOTA": "90",
	}
	return p
}

func (p *patient) connection(key string) string { return "endpoint=" + p.url + ";accesskey=" + key }

// graph lets the identities be kept in Microsoft Graph.
func (p *patient) graph(mode string) {
	maps.Copy(p.env, map[string]string{
		"ACSAUTH_STORE": "graph:", "ACSAUTH_GRAPH_JOURNAL": p.dsn, "ACSAUTH_GRAPH_MODE": mode, "ACSAUTH_GRAPH_URL": p.url,
		"ACSAUTH_GRAPH_MAC_KEYS": strings.Repeat("QUFB", 12), "ACSAUTH_CLIENT_SECRET": emulator.APIClientSecret,
	})
}

func (*patient) secret(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

// sql runs statements in the database of the patient.
func (p *patient) sql(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// serve starts and stops the service, so that its tables are there.
func (p *patient) serve(t *testing.T) {
	t.Helper()
	s := start(t, p.env, "serve", "--json", "--listen", "127.0.0.1:0")
	_ = s.cmd.Process.Signal(os.Interrupt)
	_ = s.cmd.Wait()
}

func (p *patient) token(t *testing.T, r emulator.TokenRequest) string {
	t.Helper()
	token, err := p.emu.MintToken(r)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

type doctorResult struct{ ID, Name, Subject, Verdict, Seen, Change, Where string }

type doctorReport struct {
	Passed           bool
	Faults, Warnings int
	Results          []doctorResult
}

// findings are the checks with a fault or a warning, each once.
func (r doctorReport) findings(verdict string) (out []string) {
	for _, x := range r.Results {
		if x.Verdict == verdict && !slices.Contains(out, x.ID) {
			out = append(out, x.ID)
		}
	}
	return out
}

// runDoctor runs acsauth-dev doctor and returns its report, exit code and text. The form for people is asked for, too, if there is no canary.
func runDoctor(t *testing.T, env map[string]string, args ...string) (doctorReport, int, string) {
	t.Helper()
	cmd := exec.Command(devBinary, append([]string{"doctor", "--json", "--timeout", "5s"}, args...)...)
	for _, entry := range append(os.Environ(), "TMPDIR="+t.TempDir()) {
		if !strings.HasPrefix(entry, "ACSAUTH_") { // such as those of the tests themselves
			cmd.Env = append(cmd.Env, entry)
		}
	}
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return reported[doctorReport](t, cmd)
}

// closedPort is an address on which nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// brokenCase is one set-up with one fault.
type brokenCase struct {
	name    string
	damage  func(t *testing.T, p *patient)
	args    func(t *testing.T, p *patient) []string
	faults  []string // checks that must find it, and no other may
	warns   []string
	subject string // "": not looked at
	says    string // in what was seen
	change  string // in what to change, or where
}

// TestDoctorOnBrokenConfigurations: the doctor names each fault and no other, says what to change, and exits with 1.
func TestDoctorOnBrokenConfigurations(t *testing.T) {
	pg := startPostgres(t, parts.PostgresOptions{HBA: []string{"host all locked 127.0.0.1/32 scram-sha-256"}})
	databases := postgresPlaces(pg)
	for _, k := range slices.Concat(settingsCases(), entraCases(), acsCases(), storeCases()) {
		t.Run(k.name, func(t *testing.T) {
			p := newPatient(t, pg, databases)
			if k.damage != nil {
				k.damage(t, p)
			}
			var args []string
			if k.args != nil {
				args = k.args(t, p)
			}
			r, code, out := runDoctor(t, p.env, args...)
			k.compare(t, r, code, out)
			for _, leak := range []string{emulator.AccessKeyPrimary, emulator.AccessKeySecondary, emulator.APIClientSecret, "eyJ", "wrong-secret"} {
				if strings.Contains(out, leak) {
					t.Errorf("a secret is in the output: %s", out)
				}
			}
		})
	}
}

func (k brokenCase) compare(t *testing.T, r doctorReport, code int, out string) {
	t.Helper()
	wantCode := 0
	if len(k.faults) > 0 {
		wantCode = 1
	}
	if !slices.Equal(r.findings("fault"), k.faults) || !slices.Equal(r.findings("warning"), k.warns) || code != wantCode || r.Passed != (wantCode == 0) {
		t.Fatalf("exit code %d, want %d\n%s", code, wantCode, out)
	}
	for _, x := range r.Results {
		if x.Verdict != "fault" && x.Verdict != "warning" {
			continue
		}
		t.Logf("%s %s %s\n  seen    %s\n  change  %s\n  where   %s", x.Verdict, x.ID, x.Subject, x.Seen, x.Change, x.Where)
		if x.Change == "" || x.Where == "" || x.Seen == "" || x.Name == "" {
			t.Errorf("%s says too little", x.ID)
		}
		if !strings.Contains(x.Seen, k.says) || !strings.Contains(x.Change+" "+x.Where, k.change) || k.subject != "" && x.Subject != k.subject {
			t.Errorf("%s: not as expected", x.ID)
		}
	}
}

func set(name, value string) func(*testing.T, *patient) {
	return func(_ *testing.T, p *patient) { p.env[name] = value }
}

func settingsCases() []brokenCase {
	return []brokenCase{
		{name: "healthy, and an empty database"},
		{name: "healthy, with tables", damage: prepared},
		{name: "healthy, sqlite", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_STORE"] = "sqlite:" + filepath.Join(t.TempDir(), "a.db")
			p.serve(t)
		}},
		{name: "healthy, sqlite in use by the service", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_STORE"] = "sqlite:" + filepath.Join(t.TempDir(), "a.db")
			start(t, p.env, "serve", "--json", "--listen", "127.0.0.1:0")
		}},
		{name: "healthy, graph as the application", damage: func(_ *testing.T, p *patient) { p.graph("application") }},
		{name: "a setting is wrong", damage: set("ACSAUTH_TOKEN_LIFETIME", "5m"), faults: []string{"config.settings"}, subject: "ACSAUTH_TOKEN_LIFETIME", change: "60 to 1440"},
		{name: "two settings are wrong, the store is looked at all the same", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_TENANT_IDS"], p.env["ACSAUTH_SCOPES"] = "contoso.com", "fly"
		}, faults: []string{"config.settings"}, change: "ACSAUTH_"},
		{name: "a file that is missing", damage: set("ACSAUTH_POLICY", "/no/such/policy.json"), faults: []string{"config.files"}, subject: "ACSAUTH_POLICY", says: "no such file", change: "ACSAUTH_POLICY"},
		{name: "a secret that all can read", damage: func(t *testing.T, p *patient) {
			delete(p.env, "ACSAUTH_ACS_CONNECTION_STRING")
			p.env["ACSAUTH_ACS_CONNECTION_STRING_FILE"] = p.secret(t, p.connection(emulator.AccessKeyPrimary), 0o644)
		}, warns: []string{"config.secret-files"}, subject: "ACSAUTH_ACS_CONNECTION_STRING_FILE", says: "mode 0644", change: "chmod 600"},
		{name: "all clients and all origins", damage: func(_ *testing.T, p *patient) {
			p.env["ACSAUTH_ALLOWED_CLIENTS"], p.env["ACSAUTH_ALLOWED_ORIGINS"] = "*", "*"
		}, warns: []string{"config.clients", "config.origins"}, says: "any", change: "ACSAUTH_ALLOWED_"},
		{name: "a name of the samples", damage: func(_ *testing.T, p *patient) {
			p.env["CommunicationServices__ConnectionString"] = p.env["ACSAUTH_ACS_CONNECTION_STRING"]
			delete(p.env, "ACSAUTH_ACS_CONNECTION_STRING")
		}, warns: []string{"config.aliases"}, change: "ACSAUTH_ACS_CONNECTION_STRING"},
		{name: "no audit, no limit, no URL", damage: func(_ *testing.T, p *patient) {
			p.env["ACSAUTH_AUDIT"], p.env["ACSAUTH_LIMIT_USER"], p.env["ACSAUTH_PUBLIC_URL"] = "off", "off", ""
		}, warns: []string{"config.audit", "config.limits", "config.public-url"}, change: "ACSAUTH_"},
		{name: "replicas at one file", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_REPLICAS"], p.env["ACSAUTH_STORE"] = "3", "sqlite:"+filepath.Join(t.TempDir(), "a.db")
		}, faults: []string{"config.replicas"}, change: "postgres"},
		{name: "no receiver of telemetry", damage: func(t *testing.T, p *patient) {
			p.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://user:wrong-secret@" + closedPort(t)
		}, faults: []string{"telemetry.otlp"}, says: "refused", change: "OTEL_EXPORTER_OTLP_ENDPOINT"},
	}
}

// prepared is a patient whose tables are there.
func prepared(t *testing.T, p *patient) { p.serve(t) }

func entraCases() []brokenCase {
	user := func(r emulator.TokenRequest) func(*testing.T, *patient) []string {
		return func(t *testing.T, p *patient) []string { return []string{"--token", tokenFile(t, p.token(t, r))} }
	}
	return []brokenCase{
		{name: "healthy, with a token and graph as the user", damage: func(_ *testing.T, p *patient) { p.graph("delegated") }, args: user(emulator.TokenRequest{})},
		{name: "unknown tenant", damage: set("ACSAUTH_TENANT_IDS", "11aa22bb-0000-4000-8000-000000000001"), faults: []string{"issuer.metadata"}, says: "AADSTS90002", change: "ACSAUTH_TENANT_IDS"},
		{name: "authority not reached", damage: func(t *testing.T, p *patient) { p.env["ACSAUTH_AUTHORITY_HOST"] = "http://" + closedPort(t) }, faults: []string{"issuer.reach"}, says: "refused", change: "ACSAUTH_AUTHORITY_HOST"},
		{name: "a page of a proxy", damage: func(t *testing.T, p *patient) {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>sign in to the network")) }))
			t.Cleanup(proxy.Close)
			p.env["ACSAUTH_AUTHORITY_HOST"] = proxy.URL
		}, faults: []string{"issuer.metadata"}, says: "proxy", change: "ACSAUTH_AUTHORITY_HOST"},
		{name: "TLS is intercepted", damage: func(t *testing.T, p *patient) {
			proxy := httptest.NewTLSServer(http.NotFoundHandler())
			t.Cleanup(proxy.Close)
			p.env["ACSAUTH_AUTHORITY_HOST"] = proxy.URL
		}, faults: []string{"issuer.reach"}, says: "does not know", change: "interception"},
		{name: "clock an hour off", damage: func(t *testing.T, p *patient) {
			if err := p.emu.Advance(time.Hour); err != nil {
				t.Fatal(err)
			}
		}, faults: []string{"clock.issuer", "clock.acs"}, says: "behind", change: "NTP"},
		{name: "clock two minutes off", damage: func(t *testing.T, p *patient) {
			if err := p.emu.Advance(-2 * time.Minute); err != nil {
				t.Fatal(err)
			}
		}, warns: []string{"clock.issuer", "clock.acs"}, says: "ahead", change: "NTP"},
		{name: "wrong client secret", damage: func(_ *testing.T, p *patient) {
			p.graph("application")
			p.env["ACSAUTH_CLIENT_SECRET"] = "wrong-secret"
		}, faults: []string{"app.credential"}, says: "AADSTS7000215: the client secret is wrong", change: "ACSAUTH_CLIENT_SECRET_FILE"},
		{name: "expired client secret", damage: func(t *testing.T, p *patient) {
			p.graph("application")
			p.misfortune(t, "entra.token", emulator.Fault{Status: 401, Code: "AADSTS7000222"})
		}, faults: []string{"app.credential"}, says: "expired", change: "az ad app credential reset"},
		{name: "unknown application", damage: func(_ *testing.T, p *patient) {
			p.graph("application")
			p.env["ACSAUTH_CLIENT_ID"] = "11aa22bb-0000-4000-8000-000000000002"
		}, faults: []string{"app.credential"}, says: "AADSTS700016", change: "ACSAUTH_CLIENT_ID"},
		{name: "no permission in Graph", damage: func(t *testing.T, p *patient) {
			p.graph("application")
			p.misfortune(t, "graph.users", emulator.Fault{Status: 403})
		}, faults: []string{"app.permission"}, says: "403", change: "User.ReadWrite.All"},
		{name: "no consent", damage: func(t *testing.T, p *patient) {
			p.graph("delegated")
			p.emu.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
		}, args: user(emulator.TokenRequest{}), faults: []string{"app.consent"}, says: "AADSTS65001", change: "admin-consent"},
		{name: "a token for another API", args: user(emulator.TokenRequest{Flaw: emulator.FlawAudience}), faults: []string{"token"}, says: "token_audience", change: "ACSAUTH_CLIENT_ID"},
	}
}

func (p *patient) misfortune(t *testing.T, op string, f emulator.Fault) {
	t.Helper()
	if err := p.emu.AddFault(op, -1, f); err != nil {
		t.Fatal(err)
	}
}

// managed lets the service call ACS as a managed identity, which it asks at the given address for tokens.
func (p *patient) managed(endpoint string) {
	delete(p.env, "ACSAUTH_ACS_CONNECTION_STRING")
	p.env["ACSAUTH_ACS_ENDPOINT"], p.env["IDENTITY_ENDPOINT"], p.env["IDENTITY_HEADER"] = p.url, endpoint, emulator.IdentityHeader
}

func acsCases() []brokenCase {
	canary := func(*testing.T, *patient) []string { return []string{"--canary"} }
	return []brokenCase{
		{name: "healthy, with a canary", args: canary},
		{name: "wrong access key", damage: func(_ *testing.T, p *patient) {
			p.env["ACSAUTH_ACS_CONNECTION_STRING"] = p.connection("d3Jvbmctc2VjcmV0")
		},
			faults: []string{"acs.credential"}, subject: "ACSAUTH_ACS_CONNECTION_STRING", says: "401", change: "az communication list-key"},
		{name: "the second key is wrong", damage: func(_ *testing.T, p *patient) {
			p.env["ACSAUTH_ACS_CONNECTION_STRING_2"] = p.connection("d3Jvbmctc2VjcmV0")
		},
			faults: []string{"acs.credential"}, subject: "ACSAUTH_ACS_CONNECTION_STRING_2", says: "401", change: "ACSAUTH_ACS_CONNECTION_STRING_2"},
		{name: "healthy, managed identity", damage: func(_ *testing.T, p *patient) { p.managed(p.url + "/msi/token") }, args: canary},
		{name: "no managed identity", damage: func(t *testing.T, p *patient) { p.managed("http://" + closedPort(t) + "/msi/token") },
			faults: []string{"acs.identity"}, says: "managed-identity gives no token", change: "identity assign"},
		{name: "a managed identity without a role", damage: func(t *testing.T, p *patient) {
			p.managed(p.url + "/msi/token")
			p.misfortune(t, "issue", emulator.Fault{Status: 403})
		}, faults: []string{"acs.credential"}, subject: "managed-identity", says: "403", change: "az role assignment create"},
		{name: "ACS not reached", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_ACS_CONNECTION_STRING"] = "endpoint=http://" + closedPort(t) + ";accesskey=" + emulator.AccessKeyPrimary
		}, faults: []string{"acs.reach"}, says: "refused", change: "ACSAUTH_ACS_ENDPOINT"},
		{name: "another host than ACS", damage: func(t *testing.T, p *patient) {
			other := httptest.NewServer(http.NotFoundHandler())
			t.Cleanup(other.Close)
			p.env["ACSAUTH_ACS_CONNECTION_STRING"] = "endpoint=" + other.URL + ";accesskey=" + emulator.AccessKeyPrimary
		}, faults: []string{"acs.credential"}, says: "not ACS", change: "endpoint"},
		{name: "an API version that ACS does not have", damage: set("ACSAUTH_ACS_API_VERSION", "2019-01-01"), faults: []string{"acs.credential"}, says: "2019-01-01", change: "ACSAUTH_ACS_API_VERSION"},
		{name: "too many calls of ACS", damage: func(t *testing.T, p *patient) { p.misfortune(t, "issue", emulator.Fault{Status: 429}) }, warns: []string{"acs.credential"}, says: "429", change: "ACSAUTH_ACS_QUOTA"},
		{name: "the canary stays", damage: func(t *testing.T, p *patient) { p.misfortune(t, "delete", emulator.Fault{Status: 500}) }, args: canary,
			faults: []string{"acs.canary"}, says: "8:acs:" + emulator.ResourceID, change: "user delete --user 8:acs:"},
		{name: "the canary is of another resource", damage: set("ACSAUTH_ACS_RESOURCE", "11aa22bb-0000-4000-8000-000000000009"), args: canary,
			faults: []string{"acs.canary"}, says: "another resource", change: "immutableResourceId"},
	}
}

// elsewhere is a row of another ACS resource.
func elsewhere(t *testing.T, p *patient) {
	path := filepath.Join(t.TempDir(), "a.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "i", Subject: "s"}, State: acsauth.Active, Attempt: "a", Resource: "fabrikam", Generation: 1,
		Identity: "8:acs:11aa22bb-0000-4000-8000-000000000009_11aa22bb-0000-4000-8000-00000000000a"}
	if err := errors.Join(store.Insert(t.Context(), row), store.Close()); err != nil {
		t.Fatal(err)
	}
	p.env["ACSAUTH_STORE"] = "sqlite:" + path
}

// suspect leaves a line in the journal.
func suspect(t *testing.T, p *patient) {
	path := filepath.Join(t.TempDir(), "a.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	line := acsauth.JournalLine{Attempt: "a", Kind: acsauth.Suspect, User: "u", Resource: emulator.ResourceID}
	if err := errors.Join(store.PutLine(t.Context(), line), store.Close()); err != nil {
		t.Fatal(err)
	}
	p.env["ACSAUTH_STORE"] = "sqlite:" + path
}

func storeCases() []brokenCase {
	return []brokenCase{
		{name: "wrong password", damage: func(t *testing.T, p *patient) {
			p.sql(t, "DROP ROLE IF EXISTS locked", "CREATE ROLE locked LOGIN PASSWORD 'right'")
			p.env["ACSAUTH_STORE"], p.env["ACSAUTH_STORE_SECRET"] = strings.Replace(p.dsn, "postgres@", "locked@", 1), "wrong-secret"
		}, faults: []string{"store.open"}, says: "28P01", change: "ACSAUTH_STORE_SECRET_FILE"},
		{name: "database server down", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_STORE"] = "postgres://me@" + closedPort(t) + "/acsauth?sslmode=disable"
		},
			faults: []string{"store.open"}, says: "refused", change: "ACSAUTH_STORE"},
		{name: "no such database", damage: func(_ *testing.T, p *patient) { p.env["ACSAUTH_STORE"] = p.pg.DSN("nowhere") }, faults: []string{"store.open"}, says: "3D000", change: "make the database"},
		{name: "database is read-only", damage: func(t *testing.T, p *patient) {
			p.sql(t, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
		}, faults: []string{"store.open"}, says: "read-only", change: "ACSAUTH_STORE"},
		{name: "tables of a newer program", damage: func(t *testing.T, p *patient) {
			p.serve(t)
			p.sql(t, "UPDATE acsauth.compatibility SET oldest_program = 99")
		}, faults: []string{"store.schema"}, says: "newer", change: "newer acsauth"},
		{name: "no rights on a table", damage: func(t *testing.T, p *patient) {
			p.serve(t)
			p.sql(t, "DROP ROLE IF EXISTS poor", "CREATE ROLE poor LOGIN", "GRANT USAGE ON SCHEMA acsauth TO poor", "GRANT SELECT ON ALL TABLES IN SCHEMA acsauth TO poor")
			t.Cleanup(func() { p.sqlAfter("DROP OWNED BY poor", "DROP ROLE poor") })
			p.env["ACSAUTH_STORE"] = strings.Replace(p.dsn, "postgres@", "poor@", 1)
		}, faults: []string{"store.rights"}, says: "INSERT", change: "GRANT"},
		{name: "more connections than there are", damage: set("ACSAUTH_REPLICAS", "50"), warns: []string{"store.connections"}, says: "50 replicas", change: "max_connections"},
		{name: "folder of SQLite cannot be written to", damage: set("ACSAUTH_STORE", "sqlite:/proc/acsauth.db"), faults: []string{"store.folder"}, says: "not writable", change: "ACSAUTH_STORE"},
		{name: "folder of SQLite is missing", damage: set("ACSAUTH_STORE", "sqlite:/no/such/folder/a.db"), faults: []string{"store.folder"}, says: "does not exist", change: "ACSAUTH_STORE"},
		{name: "a file of another program", damage: func(t *testing.T, p *patient) {
			path := filepath.Join(t.TempDir(), "a.db")
			if err := os.WriteFile(path, []byte("this is no database, and not empty either"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.env["ACSAUTH_STORE"] = "sqlite:" + path
		}, faults: []string{"store.open"}, says: "sqlite", change: "ACSAUTH_STORE"},
		{name: "identities of another ACS resource", damage: elsewhere, faults: []string{"store.resource"}, says: "fabrikam", change: "ACSAUTH_ACS_RESOURCE"},
		{name: "a creation without an answer", damage: suspect, warns: []string{"store.journal"}, says: "1 suspects", change: "ACSAUTH_ACS_CUSTOM_IDS"},
	}
}

// The same for Azure Table Storage.
func TestDoctorOnTables(t *testing.T) {
	pg, tables := startPostgres(t, parts.PostgresOptions{}), tablesPlaces(startAzurite(t))
	databases := postgresPlaces(pg)
	for _, k := range []brokenCase{
		{name: "healthy"},
		{name: "wrong account key", damage: set("ACSAUTH_STORE_SECRET", "d3Jvbmctc2VjcmV0"), faults: []string{"store.open"}, says: "403", change: "Storage Table Data Contributor"},
		{name: "not reached", damage: func(t *testing.T, p *patient) {
			p.env["ACSAUTH_STORE"] = "tables:http://" + closedPort(t) + "/devstoreaccount1/acsauth"
		},
			faults: []string{"store.open"}, says: "refused", change: "ACSAUTH_STORE"},
	} {
		t.Run(k.name, func(t *testing.T) {
			p := newPatient(t, pg, databases)
			maps.Copy(p.env, tables(t).env)
			if k.damage != nil {
				k.damage(t, p)
			}
			r, code, out := runDoctor(t, p.env)
			k.compare(t, r, code, out)
		})
	}
}

// sqlAfter cleans up when the test is over, as far as it can.
func (p *patient) sqlAfter(statements ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.dsn)
	if err != nil {
		return
	}
	defer conn.Close(ctx)
	for _, s := range statements {
		_, _ = conn.Exec(ctx, s)
	}
}

// Nothing of the canary is left, whatever happens to it in between; if it cannot be deleted, its id is told.
func TestDoctorDeletesItsCanary(t *testing.T) {
	pg := startPostgres(t, parts.PostgresOptions{})
	p := newPatient(t, pg, postgresPlaces(pg))
	left := func() (ids []string) {
		for _, i := range p.emu.Identities() {
			if !i.Deleted {
				ids = append(ids, i.ID)
			}
		}
		return ids
	}
	if r, code, out := runDoctor(t, p.env, "--canary"); code != 0 || len(p.emu.Identities()) != 1 || len(left()) != 0 {
		t.Fatalf("%d %v\n%s", code, r, out)
	}
	if err := p.emu.AddFault("revoke", -1, emulator.Fault{Status: 500}); err != nil {
		t.Fatal(err)
	}
	if r, code, _ := runDoctor(t, p.env, "--canary"); code != 1 || !slices.Equal(r.findings("fault"), []string{"acs.canary"}) || len(p.emu.Identities()) != 2 || len(left()) != 0 {
		t.Errorf("%d, left %v", code, left())
	}
	p.emu.ClearFaults()
	if err := p.emu.AddFault("delete", -1, emulator.Fault{Status: 503}); err != nil {
		t.Fatal(err)
	}
	if _, code, out := runDoctor(t, p.env, "--canary"); code != 1 || len(left()) != 1 || !strings.Contains(out, left()[0]) {
		t.Errorf("%d, left %v, not told\n%s", code, left(), out)
	}
}
