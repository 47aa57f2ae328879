package main

import (
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/explain"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
)

type explainCommand struct {
	Authority string `help:"Base URL of the running emulator." default:"http://127.0.0.1:8081" placeholder:"URL"`
	explain.Flags
}

// Help is shown by acsauth-dev explain --help.
func (explainCommand) Help() string {
	return "For example: acsauth-dev token --flaw audience | acsauth-dev explain\n\n" + explain.Help +
		"\n\nACSAUTH_* variables are honoured; where none says whose tokens are accepted, those of the emulator are."
}

// Run explains the token on the standard input.
func (k *explainCommand) Run(c cli.Call) error {
	return explain.Run(c, explain.Options{
		Flags: k.Flags, Sources: config.Sources{Environ: append(k.defaults(), c.Env...)}, Mode: config.Development, AllowLoopback: true, In: os.Stdin,
	})
}

// defaults are the settings of acsauth-dev all about callers.
func (k *explainCommand) defaults() []string {
	return []string{
		"ACSAUTH_AUTHORITY_HOST=" + k.Authority, "ACSAUTH_TENANT_IDS=" + emulator.TenantID, "ACSAUTH_CLIENT_ID=" + emulator.APIClientID,
		"ACSAUTH_ALLOWED_CLIENTS=" + emulator.SPAClientID + "," + emulator.DaemonClientID, "ACSAUTH_TEAMS_CLIENTS=" + emulator.TeamsClientID,
		"ACSAUTH_ADMIN_CLIENTS=" + emulator.DaemonClientID,
	}
}
