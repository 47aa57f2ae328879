package main

import (
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/doctor"
	"github.com/acs-solutions/acsauth/internal/config"
)

type doctorCommand struct {
	cli.Settings
	doctor.Flags
}

// Help is shown by acsauth-dev doctor --help.
func (doctorCommand) Help() string {
	return "Upstreams may be on this machine. The member env of what acsauth-dev emulate --json prints holds the settings.\n\n" + doctor.Help
}

// Run examines what the service depends on.
func (k *doctorCommand) Run(c cli.Call) error {
	return k.Flags.Run(c, doctor.Options{Sources: k.Sources(c.Env), Mode: config.Development, AllowLoopback: true})
}
