package attack_test

import (
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// Names are unique within a class, and a bad token is never its twin.
func TestCasesDiffer(t *testing.T) {
	w := attack.World{Host: "http://localhost:4000", Slack: 30}
	names, count := map[string]bool{}, map[byte]int{}
	for _, c := range append(w.Cases(), w.TeamsCases()...) {
		key := c.String()
		if c.V1 {
			key += " (v1)"
		}
		if names[key] {
			t.Errorf("there are two cases %q", key)
		}
		names[key] = true
		count[c.Class]++
		if w.Bad(c) == w.Good(c) {
			t.Errorf("%s: the token is the good one", c)
		}
	}
	for class, least := range map[byte]int{'A': 44, 'B': 40, 'C': 52, 'D': 32, 'E': 34, 'F': 48, 'G': 26, 'H': 34, 'I': 28, 'J': 36, 'K': 44, 'L': 16, 'N': 48} {
		if count[class] < least {
			t.Errorf("class %c has %d cases, planned are %d", class, count[class], least)
		}
	}
	t.Logf("%v", count)
}

func TestTwins(t *testing.T) {
	w := attack.World{Host: attack.PublicHost}
	names := map[string]bool{}
	for _, twin := range w.Twins() {
		if names[twin.Name] {
			t.Errorf("there are two twins %q", twin.Name)
		}
		names[twin.Name] = true
		if n := len(w.Mint(twin)); n > 16<<10 {
			t.Errorf("%s has %d bytes", twin.Name, n)
		}
	}
	if len(names) < 72 {
		t.Errorf("there are %d twins, planned are 72", len(names))
	}
}
