package emulator_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator"
)

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The manual has a row for each rehearsal, with its own words, and no other.
func TestManualListsRehearsals(t *testing.T) {
	text := page(t, "emulator.md")
	_, text, _ = strings.Cut(text, "## Rehearsals")
	text, _, _ = strings.Cut(text, "A transcript")
	var want []string
	for _, r := range emulator.Start(t, emulator.Options{}).Rehearsals() {
		want = append(want, "| `"+r.Name+"` | "+r.Summary+" |")
	}
	got := regexp.MustCompile("(?m)^\\| `.*$").FindAllString(text, -1)
	if !slices.Equal(got, want) {
		t.Errorf("docs/emulator.md has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The manual names each route that the administration itself lists.
func TestManualListsRoutes(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	b := newBrowser(t)
	_, text, _ := strings.Cut(page(t, "emulator.md"), "## Administration")
	paths := regexp.MustCompile(`(?m)^(?:GET|POST|DEL) +(/[a-z/]*)`).FindAllStringSubmatch(b.get(e.AdminURL()+"/").body, -1)
	if len(paths) < 20 {
		t.Fatalf("GET / lists %d routes", len(paths))
	}
	for _, p := range paths {
		if !strings.Contains(text, strings.TrimSuffix(p[1], "/")) {
			t.Errorf("docs/emulator.md does not name %s", p[1])
		}
	}
}

// Each divergence says how sure we are, in one of the words that the page explains.
func TestDivergencesSaySure(t *testing.T) {
	words := []string{"measured", "recorded", "recorded in part", "documented", "documented in part", "source", "reported", "guess", "by design"}
	rows := 0
	for line := range strings.Lines(page(t, "divergences.md")) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 2 || strings.HasPrefix(line, "| the emulator |") || strings.HasPrefix(line, "|---") {
			continue
		}
		rows++
		if len(cells) != 5 || !slices.Contains(words, strings.TrimSpace(cells[3])) || strings.TrimSpace(cells[1]) == "" {
			t.Errorf("not a row of three, or an unknown word: %s", line)
		}
	}
	if rows < 80 {
		t.Errorf("%d rows", rows)
	}
}
