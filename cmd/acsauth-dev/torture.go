package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/failpoint"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/torture"
)

type tortureCommand struct {
	Store         string        `help:"Store to torture: a name as in ACSAUTH_STORE, or just sqlite, postgres or tables: then the database is started here, and killed, too." default:"sqlite" placeholder:"STORE"`
	Users         int           `help:"How many users live." default:"500"`
	Replicas      int           `help:"How many processes of the service run; sqlite takes one." default:"3"`
	Workers       int           `help:"How many users are at it at once." default:"48"`
	Kills         int           `help:"How often a replica is killed (kill -9)." default:"20"`
	DatabaseKills int           `name:"database-kills" help:"How often the database is killed, if it was started here." default:"3"`
	Faults        float64       `help:"Share of the calls to ACS that go wrong: lost, answered late, refused, slow. 0 to 0.5." default:"0.05"`
	Failpoints    bool          `help:"Let replicas die by themselves, at points of the protocol, in place of kill -9 from outside. Needs a program built with -tags failpoints."`
	Seed          uint64        `help:"Seed of the dice. The same seed gives the same lives, not the same moments." default:"1"`
	Timeout       time.Duration `help:"Longest time the whole may take." default:"15m"`
	JSON          bool          `name:"json" help:"Print the figures as one line of JSON instead of a table."`
	LogLevel      string        `help:"Least level that is logged: debug, info, warn or error. Default: warn." placeholder:"LEVEL"`
}

// Help is shown by acsauth-dev torture --help.
func (tortureCommand) Help() string {
	return "It runs the service as processes on one store, against the emulator with faults, while users sign in, delete their identity and " +
		"come back, and kills processes and the database. Exit code 1: somebody saw two identities, or an identity is unaccounted for. " +
		"docs/torture.md explains the figures."
}

// Run tortures a store and prints the figures.
func (k *tortureCommand) Run(c cli.Call) error {
	if err := refuseCloud(c.Env); err != nil {
		return cli.Misused(err)
	}
	if k.Faults < 0 || k.Faults > 0.5 {
		return cli.Misused(fmt.Errorf("--faults is %v, and 0 to 0.5 is taken", k.Faults))
	}
	if k.Failpoints && !failpoint.Built {
		return cli.Misused(errors.New("--failpoints needs a program built with: go build -tags failpoints ./cmd/acsauth-dev"))
	}
	bounds := torture.Options{Users: k.Users, Replicas: k.Replicas, Workers: k.Workers, Kills: k.Kills, DatabaseKills: k.DatabaseKills}
	if err := bounds.Check(); err != nil {
		return cli.Misused(err)
	}
	if k.LogLevel == "" {
		k.LogLevel = "warn"
	}
	log, err := newLogger(c, map[string]string{"ACSAUTH_LOG_LEVEL": k.LogLevel})
	if err != nil {
		return cli.Misused(err)
	}
	ctx, cancel := context.WithTimeout(c.Context, k.Timeout)
	defer cancel()
	e, err := startEmulator(anyPort, emulatorPorts{TLSListen: "off"}, emulator.Options{})
	if err != nil {
		return err
	}
	defer e.Close()
	db, err := startVictim(ctx, k.Store, value(c.Env, "ACSAUTH_STORE_SECRET"))
	defer db.stop()
	if err != nil {
		return err
	}
	if db.oneProcess {
		k.Replicas = 1
	}
	if db.database == nil {
		k.DatabaseKills = 0
	}
	tokens, err := mintAll(e, k.Users)
	if err != nil {
		return err
	}
	wrong := newMisfortune(e, k.Faults, k.Seed)
	report, err := torture.Run(ctx, torture.Options{
		Users: k.Users, Tokens: func(u int) string { return tokens[u] }, Replicas: k.Replicas, Workers: k.Workers, Seed: k.Seed,
		Kills: k.Kills, Failpoints: k.Failpoints, Database: db.database, DatabaseKills: k.DatabaseKills,
		Start: replicas{env: replicaEnv(c.Env, e, db), log: log}.start,
		Quiet: wrong.end, Faults: wrong.count, Alive: func() []string { return aliveAt(e) },
		Made: func() int { return len(e.Identities()) }, Gone: func() int { return len(e.Identities()) - len(aliveAt(e)) },
		Open: func(ctx context.Context) (acsauth.Store, error) { return stores.Open(ctx, db.spec) }, Log: log,
	})
	for _, v := range report.Violations {
		fmt.Fprintln(c.Stderr, "WRONG:", v)
	}
	if err != nil {
		return fmt.Errorf("the torture ended early: %w", err)
	}
	return k.print(c, report)
}

// print writes the figures, and fails if something was wrong.
func (k *tortureCommand) print(c cli.Call, r torture.Report) error {
	if k.JSON {
		if err := printLine(c.Stdout, r); err != nil {
			return err
		}
	} else {
		fmt.Fprint(c.Stdout, r.Table(k.Store))
	}
	if len(r.Violations) > 0 {
		return cli.Said(cli.Failure)
	}
	return nil
}

// mintAll makes one access token for each user.
func mintAll(e *emulator.Emulator, users int) ([]string, error) {
	tokens := make([]string, users)
	for i := range tokens {
		token, err := e.MintToken(emulator.TokenRequest{User: fmt.Sprintf("user-%d", i+1), ExpiresIn: 12 * time.Hour})
		if err != nil {
			return nil, err
		}
		tokens[i] = token
	}
	return tokens, nil
}

func aliveAt(e *emulator.Emulator) (ids []string) {
	for _, id := range e.Identities() {
		if !id.Deleted {
			ids = append(ids, id.ID)
		}
	}
	return ids
}

// replicaEnv is the environment of a replica: that of this process without its settings, and those of the emulator and the store.
func replicaEnv(env []string, e *emulator.Emulator, db *victim) []string {
	var out []string
	for _, entry := range env {
		if !strings.HasPrefix(entry, "ACSAUTH_") {
			out = append(out, entry)
		}
	}
	settings := settingsFor(e)
	settings["ACSAUTH_METRICS_LISTEN"], settings["ACSAUTH_LOG_LEVEL"] = "off", "error"
	settings["ACSAUTH_STORE"], settings["ACSAUTH_STORE_SECRET"] = db.spec.DSN, db.spec.Secret.Reveal()
	if !strings.HasPrefix(db.spec.DSN, config.SQLite+":") {
		settings["ACSAUTH_MAPPING_CACHE"] = config.Off // the ledger is strict: a change that another replica hears of a millisecond later is a disagreement
	}
	for name, v := range settings {
		out = append(out, name+"="+v)
	}
	return out
}

// selfPath is the program that replicas run: this one.
func selfPath() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("cannot find the own program: %w", err)
	}
	return path, nil
}

// newDice is a source of random numbers for faults.
func newDice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1<<41)) }
