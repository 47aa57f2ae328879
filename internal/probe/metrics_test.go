package probe

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// The document has every check of the positive side, and no other.
func TestDocumentListsThePositiveChecks(t *testing.T) {
	text, err := os.ReadFile("../../docs/probe.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## The positive side")
	table, _, _ := strings.Cut(rest, "A round takes")
	var documented []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|").FindAllStringSubmatch(table, -1) {
		documented = append(documented, m[1])
	}
	if !slices.Equal(documented, PositiveChecks()) {
		t.Errorf("documented: %v", documented)
	}
}

func TestSample(t *testing.T) {
	s := Sample{Mode: ModePositive, At: time.Unix(1000, 0), Took: time.Second}
	s.add("life", true, 1)
	s.add("life", false, 2)
	s.add("livez", true, 0)
	text := string(s.Text())
	for _, line := range []string{
		`acsauth_probe_success{mode="positive"} 0`, `acsauth_probe_duration_seconds{mode="positive"} 1`, `acsauth_probe_last_run_timestamp_seconds{mode="positive"} 1000`,
		`acsauth_probe_check_success{mode="positive",check="life"} 0`, `acsauth_probe_check_success{mode="positive",check="livez"} 1`,
		`acsauth_probe_check_duration_seconds{mode="positive",check="life"} 3`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("no %s in\n%s", line, text)
		}
	}
}

// The file is there as a whole or not at all, and nothing else is left behind.
func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.prom")
	s := Sample{Mode: ModeNegative, Passed: true}
	for range 2 {
		if err := s.WriteFile(path); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	info, serr := os.Stat(path)
	if err != nil || serr != nil || string(text) != string(s.Text()) || info.Mode().Perm() != 0o644 {
		t.Errorf("%v %v %q", err, serr, text)
	}
	if err := s.WriteFile(filepath.Join(dir, "no", "p.prom")); err == nil {
		t.Error("a folder that is not there is written to")
	}
	if err := os.Mkdir(filepath.Join(dir, "d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteFile(filepath.Join(dir, "d")); err == nil {
		t.Error("a folder is replaced")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%v", entries)
	}
}
