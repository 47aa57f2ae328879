package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var member = regexp.MustCompile(`"(\w+)":`)

// transcript is the first shell block after a mark in a document, and the answers that it shows.
func transcript(t *testing.T, file, mark string) (script string, want []string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), mark)
	_, rest, ok2 := strings.Cut(rest, "```sh\n")
	script, _, ok3 := strings.Cut(rest, "```")
	if !ok || !ok2 || !ok3 {
		t.Fatalf("%s has no transcript after %q", file, mark)
	}
	for line := range strings.Lines(script) {
		if w, ok := strings.CutPrefix(line, "#> "); ok {
			want = append(want, strings.TrimSpace(w))
		}
	}
	return script, want
}

// play runs a script and returns the lines that it prints.
func play(t *testing.T, script string) []string {
	t.Helper()
	out, err := exec.Command("bash", "-euo", "pipefail", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })
}

// The transcript in the README works as printed; only addresses are changed.
func TestReadmeTranscript(t *testing.T) {
	script, want := transcript(t, "../README.md", "## Try it")
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	got := play(t, strings.NewReplacer("go run ./cmd/acsauth-dev token", devBinary+" token --authority "+p.Authority,
		"http://127.0.0.1:8080", p.Server).Replace(script))
	if len(got) != len(want) || len(want) < 8 {
		t.Fatalf("%d answers, the README shows %d: %v", len(got), len(want), got)
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

// The transcript of a rehearsal prints exactly what the page of the emulator shows.
func TestRehearsalTranscript(t *testing.T) {
	script, want := transcript(t, "../docs/emulator.md", "A transcript")
	p := start(t, nil, "--json", "--listen", "127.0.0.1:0")
	got := play(t, strings.NewReplacer("http://127.0.0.1:8080", p.Server, "http://127.0.0.1:8082", p.Admin).Replace(script))
	if len(want) < 4 || !slices.Equal(got, want) {
		t.Errorf("printed:\n%s\nthe page shows:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
