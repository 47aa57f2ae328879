package main

import (
	"fmt"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/emulator"
)

type emulateCommand struct {
	Listen string `help:"Address and port of Entra ID, Graph and ACS. With port 0, free ports are picked for everything that is not given. Default: 127.0.0.1:8081." placeholder:"HOST:PORT"`
	emulatorPorts
	Data      string `help:"Folder to keep ACS identities in. Default: they are not kept." placeholder:"DIR"`
	JSON      bool   `name:"json" help:"Print one line of JSON once it is ready."`
	LogLevel  string `help:"Least level that is logged: debug, info, warn or error. Default: info." placeholder:"LEVEL"`
	LogFormat string `help:"json or text. Default: text." placeholder:"FORMAT"`
}

// Run runs the emulator until a signal.
func (m *emulateCommand) Run(c cli.Call) error {
	if err := refuseCloud(c.Env); err != nil {
		return cli.Misused(err)
	}
	log, err := newLogger(c, map[string]string{"ACSAUTH_LOG_LEVEL": m.LogLevel, "ACSAUTH_LOG_FORMAT": m.LogFormat})
	if err != nil {
		return cli.Misused(err)
	}
	m.TLSListen = or(m.TLSListen, wantsAnyPort(m.Listen), defaultTLS)
	m.Listen = or(m.Listen, false, defaultEmulator)
	data, err := openFolder(m.Data)
	if err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	defer data.close(log)
	e, err := startEmulator(m.Listen, m.emulatorPorts, emulator.Options{DataDir: data.kept(), Log: log})
	if err != nil {
		return err
	}
	defer closeEmulator(e, log)
	in, err := describe(e, data)
	if err != nil {
		return err
	}
	if m.JSON {
		err = printLine(c.Stdout, in)
	} else {
		err = printEmulatorGuide(c.Stdout, in)
	}
	if err == nil {
		<-c.Context.Done()
	}
	return err
}
