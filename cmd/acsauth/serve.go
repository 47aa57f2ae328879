package main

import (
	"errors"
	"os"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

type serveCommand struct {
	cli.Settings
}

// Help is shown by acsauth serve --help.
func (serveCommand) Help() string {
	return "The log goes to the standard output. SIGINT or SIGTERM stops the service; requests in flight are finished.\n\n" +
		"Exit codes: 0 stopped, 1 failed, 2 the settings are wrong (see acsauth check)."
}

// Run serves until a signal.
func (s *serveCommand) Run(c cli.Call) error {
	cfg, err := config.Load(s.Sources(c.Env), config.Production)
	if err != nil {
		return cli.Misused(errors.Join(err, telemetry.CheckExport(os.Getenv)))
	}
	if err := service.CheckFiles(cfg, false); err != nil { // all at once, before anything is opened
		return cli.Misused(err)
	}
	log := telemetry.NewLogger(c.Stdout, cfg.LogFormat, cfg.LogLevel)
	return service.Run(c.Context, service.Options{Config: cfg, Log: log, Stdout: c.Stdout, Stderr: c.Stderr})
}
