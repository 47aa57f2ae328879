package main

import (
	"context"
	"io"

	"github.com/alecthomas/kong"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

const description = `The ACS authentication server on this machine, for development and tests.

Without a command it runs everything in one process: the service, and an emulator of Microsoft Entra ID,
Microsoft Graph and Azure Communication Services (ACS) for it to talk to. No account and no network is
needed. It prints what to try, and stops with Ctrl-C. Its flags, such as --listen, --data and --json, need no
command either: see "acsauth-dev all --help".

Everybody signs in without a password and all keys are public, so it listens on loopback only and refuses to
run where it sees a cloud. For production there is another program, acsauth, which has no emulator in it.`

// grammar is the command line.
type grammar struct {
	Version kong.VersionFlag `help:"Print the version and stop."`

	All     allCommand     `cmd:"" default:"withargs" help:"Run the service and the emulator. This is what happens without a command."`
	Emulate emulateCommand `cmd:"" help:"Run the emulator alone."`
	Serve   serveCommand   `cmd:"" help:"Run the service alone, configured by ACSAUTH_* and against an emulator in another process."`
	Token   tokenCommand   `cmd:"" help:"Print an access token of a sample user, made by a running emulator."`
	Doctor  doctorCommand  `cmd:"" help:"Examine what the service depends on, and say what to change."`
	Explain explainCommand `cmd:"" help:"Say why a token, read from the standard input, is accepted or refused."`
	Torture tortureCommand `cmd:"" help:"Run the service on one store while things break, and check what everybody saw."`
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	program := cli.Program{
		Name: "acsauth-dev", Description: description, Grammar: &grammar{},
		Groups: []kong.Group{{Key: "settings", Title: "Settings (a flag wins over the environment, that over the file):"}},
		Vars:   kong.Vars{"version": cli.Version("acsauth-dev")},
	}
	return program.Run(cli.Call{Context: ctx, Env: env, Stdout: stdout, Stderr: stderr}, args)
}
