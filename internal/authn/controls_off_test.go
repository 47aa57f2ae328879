//go:build !uncontrolled

package authn_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/authn"
)

// variable is put together when the test runs, so that this binary does not hold it.
func variable() string { return strings.Join([]string{"ACSAUTH", "UNCONTROLLED"}, "_") }

// In a normal build no control can be switched off, and the switch is not even there.
func TestNoControlCanBeSwitchedOff(t *testing.T) {
	eachControl(t, func(t *testing.T, c control, v *authn.Verifier) {
		if err := os.Setenv(variable(), c.name); err != nil { // put back by eachControl
			t.Fatal(err)
		}
		if got := c.outcome(t, v); got != c.code {
			t.Errorf("%q, want %q", got, c.code)
		}
	})
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(binary, []byte(variable())) {
		t.Errorf("the program knows %s", variable())
	}
}
