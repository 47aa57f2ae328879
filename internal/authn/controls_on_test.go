//go:build uncontrolled

package authn_test

import (
	"os"
	"testing"

	"github.com/acs-solutions/acsauth/internal/authn"
)

func variable() string { return "ACSAUTH_UNCONTROLLED" }

// Each switch opens one door: the token is refused without it, accepted with it, and refused with all others.
func TestEachControlCounts(t *testing.T) {
	eachControl(t, func(t *testing.T, c control, v *authn.Verifier) {
		switched := func(name string) string {
			if err := os.Setenv(variable(), name); err != nil { // put back by eachControl
				t.Fatal(err)
			}
			return c.outcome(t, v)
		}
		if got := switched(""); got != c.code {
			t.Errorf("nothing switched off: %q, want %q", got, c.code)
		}
		if got := switched(c.name); got != "" {
			t.Errorf("%s switched off: %q", c.name, got)
		}
		for _, other := range controls() {
			if other.name != c.name && switched(other.name) == "" {
				t.Errorf("%s switched off lets the token in that %s stops", other.name, c.name)
			}
		}
	})
}
