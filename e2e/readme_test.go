package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var member = regexp.MustCompile(`"(\w+)":`)

// The transcript in the README works as printed; only addresses are changed.
func TestReadmeTranscript(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(readme), "## Try it")
	_, rest, ok2 := strings.Cut(rest, "```sh\n")
	script, _, ok3 := strings.Cut(rest, "```")
	if !ok || !ok2 || !ok3 {
		t.Fatal("the README has no transcript")
	}
	var want []string
	for _, line := range strings.Split(script, "\n") {
		if w, ok := strings.CutPrefix(line, "#> "); ok {
			want = append(want, w)
		}
	}
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	script = strings.NewReplacer("go run ./cmd/acsauth-dev token", devBinary+" token --authority "+p.Authority,
		"http://127.0.0.1:8080", p.Server).Replace(script)
	out, err := exec.Command("bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
	if len(got) != len(want) || len(want) < 8 {
		t.Fatalf("%d answers, the README shows %d:\n%s", len(got), len(want), out)
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && got[i] != w {
			t.Errorf("answer %d is %s, the README shows %s", i+1, got[i], w)
		}
		for _, m := range member.FindAllStringSubmatch(w, -1) {
			if !strings.Contains(got[i], m[0]) {
				t.Errorf("answer %d has no member %q: %s", i+1, m[1], got[i])
			}
		}
	}
}
