package storetest

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestGuide: the guide shows the example that is compiled, and counts the checks that there are.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../docs/writing-a-store.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("newstore_test.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(guide), "```go\n"+string(example)+"```\n") {
		t.Error("docs/writing-a-store.md does not show storetest/newstore_test.go as it is")
	}
	want := map[string]int{}
	for _, name := range Checks() {
		area, _, _ := strings.Cut(name, "/")
		want[area]++
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z]+)/` \\| ([0-9]+) \\|").FindAllStringSubmatch(string(guide), -1) {
		if n, err := strconv.Atoi(row[2]); err != nil || n != want[row[1]] {
			t.Errorf("docs/writing-a-store.md counts %s checks of %s/, there are %d", row[2], row[1], want[row[1]])
		}
		delete(want, row[1])
	}
	if len(want) > 0 {
		t.Errorf("docs/writing-a-store.md does not know %v", want)
	}
}

// TestNames: no two checks have one name, and each is area/promise.
func TestNames(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range Checks() {
		if seen[name] || !regexp.MustCompile(`^[a-z]+/[a-z_]+$`).MatchString(name) {
			t.Errorf("%q is a bad name, or there twice", name)
		}
		seen[name] = true
	}
}
