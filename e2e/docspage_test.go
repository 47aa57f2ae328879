package e2e

import (
	"html"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var curlForm = regexp.MustCompile(`(?s)<article id="(\w+)".*?<pre tabindex="0" aria-label="Example with curl">(.*?)</pre>`)

// TestCurlOfTheDocsPage runs each command of the documentation page, in its order. Users do not administrate: those commands get 403.
func TestCurlOfTheDocsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../api/reference.html")
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, map[string]string{"ACSAUTH_PUBLIC_URL": "https://acsauth.example"}, "--json", "--listen", "127.0.0.1:0")
	token := func(args ...string) string {
		out, err := exec.Command(devBinary, append([]string{"token", "--user", "alice", "--authority", p.Authority}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	env := append(os.Environ(), "API="+p.Server, "TOKEN="+token(), "TEAMS="+token("--teams"))
	commands := curlForm.FindAllSubmatch(page, -1)
	if len(commands) < 30 {
		t.Fatalf("%d commands", len(commands))
	}
	for _, m := range commands {
		id, command := string(m[1]), html.UnescapeString(string(m[2]))
		cmd := exec.CommandContext(t.Context(), "bash", "-c", command+` -o /dev/null -w '%{http_code}'`)
		cmd.Env = env
		status, err := cmd.Output()
		want := []string{"200", "201", "204"}
		if strings.HasPrefix(id, "admin") {
			want = []string{"403"}
		}
		if err != nil || !slices.Contains(want, string(status)) {
			t.Errorf("%s: %s, want %v (%v)\n%s", id, status, want, err, command)
		}
	}
}
