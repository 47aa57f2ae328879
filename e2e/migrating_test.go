package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

// A migration is a page that leads from a sample to here, and a folder to follow it in.
type migration struct {
	*testing.T
	page, dir string
	emu       *process
	settings  string // the block of the page
}

// newMigration writes the settings of the page, with the emulator's values in the place of the examples.
func newMigration(t *testing.T, page string) *migration {
	t.Helper()
	m := &migration{T: t, page: "../docs/" + page, dir: t.TempDir(), emu: start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")}
	m.settings = m.block("settings", "```text\n")
	values := strings.NewReplacer("11aa22bb-0000-4000-8000-000000000001", emulator.TenantID, "11aa22bb-0000-4000-8000-000000000002", emulator.APIClientID,
		"11aa22bb-0000-4000-8000-000000000003", emulator.SPAClientID, "the-secret-of-the-sample", emulator.APIClientSecret,
		"endpoint=https://contoso.communication.azure.com/;accesskey=bm90LXJlYWw=", m.emu.ConnectionString, "https://login.microsoftonline.com", m.emu.ACS)
	text := values.Replace(m.settings)
	for name, value := range map[string]string{"ACSAUTH_AUTHORITY_HOST": m.emu.ACS, "ACSAUTH_GRAPH_URL": m.emu.Graph, "ACSAUTH_ACS_RESOURCE": emulator.ResourceID,
		"ACSAUTH_METRICS_LISTEN": "off", "ACSAUTH_GRAPH_JOURNAL": "sqlite:" + m.dir + "/journal.db"} {
		if name != "ACSAUTH_AUTHORITY_HOST" || !strings.Contains(text, "AzureActiveDirectory__Instance") {
			text += name + "=" + value + "\n"
		}
	}
	m.write("settings.env", strings.ReplaceAll(text, "sqlite:acsauth.db", "sqlite:"+m.dir+"/acsauth.db"))
	return m
}

func (m *migration) write(name, text string) {
	m.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		m.Fatal(err)
	}
}

// block is the code after a mark of the page.
func (m *migration) block(mark, fence string) string {
	m.Helper()
	text, err := os.ReadFile(m.page)
	if err != nil {
		m.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "<!-- run: "+mark+" -->\n"+fence)
	code, _, ok2 := strings.Cut(rest, "```")
	if !ok || !ok2 {
		m.Fatalf("%s has no block %q", m.page, mark)
	}
	return code
}

// run runs a block of the page in the folder.
func (m *migration) run(mark string) {
	m.Helper()
	script := "cd " + m.dir + "\n" + strings.ReplaceAll(m.block(mark, "```sh\n"), "acsauth mappings", production(m.T)+" mappings")
	out := strings.Join(play(m.T, strings.ReplaceAll(script, "sqlite:acsauth.db", "sqlite:"+m.dir+"/acsauth.db")), "\n")
	if !strings.Contains(out, "equal") {
		m.Errorf("%s: %s", mark, out)
	}
}

// serve starts the service with the settings of the page.
func (m *migration) serve() *process {
	m.Helper()
	return start(m.T, nil, "serve", "--json", "--config", filepath.Join(m.dir, "settings.env"), "--listen", "127.0.0.1:0")
}

// who asks as the samples' page does: it makes the user, and wants a token.
func (m *migration) who(server *process, token string) string {
	m.Helper()
	var u user
	if status, err := call("POST", server.Server+"/api/user", token, nil, &u); err != nil || status != 200 && status != 201 {
		m.Fatalf("POST /api/user: %d %s %v\n%s", status, u.Code, err, server.log)
	}
	if status, err := call("GET", server.Server+"/api/token", token, nil, nil); err != nil || status != http.StatusCreated {
		m.Fatalf("GET /api/token: %d %v", status, err)
	}
	return u.Identity
}

