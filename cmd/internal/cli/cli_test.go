package cli

import (
	"errors"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type testGrammar struct {
	Version kong.VersionFlag

	Work testCommand `cmd:""`
}

type testCommand struct {
	Fail string
}

func (k *testCommand) Run(c Call) error {
	switch k.Fail {
	case "":
		_, err := c.Stdout.Write([]byte("done\n"))
		return err
	case "said":
		return Said(Failure)
	case "misused":
		return Misused(errors.Join(errors.New("one"), errors.New("two")))
	}
	return errors.New(k.Fail)
}

func TestProgram(t *testing.T) {
	for _, test := range []struct {
		args           string
		code           int
		stdout, stderr string
	}{
		{"work", OK, "done\n", ""},
		{"work --fail=badly", Failure, "", "p: badly\n"},
		{"work --fail=said", Failure, "", ""},
		{"work --fail=misused", Usage, "", "p: 2 faults:\n  one\n  two\n"},
		{"--version", OK, "v1\n", ""},
		{"rest", Usage, "", "p: unexpected argument rest\nRun p --help to see what there is.\n"},
		{"", Usage, "", "p: expected \"work\"\nRun p --help to see what there is.\n"},
	} {
		var stdout, stderr strings.Builder
		p := Program{Name: "p", Grammar: &testGrammar{}, Vars: kong.Vars{"version": "v1"}}
		code := p.Run(Call{Context: t.Context(), Stdout: &stdout, Stderr: &stderr}, strings.Fields(test.args))
		if code != test.code || stdout.String() != test.stdout || stderr.String() != test.stderr {
			t.Errorf("%q: code %d\n%s%s", test.args, code, &stdout, &stderr)
		}
	}
}
