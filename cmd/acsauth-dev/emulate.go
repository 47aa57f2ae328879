package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
)

type emulateCommand struct {
	Listen string `help:"Address and port of Entra ID, Graph and ACS. With port 0, free ports are picked for everything that is not given. Default: 127.0.0.1:8081." placeholder:"HOST:PORT"`
	emulatorPorts
	PublicURL   string `name:"public-url" help:"Scheme and host that programs reach it by, if it is not the address it listens on. It goes into issuers, and its host into the certificate." placeholder:"URL"`
	Data        string `help:"Folder to keep ACS identities, the directory, signing keys and the TLS certificate in, so that tokens stay valid over a restart. Keep the ports, too: they are part of the issuer's name. Default: nothing is kept." placeholder:"DIR"`
	CA          string `name:"ca" help:"Where to write the certificate of the authority to trust. Default: emulator-ca.pem in the folder of --data, or in a temporary one." placeholder:"FILE"`
	JSON        bool   `name:"json" help:"Print one line of JSON, with all that a script needs, once it is ready."`
	Loose       bool   `help:"Let mistakes pass that the real services refuse: wrong signatures, redirect URIs, secrets and clients. Default: strict."`
	ForceListen bool   `help:"Listen on addresses that other machines can reach. Everybody who reaches them is let in: it is meant for containers."`
	Healthcheck bool   `help:"Ask the emulator that runs at --listen whether it is well, and stop: exit code 0 or 1."`
	LogLevel    string `help:"Least level that is logged: debug, info, warn or error. Default: info." placeholder:"LEVEL"`
	LogFormat   string `help:"json or text. Default: text." placeholder:"FORMAT"`
}

// Help is shown by acsauth-dev emulate --help.
func (emulateCommand) Help() string {
	return "It needs neither an account nor the service of this project. Users, applications, keys and the connection string are the same at every start. " +
		"The administration, with a page at /ui, is on the port after --listen. The log goes to the standard error."
}

// Run runs the emulator until a signal.
func (m *emulateCommand) Run(c cli.Call) error {
	free := wantsAnyPort(m.Listen)
	m.TLSListen = or(m.TLSListen, free, defaultTLS)
	m.Listen = or(m.Listen, false, defaultEmulator)
	if m.Healthcheck {
		return healthcheck(c.Context, or(m.AdminListen, false, nextPort(m.Listen)))
	}
	if err := refuseCloud(c.Env); err != nil {
		return cli.Misused(err)
	}
	log, err := newLogger(c, map[string]string{"ACSAUTH_LOG_LEVEL": m.LogLevel, "ACSAUTH_LOG_FORMAT": m.LogFormat})
	if err != nil {
		return cli.Misused(err)
	}
	m.warn(log)
	return runEmulator(m.options(), log, func(e *emulator.Emulator, data folder) error {
		return m.serve(c, e, data)
	})
}

func (m *emulateCommand) options() emulatorRun {
	return emulatorRun{
		dir: m.Data, listen: m.Listen, ports: m.emulatorPorts,
		options: emulator.Options{PublicURL: m.PublicURL, Loose: m.Loose, ForceListen: m.ForceListen},
	}
}

// warn says loudly what is dangerous or misleading.
func (m *emulateCommand) warn(log *slog.Logger) {
	for _, address := range []string{m.Listen, m.TLSListen, m.AdminListen} {
		if m.ForceListen && address != "" && address != config.Off && !config.LoopbackOnly(address) {
			log.Warn("EVERYBODY WHO REACHES THIS ADDRESS IS LET IN, WITHOUT A PASSWORD: publish its ports on loopback only", "listen", address)
		}
	}
	if m.Loose {
		log.Warn("loose: mistakes pass here that the real services refuse")
	}
}

// serve prints where everything is and waits for the end.
func (m *emulateCommand) serve(c cli.Call, e *emulator.Emulator, data folder) error {
	in, err := describeAll(e, data, m.CA)
	if err != nil {
		return err
	}
	if m.JSON {
		err = printLine(c.Stdout, in)
	} else {
		err = m.printGuide(c.Stdout, in)
	}
	if err == nil {
		<-c.Context.Done()
	}
	return err
}

func (m *emulateCommand) printGuide(w io.Writer, in emulatorInfo) error {
	if m.ForceListen {
		host, _, _ := net.SplitHostPort(m.Listen) // checked by the options
		if _, err := fmt.Fprintf(w, "\nWARNING: --force-listen is set and the emulator listens on %q. Whoever reaches it is let in.\n", host); err != nil {
			return err
		}
	}
	return printEmulatorGuide(w, in)
}
