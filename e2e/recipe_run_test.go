package e2e

import (
	"encoding/json"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A recipeRunner is what recipes run in: the program, and the variables that the page sets.
type recipeRunner struct {
	*process
	api, token, teams string
}

// newRecipeRunner runs the block that comes before all recipes. Only addresses are changed.
func newRecipeRunner(t *testing.T, p *process, b block) *recipeRunner {
	t.Helper()
	script := strings.NewReplacer("go run ./cmd/acsauth-dev token", devBinary+" token --authority "+p.Authority, "http://127.0.0.1:8080", p.Server).Replace(b.code)
	values := play(t, script+`printf '%s\n' "$API" "$TOKEN" "$TEAMS"`)
	if len(values) != 3 {
		t.Fatalf("API, TOKEN and TEAMS are %v", values)
	}
	return &recipeRunner{process: p, api: values[0], token: values[1], teams: values[2]}
}

// run runs a program with the variables and returns its standard output. install is the command for those who lack the program.
func (k *recipeRunner) run(t *testing.T, dir, install string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath(args[0]); err != nil {
		t.Fatalf("%v; run: %s", err, install)
	}
	var out, problem strings.Builder
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &problem
	cmd.Env = append(os.Environ(), "API="+k.api, "TOKEN="+k.token, "TEAMS="+k.teams)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", args[0], err, &out, &problem)
	}
	return out.String()
}

func (k *recipeRunner) shell(t *testing.T, b block) {
	k.run(t, "", "sudo apt-get install -y jq", "jq", "-n", "1") // bash would only say that a command is missing
	b.checkPrinted(t, k.run(t, "", "sudo apt-get install -y bash curl", "bash", "-euo", "pipefail", "-c", b.code))
}

func (k *recipeRunner) python(t *testing.T, b block) {
	b.checkPrinted(t, k.run(t, "", "sudo apt-get install -y python3", "python3", "-c", b.code))
}

// golang runs a program in the module of this repository, whose packages it may import.
func (k *recipeRunner) golang(t *testing.T, b block) {
	if tidy, err := format.Source([]byte(b.code)); err != nil || string(tidy) != b.code {
		t.Errorf("gofmt would change it: %v", err)
	}
	file := writeBlock(t, t.TempDir(), "main.go", b.code)
	b.checkPrinted(t, k.run(t, "", "see https://go.dev/doc/install", "go", "run", file))
}

// tsconfig checks as strictly as a new project does. The token client is taken from its source, which needs no build.
const tsconfig = `{"compilerOptions":{"strict":true,"noEmit":true,"target":"es2022","lib":["es2023","dom","dom.iterable"],"module":"preserve","skipLibCheck":true,"types":["node"],
"allowImportingTsExtensions":true,"paths":{"@acs-solutions/acsauth-token-client":["./token-client/src/index.ts"]}},"files":["main.ts"]}`

// typescript checks types, bundles as applications do, and runs the bundle in Node.
func (k *recipeRunner) typescript(t *testing.T, b block) {
	dir := t.TempDir()
	for from, to := range map[string]string{"../web/node_modules": "node_modules", "../web/packages/token-client": "token-client"} {
		path, err := filepath.Abs(from)
		if err == nil {
			err = os.Symlink(path, filepath.Join(dir, to))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	writeBlock(t, dir, "main.ts", b.code)
	writeBlock(t, dir, "tsconfig.json", tsconfig)
	const install = "(cd web && npm ci --ignore-scripts)"
	k.run(t, dir, install, filepath.Join(dir, "node_modules/.bin/tsc"), "--project", ".")
	k.run(t, dir, install, filepath.Join(dir, "node_modules/.bin/esbuild"), "main.ts", "--bundle", "--platform=node", "--format=esm", "--outfile=main.mjs",
		"--external:@azure/*", "--alias:@acs-solutions/acsauth-token-client=./token-client/src/index.ts")
	b.checkPrinted(t, k.run(t, dir, "see https://nodejs.org", "node", "main.mjs"))
}

// http sends a request as it is written, and reads what the clients of ACS read.
func (k *recipeRunner) http(t *testing.T, b block) {
	_, host, _ := strings.Cut(k.api, "://")
	w := &wire{addr: host}
	a, err := w.alone(strings.NewReplacer("\n", "\r\n", "{{host}}", host, "{{token}}", k.token).Replace(b.code))
	if err != nil || a.status != 200 {
		t.Fatalf("%v %s", err, a)
	}
	checkToken(t, a)
}

// checkToken reads an answer as strictly typed clients do.
func checkToken(t *testing.T, a answer) {
	t.Helper()
	var doc struct {
		Token                   string
		ExpiresOn, RefreshAfter time.Time
		User                    struct{ ID, RawID string }
	}
	if err := json.Unmarshal(a.body, &doc); err != nil {
		t.Fatal(err)
	}
	if strings.Count(doc.Token, ".") != 2 || !strings.HasPrefix(doc.User.ID, "8:") || doc.User.RawID != doc.User.ID || !doc.RefreshAfter.Before(doc.ExpiresOn) {
		t.Errorf("%s", a.body)
	}
	if h := a.header; h.Get("Content-Type") != "application/json" || h.Get("Content-Encoding") != "" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("header: %v", h)
	}
}

func writeBlock(t *testing.T, dir, name, text string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
