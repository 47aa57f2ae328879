package main

import (
	"context"
	"io"

	"github.com/alecthomas/kong"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
)

const description = `Authentication server for Azure Communication Services (ACS).

It takes the Microsoft Entra ID access token of a signed-in user, keeps one ACS identity for that user,
and hands out ACS access tokens for it.

To start you need an app registration in Entra ID and an ACS resource. Then set

    ACSAUTH_TENANT_IDS              your tenant
    ACSAUTH_CLIENT_ID               the app registration of this API
    ACSAUTH_ALLOWED_CLIENTS         the apps that may call, or * for all
    ACSAUTH_ACS_CONNECTION_STRING   or ACSAUTH_ACS_ENDPOINT for a managed identity

and run "acsauth check", then "acsauth serve". All settings: docs/configuration.md.
To try it with no account and no network: acsauth-dev.`

// grammar is the command line.
type grammar struct {
	Version kong.VersionFlag `help:"Print the version and stop."`

	Serve serveCommand `cmd:"" help:"Run the service until a signal stops it."`
	Check checkCommand `cmd:"" help:"Print the settings in effect, secrets redacted, and every fault in them."`

	Healthcheck healthcheckCommand `cmd:"" help:"Ask the service of this container or machine whether it is ready."`

	Doctor   doctorCommand   `cmd:"" help:"Examine settings, clock, issuers, permissions, ACS and store, and say what to change."`
	Explain  explainCommand  `cmd:"" help:"Say why a token, read from the standard input, is accepted or refused."`
	Probe    probeCommand    `cmd:"" help:"Send a running server what it must refuse, and see that it does."`
	Policy   policyCommand   `cmd:"" help:"Check a policy file, and say what it gives to whom."`
	Mappings mappingsCommand `cmd:"" help:"List the mappings of users to identities, and move them to another store."`
	Audit    auditCommand    `cmd:"" help:"Verify an audit log, and find the lines of one user in it."`
	Bench    benchCommand    `cmd:"" help:"Measure stores."`
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	program := cli.Program{
		Name: "acsauth", Description: description, Grammar: &grammar{},
		Groups: []kong.Group{{Key: "settings", Title: "Settings (a flag wins over the environment, that over the file):"}},
		Vars:   kong.Vars{"version": cli.Version("acsauth")},
	}
	return program.Run(cli.Call{Context: ctx, Env: env, Stdout: stdout, Stderr: stderr}, args)
}