// sampleReads is what the samples find in the extension of a user: its acsUserIdentity.
func (m *migration) sampleReads() map[string]bool {
	m.Helper()
	var list []struct {
		Name string
		Data map[string]any
	}
	if status, err := call("GET", m.emu.Admin+"/mappings", "", nil, &list); err != nil || status != http.StatusOK {
		m.Fatal(status, err)
	}
	ids := map[string]bool{}
	for _, extension := range list {
		if id, ok := extension.Data["acsUserIdentity"].(string); ok && extension.Name == "com.contoso.identityMapping" {
			ids[id] = true
		}
	}
	return ids
}

// The two pages are followed: settings under the samples' names, one user at the first call, all at once, and the way back.
func TestMigrationsFromTheSamples(t *testing.T) {
	for _, page := range []string{"migrating-from-nodejs.md", "migrating-from-csharp.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			m := newMigration(t, page)
			m.checkSettings()
			first, second := asTheSample(t, m.emu, "user-1"), asTheSample(t, m.emu, "user-2")
			tokens := m.emu.tokens(t, 4)
			server := m.serve()
			if got := m.who(server, tokens[0]); got != string(first) {
				t.Errorf("at the first call the user has %s, the sample's mapping is %s", got, first)
			}
			server.kill()
			m.run("take over")
			server = m.serve()
			if got := m.who(server, tokens[1]); got != string(second) {
				t.Errorf("after all were taken over the user has %s, the sample's mapping is %s", got, second)
			}
			third := m.who(server, tokens[2])
			if status, err := call("DELETE", server.Server+"/api/user", tokens[3], nil, nil); err != nil || status != http.StatusNoContent {
				t.Errorf("DELETE of a user without an identity: %d %v", status, err)
			}
			server.kill()
			m.run("write back")
			if ids := m.sampleReads(); !ids[string(first)] || !ids[string(second)] || !ids[third] || len(ids) != 3 {
				t.Errorf("the sample finds %v; the users have %s %s %s", ids, first, second, third)
			}
		})
	}
}

// checkSettings has the production program check the very block of the page.
func (m *migration) checkSettings() {
	m.Helper()
	m.write("as-shown.env", m.settings)
	r := runToEnd(m.T, production(m.T), nil, "check", "--config", filepath.Join(m.dir, "as-shown.env"))
	if r.code != 0 || !strings.Contains(r.stdout, "The settings are good.") {
		m.Errorf("the settings of %s: %s%s", m.page, r.stdout, r.stderr)
	}
}

const runLocallyPage = "../docs/run-locally.md"

// Without Azure: the commands of the page print what it shows.
func TestRunLocallyWithoutAzure(t *testing.T) {
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	script, want := transcript(t, runLocallyPage, "<!-- run: without Azure -->")
	got := play(t, strings.NewReplacer("go run ./cmd/acsauth-dev", devBinary, "token --user", "token --authority "+p.Authority+" --user",
		"http://127.0.0.1:8080", p.Server, "http://127.0.0.1:8082", p.Admin).Replace(script))
	block{want: want}.checkPrinted(t, strings.Join(got, "\n"))
}

// With Azure, as far as it can be seen here: the production program finds both forms of the settings good, and nothing in them is too much.
func TestRunLocallyWithAzure(t *testing.T) {
	text, err := os.ReadFile(runLocallyPage)
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)<!-- check: ([a-z ]+) -->\n```text\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of settings", len(blocks))
	}
	for _, b := range blocks {
		path := filepath.Join(t.TempDir(), "local.env")
		if err := os.WriteFile(path, []byte(b[2]), 0o600); err != nil {
			t.Fatal(err)
		}
		r := runToEnd(t, production(t), nil, "check", "--config", path)
		if r.code != 0 || !strings.Contains(r.stdout, "The settings are good.") || !strings.Contains(r.stdout, "127.0.0.1:8080") {
			t.Errorf("%s: %s%s", b[1], r.stdout, r.stderr)
		}
	}
}
