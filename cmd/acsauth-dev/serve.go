package main

import (
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

type serveCommand struct {
	cli.Settings
	JSON bool `name:"json" help:"Print one line of JSON with the addresses once the service is ready."`
}

// Help is shown by acsauth-dev serve --help.
func (serveCommand) Help() string {
	return "The service as in production, but upstreams may be on this machine and it listens on loopback only. " +
		"The member env of what acsauth-dev emulate --json prints holds the settings. The log goes to the standard error."
}

// Run serves until a signal.
func (s *serveCommand) Run(c cli.Call) error {
	if err := refuseCloud(c.Env); err != nil {
		return cli.Misused(err)
	}
	cfg, err := config.Load(s.Sources(c.Env), config.Development)
	if err != nil {
		return cli.Misused(err)
	}
	log := telemetry.NewLogger(c.Stderr, cfg.LogFormat, cfg.LogLevel)
	return service.Run(c.Context, service.Options{
		Config: cfg, Log: log, Stdout: c.Stdout, Stderr: c.Stderr, AllowLoopback: true,
		Ready: func(at service.Addresses) {
			if !s.JSON {
				return
			}
			if err := printLine(c.Stdout, map[string]string{"server": at.Server, "metrics": at.Metrics}); err != nil {
				log.Error("cannot print where the service is", "error", err)
			}
		},
	})
}
