package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/storebench"
)

// benchCommand groups what can be measured.
type benchCommand struct {
	Stores benchStoresCommand `cmd:"" help:"Measure stores against each other, and print a table in Markdown."`
}

type benchStoresCommand struct {
	Config     string        `help:"File with settings, one NAME=VALUE on a line." placeholder:"FILE" group:"settings"`
	Store      []string      `help:"Store to measure, as ACSAUTH_STORE; may be given several times. It must be empty. Default: a temporary SQLite file." placeholder:"DSN" sep:"none"`
	SecretFile []string      `help:"File with the password or key of a store, in the order of --store; - for a store without one." placeholder:"FILE" sep:"none"`
	Mappings   int           `help:"How many mappings there are in the end, 1000 to 10000000. Default: 100000." default:"100000" placeholder:"N"`
	First      int           `help:"How many there are when first binds are measured. Default: 10000." default:"10000" placeholder:"N"`
	Rounds     int           `help:"How often each measurement is made, 1 to 25; the median counts. Default: 5." default:"5" placeholder:"N"`
	Slice      time.Duration `help:"How long one measurement takes, 10ms to 1m. Default: 1s." default:"1s" placeholder:"TIME"`
	LoadLimit  time.Duration `help:"How long one store may take to be filled; what it then holds is what it is measured with. Default: 10m." default:"10m" placeholder:"TIME"`
	Keep       bool          `help:"Leave the rows in the stores, for databases that are thrown away anyway."`
	Quiet      bool          `help:"No progress."`
}

// Help is shown by acsauth bench stores --help.
func (benchStoresCommand) Help() string {
	return "For example: acsauth bench stores --store sqlite:bench.db --store postgres://bench@db/bench --secret-file - --secret-file password.txt\n\n" +
		"Measured are a read by one and by 16 callers, a first bind (the two writes that a new user costs) by one and by 64 callers, and the size. " +
		"The first store is what the others are compared with. Stores take turns, so that other work on the machine meets all of them. " +
		"A store that holds anything is refused; the rows that are written are removed in the end. Never name the database of a running service.\n\n" +
		"Exit codes: 0 measured, 1 failed, also for one of the stores, 2 the command line or the settings are wrong."
}

// Run measures and prints.
func (k *benchStoresCommand) Run(c cli.Call) error {
	subjects, clean, err := k.subjects(c)
	if err != nil {
		return err
	}
	defer clean()
	o := storebench.Options{Subjects: subjects, Mappings: k.Mappings, First: k.First, Rounds: k.Rounds, Slice: k.Slice, LoadLimit: k.LoadLimit}
	if !k.Quiet {
		o.Say = func(format string, args ...any) { fmt.Fprintf(c.Stderr, format+"\n", args...) }
	}
	report, err := storebench.Run(c.Context, o)
	if report == nil {
		return err
	}
	if werr := report.WriteMarkdown(c.Stdout); werr != nil {
		return errors.Join(err, werr)
	}
	if failed := report.Failed(); err == nil && len(failed) > 0 {
		names := slices.Sorted(maps.Keys(failed))
		return fmt.Errorf("could not be measured to the end: %s", names[0])
	}
	return err
}

// subjects are the stores to measure. clean removes what was made for the run.
func (k *benchStoresCommand) subjects(c cli.Call) (subjects []storebench.Subject, clean func(), err error) {
	base, err := configuredStore{Config: k.Config}.load(c)
	if err != nil {
		return nil, nil, err
	}
	if len(k.SecretFile) > len(k.Store) {
		return nil, nil, cli.Misused(errors.New("there are more --secret-file than --store"))
	}
	if len(k.Store) == 0 {
		return temporary(c, base)
	}
	seen := map[string]bool{}
	for i, name := range k.Store {
		secret := ""
		if i < len(k.SecretFile) && k.SecretFile[i] != "-" {
			secret = k.SecretFile[i]
		}
		p, err := base.another("--store", name, secret)
		if err != nil {
			return nil, nil, err
		}
		if seen[p.full()] {
			return nil, nil, cli.Misused(fmt.Errorf("--store names %s twice", name))
		}
		seen[p.full()] = true
		s := p.subject(c)
		s.Keep = k.Keep
		subjects = append(subjects, s)
	}
	return subjects, func() {}, nil
}

// temporary is a SQLite file that is gone afterwards.
func temporary(c cli.Call, base place) ([]storebench.Subject, func(), error) {
	dir, err := os.MkdirTemp("", "acsauth-bench-")
	if err != nil {
		return nil, nil, err
	}
	base.name = config.SQLite + ":" + filepath.Join(dir, "bench.db")
	s := base.subject(c)
	s.Name, s.Keep = config.SQLite, true
	return []storebench.Subject{s}, func() { _ = os.RemoveAll(dir) }, nil
}

// gentle is how many rows are written at a time to fill a store that is a service with a quota.
const gentle = 32

// subject is the place as one to be measured.
func (p place) subject(c cli.Call) storebench.Subject {
	s := storebench.Subject{Name: p.name, Open: func(ctx context.Context) (acsauth.Store, error) {
		c.Context = ctx
		return p.open(c)
	}}
	if name, err := config.ParseStore(p.name); err == nil && name.Kind != config.SQLite && name.Kind != config.Postgres {
		s.Loaders = gentle
	}
	return s
}
