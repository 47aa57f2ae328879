package playground

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../../"

func good() Options {
	return Options{ClientID: "9d8e0000-0000-4000-8000-000000000001", Authorities: []string{"https://login.microsoftonline.com/t/v2.0", "https://login.microsoftonline.com/u/v2.0", "http://127.0.0.1:8081/t/v2.0"},
		Scope: "api://x/access_as_user"}
}

func files(t *testing.T, o Options) map[string]File {
	t.Helper()
	all, err := Files(o)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]File{}
	for _, f := range all {
		m[f.Path] = f
	}
	return m
}

func TestFiles(t *testing.T) {
	all := files(t, good())
	page := all["/"]
	if !strings.Contains(page.Policy, "connect-src 'self' https://login.microsoftonline.com http://127.0.0.1:8081;") || strings.Contains(page.Policy, "unsafe") {
		t.Errorf("policy %s", page.Policy)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/[^"#]*)"`).FindAllStringSubmatch(string(page.Body), -1) {
		if _, ok := all[m[1]]; !ok && !slices.Contains([]string{"/docs", "/openapi.yaml"}, m[1]) {
			t.Errorf("the page wants %s, which is not there", m[1])
		}
	}
	for _, bad := range []string{" style=", "<script>", " onclick="} {
		if strings.Contains(string(page.Body), bad) {
			t.Errorf("the page has %q, which its policy refuses", bad)
		}
	}
	var s map[string]any
	if err := json.Unmarshal(all["/playground/config.json"].Body, &s); err != nil || s["users"] == nil || s["teamsScopes"] == nil || s["clientId"] != good().ClientID {
		t.Errorf("%v %v", s, err)
	}
}

func TestBadOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no client":      func(o *Options) { o.ClientID = "" },
		"no scope":       func(o *Options) { o.Scope = "" },
		"no authority":   func(o *Options) { o.Authorities = nil },
		"no URL":         func(o *Options) { o.Authorities = []string{"login"} },
		"another scheme": func(o *Options) { o.Authorities = []string{"javascript:alert(1)"} },
		"a wider policy": func(o *Options) { o.Authorities = []string{"https://*/t"} },
		"two directives": func(o *Options) { o.Authorities = []string{"https://a;script-src/t"} },
	} {
		o := good()
		change(&o)
		if _, err := Files(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestBundleIsCurrent finds a page that was not made anew after its source changed. That the page is what the source makes, byte
// for byte, is checked by node web/playground/build.js --check, which needs Node.
func TestBundleIsCurrent(t *testing.T) {
	want, err := os.ReadFile("dist/sources.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, folder := range []string{"web/playground/src", "web/packages/token-client/src"} {
		entries, err := os.ReadDir(root + folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := os.ReadFile(filepath.Join(root, folder, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(b)
			got.WriteString(hex.EncodeToString(sum[:]) + "  " + folder + "/" + e.Name() + "\n")
		}
	}
	if got.String() != string(want) {
		t.Errorf("internal/playground/dist is not made from its source; run: cd web && npm ci && node playground/build.js\n%s", got.String())
	}
	for _, name := range []string{"index.html", "style.css"} {
		source, err := os.ReadFile(root + "web/playground/src/" + name)
		made, merr := os.ReadFile("dist/" + name)
		if err != nil || merr != nil || string(source) != string(made) {
			t.Errorf("dist/%s differs from its source", name)
		}
	}
}
