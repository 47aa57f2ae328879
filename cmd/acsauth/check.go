package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

type checkCommand struct {
	cli.Settings
	Ping bool `help:"Also ask Entra ID, the store and ACS. No identity is made; a database is opened as at the start, which makes its tables."`
}

// Help is shown by acsauth check --help.
func (checkCommand) Help() string {
	return "Exit codes: 0 all is well, 1 an upstream or the store cannot be used (with --ping), 2 the settings are wrong."
}

// Run prints what is in effect and what is wrong with it.
func (k *checkCommand) Run(c cli.Call) error {
	cfg, faults := config.Load(k.Sources(c.Env), config.Production)
	if err := cfg.WriteReport(c.Stdout); err != nil {
		return err
	}
	if faults != nil {
		return cli.Misused(errors.Join(faults, telemetry.CheckExport(os.Getenv)))
	}
	if err := service.CheckFiles(cfg, false); err != nil {
		return cli.Misused(err)
	}
	fmt.Fprintln(c.Stdout, "\nThe settings are good.")
	if !k.Ping {
		return nil
	}
	return report(c, service.Pinger{Config: cfg}.Ping(c.Context))
}

// report prints the findings, and fails if one is bad.
func report(c cli.Call, findings []service.Finding) error {
	var failed error
	for _, f := range findings {
		took := f.Took.Round(time.Millisecond)
		if f.Err != nil {
			fmt.Fprintf(c.Stdout, "FAIL  %s (%v): %v\n", f.What, took, f.Err)
			failed = cli.Said(cli.Failure)
			continue
		}
		fmt.Fprintf(c.Stdout, "ok    %s (%v): %s\n", f.What, took, f.Note)
	}
	return failed
}
