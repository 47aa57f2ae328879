package golang

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"text/tabwriter"
)

// The modules under test.
const (
	azidentityModule = "github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	msalModule       = "github.com/AzureAD/microsoft-authentication-library-for-go"
)

// row is a call of an SDK.
type row struct {
	module, call string
	made, passed int
}

// ledger keeps the calls made, in the order of the first of each, and which of them were made by tests that passed.
type ledger struct{ rows []*row }

// check is a test whose calls count as passed when it passes.
type check struct {
	*testing.T
	*world
	mine []*row
}

// check runs a test. Tests run one after the other.
func (w *world) check(t *testing.T, name string, body func(*check)) {
	t.Run(name, func(t *testing.T) {
		c := &check{T: t, world: w}
		body(c)
		if t.Failed() {
			return
		}
		for _, r := range c.mine {
			r.passed++
		}
	})
}

// azidentity notes a call of azidentity that follows, and msal one of MSAL.
func (c *check) azidentity(call string) {
	c.mine = append(c.mine, c.calls.made(azidentityModule, call))
}
func (c *check) msal(call string) { c.mine = append(c.mine, c.calls.made(msalModule, call)) }

func (l *ledger) made(module, call string) *row {
	for _, r := range l.rows {
		if r.module == module && r.call == call {
			r.made++
			return r
		}
	}
	r := &row{module: module, call: call, made: 1}
	l.rows = append(l.rows, r)
	return r
}

func (l *ledger) has(module, call string) bool {
	for _, r := range l.rows {
		if r.module == module && r.call == call {
			return true
		}
	}
	return false
}

// version is the version of a module that this test is built with. Go puts no module versions into a test's build information.
func version(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatalf("go list -m %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// print renders the matrix: one line a call, one line of totals a module.
func (l *ledger) print(t *testing.T) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "package\tversion\tcall\tmade\tpassed")
	for _, module := range []string{azidentityModule, msalModule} {
		name, v := module[strings.LastIndex(module, "/")+1:], version(t, module)
		kinds, made, passed := 0, 0, 0
		for _, r := range l.rows {
			if r.module == module {
				kinds, made, passed = kinds+1, made+r.made, passed+r.passed
				fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%d\n", name, v, r.call, r.made, r.passed)
			}
		}
		fmt.Fprintf(out, "%s\t%s\tall %d\t%d\t%d\n", name, v, kinds, made, passed)
	}
	if err := out.Flush(); err != nil {
		t.Error(err)
	}
}
