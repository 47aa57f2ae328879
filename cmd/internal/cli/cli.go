// Package cli is what the command lines of both programs have in common.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes of both programs.
const (
	OK      = 0
	Failure = 1 // something went wrong at work
	Usage   = 2 // the command line or the settings are wrong
)

// A Program is one binary.
type Program struct {
	Name        string
	Description string
	Grammar     any // pointer to a struct with kong's tags
	Groups      []kong.Group
	Vars        kong.Vars // values for the tags of the grammar
}

// A Call is one run of a program: what it was given, and where it may write.
type Call struct {
	Context        context.Context
	Env            []string
	Stdout, Stderr io.Writer
}

// Main runs a program until it ends, or until an interrupt or SIGTERM has made
// it stop, and returns its exit code. A second signal ends the process at once.
func Main(run func(ctx context.Context, args, env []string, stdout, stderr io.Writer) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
}

// A runner is what each command of a grammar has to be.
type runner interface {
	Run(Call) error
}

// Run parses the command line, runs the command it names, and returns the exit code.
func (p Program) Run(c Call, args []string) int {
	printed := false
	options := []kong.Option{
		kong.Name(p.Name), kong.Description(p.Description), kong.Writers(c.Stdout, c.Stderr),
		kong.Exit(func(int) { printed = true }), kong.ExplicitGroups(p.Groups), p.Vars,
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
	}
	parser, err := kong.New(p.Grammar, options...)
	if err != nil {
		return p.report(c, err) // the grammar itself is wrong; a test sees it
	}
	parsed, err := parser.Parse(args)
	if printed {
		return OK // --help or --version said it all
	}
	if err != nil {
		fmt.Fprintf(c.Stderr, "%s: %v\nRun %s --help to see what there is.\n", p.Name, err, p.Name)
		return Usage
	}
	command, ok := parsed.Selected().Target.Addr().Interface().(runner)
	if !ok {
		return p.report(c, errors.New("no such command"))
	}
	return p.report(c, command.Run(c))
}

// report prints what went wrong and chooses the exit code.
func (p Program) report(c Call, err error) int {
	if err == nil || errors.Is(err, errSaid) {
		return codeOf(err)
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) == 1 {
		fmt.Fprintf(c.Stderr, "%s: %s\n", p.Name, lines[0])
		return codeOf(err)
	}
	fmt.Fprintf(c.Stderr, "%s: %d faults:\n", p.Name, len(lines))
	for _, line := range lines {
		fmt.Fprintf(c.Stderr, "  %s\n", line)
	}
	return codeOf(err)
}

// errSaid marks an error that the user has been told about.
var errSaid = errors.New("said")

// Said returns an error for the exit code only: the user has been told.
func Said(code int) error { return &coded{code, errSaid} }

// Misused marks an error as one of the command line or the settings.
func Misused(err error) error { return &coded{Usage, err} }

type coded struct {
	code int
	err  error
}

func (e *coded) Error() string { return e.err.Error() }
func (e *coded) Unwrap() error { return e.err }

func codeOf(err error) int {
	if err == nil {
		return OK
	}
	if e, ok := errors.AsType[*coded](err); ok {
		return e.code
	}
	return Failure
}

// Version describes this build, such as "acsauth v1.2.3 (1a2b3c4d5e6f, go1.26.8 linux/amd64)".
func Version(name string) string {
	version, revision := "(devel)", "revision unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s %s (%s, %s %s/%s)", name, version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
