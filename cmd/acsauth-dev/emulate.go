package main

import "github.com/acs-solutions/acsauth/cmd/internal/cli"

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
	return withEmulator(m.Data, m.Listen, m.emulatorPorts, log, func(in info) error {
		var err error
		if m.JSON {
			err = printLine(c.Stdout, in)
		} else {
			err = printEmulatorGuide(c.Stdout, in)
		}
		if err == nil {
			<-c.Context.Done()
		}
		return err
	})
}
