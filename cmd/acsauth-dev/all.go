package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/service"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/telemetry"
)

type allCommand struct {
	Listen         string `help:"Address and port of the service. With port 0, free ports are picked for everything that is not given. Default: 127.0.0.1:8080." placeholder:"HOST:PORT"`
	MetricsListen  string `help:"Address and port of the metrics, or off. Default: 127.0.0.1:8084." placeholder:"HOST:PORT"`
	EmulatorListen string `help:"Address and port of the emulator's Entra ID, Graph and ACS. Default: 127.0.0.1:8081." placeholder:"HOST:PORT"`
	emulatorPorts
	Data      string `help:"Folder to keep the SQLite file and the emulator's identities in. Default: a temporary one. Keep the ports, too: they are part of the issuer's name, by which users are known." placeholder:"DIR"`
	Store     string `help:"Where mappings are kept, as ACSAUTH_STORE. Default: a SQLite file in the folder of --data." placeholder:"STORE"`
	JSON      bool   `name:"json" help:"Print one line of JSON once everything is ready, instead of what to try."`
	LogLevel  string `help:"Least level that is logged: debug, info, warn or error. Default: info." placeholder:"LEVEL"`
	LogFormat string `help:"json or text. Default: text." placeholder:"FORMAT"`
}

// Help is shown by acsauth-dev all --help.
func (allCommand) Help() string {
	return "ACSAUTH_* variables are honoured, such as ACSAUTH_TOKEN_LIFETIME, but for those that connect the service with the emulator. The log goes to the standard error."
}

// Run runs the service and the emulator until a signal.
func (a *allCommand) Run(c cli.Call) error {
	if err := refuseCloud(c.Env); err != nil {
		return cli.Misused(err)
	}
	a.fillIn()
	settings := map[string]string{
		"ACSAUTH_LISTEN": a.Listen, "ACSAUTH_METRICS_LISTEN": a.MetricsListen,
		"ACSAUTH_LOG_LEVEL": a.LogLevel, "ACSAUTH_LOG_FORMAT": a.LogFormat,
	}
	log, err := newLogger(c, settings)
	if err != nil {
		return cli.Misused(err)
	}
	return runEmulator(emulatorRun{dir: a.Data, listen: a.EmulatorListen, ports: a.emulatorPorts}, log, func(e *emulator.Emulator, data folder) error {
		in, err := describe(e, data, "")
		if err != nil {
			return err
		}
		return a.serve(c, in, around{settings: settings, now: e.Now, log: log})
	})
}

// around is what the service gets from the run that it is part of.
type around struct {
	settings map[string]string
	now      func() time.Time // the emulator's, so that both live at the same time when it is moved
	log      *slog.Logger
}

// serve runs the service against the emulator.
func (a *allCommand) serve(c cli.Call, in info, o around) error {
	cfg, err := config.Load(a.sources(c.Env, in, o.settings), config.Development)
	if err != nil {
		return cli.Misused(err)
	}
	err = service.Run(c.Context, service.Options{
		Config: cfg, Log: o.log, Stdout: c.Stdout, Stderr: c.Stderr, AllowLoopback: true, Now: o.now, SampleUsers: sampleUsers(in), Inspect: in.Admin + "/ui",
		Ready: func(at service.Addresses) {
			in.Server, in.Metrics = at.Server, at.Metrics
			a.print(c, in, o.log)
		},
	})
	if inUse, ok := errors.AsType[*service.InUseError](err); ok {
		return fmt.Errorf("%s is in use by another program; stop it, or let free ports be picked with --listen %s", inUse.Address, anyPort)
	}
	return err
}

// fillIn chooses the addresses that were not given.
func (a *allCommand) fillIn() {
	free := wantsAnyPort(a.Listen)
	a.Listen = or(a.Listen, false, defaultServer)
	a.MetricsListen = or(a.MetricsListen, free, defaultMetrics)
	a.EmulatorListen = or(a.EmulatorListen, free, defaultEmulator)
	a.TLSListen = or(a.TLSListen, free, defaultTLS)
}

// sources lets what connects service and emulator win over the environment, and nothing else.
func (a *allCommand) sources(env []string, in info, settings map[string]string) config.Sources {
	flags := maps.Clone(in.Env)
	maps.Copy(flags, settings)
	flags["ACSAUTH_STORE"] = cmp.Or(a.Store, value(env, "ACSAUTH_STORE"), "sqlite:"+filepath.Join(in.Data, "acsauth.db"))
	if public := value(env, "ACSAUTH_PUBLIC_URL"); public == "" && !wantsAnyPort(a.Listen) {
		flags["ACSAUTH_PUBLIC_URL"] = "http://" + a.Listen // so that discovery works
	}
	flags["ACSAUTH_GRAPH_JOURNAL"] = cmp.Or(value(env, "ACSAUTH_GRAPH_JOURNAL"), "sqlite:"+filepath.Join(in.Data, "journal.db"))
	return config.Sources{Environ: withDefaults(env), Flags: flags}
}

func (a *allCommand) print(c cli.Call, in info, log *slog.Logger) {
	show := func() error { return printLine(c.Stdout, in) }
	if !a.JSON {
		show = func() error { return printGuide(c.Stdout, in) }
	}
	if err := show(); err != nil {
		log.Error("cannot print where everything is", "error", err)
	}
}

// sampleUsers are those of the tenant that the service knows, by the names that they sign in with.
func sampleUsers(in info) (names []string) {
	for _, u := range in.Users {
		if u.TenantID == in.TenantID {
			names = append(names, u.UPN)
		}
	}
	return names
}

// value returns what the environment gives for a name, or "".
func value(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if v, ok := strings.CutPrefix(entry, name+"="); ok {
			return v
		}
	}
	return ""
}

// withDefaults adds what is convenient in development, where it is not set otherwise.
func withDefaults(env []string) []string {
	return append([]string{"ACSAUTH_LOG_FORMAT=text", "ACSAUTH_ALLOWED_ORIGINS=*"}, env...)
}

// newLogger makes the log of a run, which goes to the standard error. Faults in
// the settings other than those of the log are for others to find.
func newLogger(c cli.Call, flags map[string]string) (*slog.Logger, error) {
	cfg, err := config.Load(config.Sources{Environ: withDefaults(c.Env), Flags: flags}, config.Development)
	if err := config.Only(err, "ACSAUTH_LOG_LEVEL", "ACSAUTH_LOG_FORMAT"); err != nil {
		return nil, err
	}
	return telemetry.NewLogger(c.Stderr, cfg.LogFormat, cfg.LogLevel), nil
}
