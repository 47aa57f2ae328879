package main

import (
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/explain"
	"github.com/acs-solutions/acsauth/internal/config"
)

type explainCommand struct {
	Config string `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
	explain.Flags
}

// Help is shown by acsauth explain --help.
func (explainCommand) Help() string { return explain.Help }

// Run explains the token on the standard input.
func (k *explainCommand) Run(c cli.Call) error {
	return explain.Run(c, explain.Options{
		Flags: k.Flags, Sources: config.Sources{Environ: c.Env, File: k.Config}, Mode: config.Production, In: os.Stdin,
	})
}
