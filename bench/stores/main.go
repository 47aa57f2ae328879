// Command stores measures every kind of store that this machine can run, in one
// run, and prints the table of docs/identity-storage.md: SQLite, PostgreSQL,
// the table service of Azurite, and the stand-in of this project for Azure
// Cosmos DB. scripts/bench-stores.sh runs it.
//
// The last two are no databases. Their columns tell how many round trips a call
// takes, and nothing about the speed of Azure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/store/cosmos"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
	"github.com/acs-solutions/acsauth/internal/store/tables"
	"github.com/acs-solutions/acsauth/internal/storebench"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "stores:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	o := storebench.Options{Say: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }}
	flag.IntVar(&o.Mappings, "mappings", 1_000_000, "how many mappings there are in the end")
	flag.IntVar(&o.Rounds, "rounds", 5, "how often each measurement is made")
	flag.DurationVar(&o.Slice, "slice", time.Second, "how long one measurement takes")
	flag.DurationVar(&o.LoadLimit, "load-limit", 10*time.Minute, "how long one store may take to be filled")
	only := flag.String("only", "sqlite,postgres,tables,cosmos", "which stores, with commas between; the first is what the others are compared with")
	flag.Parse()
	dir, err := os.MkdirTemp("", "acsauth-bench-")
	if err != nil {
		return err
	}
	b := &bench{dir: dir, end: []func() error{func() error { return os.RemoveAll(dir) }}}
	defer func() { err = errors.Join(err, b.stop()) }()
	makers := map[string]func(context.Context) (storebench.Subject, error){"sqlite": b.sqlite, "postgres": b.postgres, "tables": b.tables, "cosmos": b.cosmos}
	for name := range strings.SplitSeq(*only, ",") {
		maker, ok := makers[name]
		if !ok {
			return fmt.Errorf("there is no store %q", name)
		}
		subject, err := maker(ctx)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", name, err)
			continue
		}
		subject.Keep = true // all of it is thrown away
		o.Subjects = append(o.Subjects, subject)
	}
	report, err := storebench.Run(ctx, o)
	if report == nil {
		return err
	}
	err = errors.Join(err, report.WriteMarkdown(os.Stdout))
	for name, why := range report.Failed() {
		err = errors.Join(err, fmt.Errorf("%s: %w", name, why))
	}
	return err
}

// A bench is what is started for one run.
type bench struct {
	dir string
	end []func() error
}

// stop ends what was started, the last first.
func (b *bench) stop() error {
	var errs []error
	for _, end := range slices.Backward(b.end) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

func (b *bench) sqlite(context.Context) (storebench.Subject, error) {
	path := filepath.Join(b.dir, "bench.db")
	return storebench.Subject{
		Name: "SQLite",
		Open: func(ctx context.Context) (acsauth.Store, error) { return sqlite.Open(ctx, path) },
	}, nil
}

func (b *bench) postgres(ctx context.Context) (storebench.Subject, error) {
	server, err := parts.StartPostgres(ctx, parts.PostgresOptions{Durable: true})
	if err != nil {
		return storebench.Subject{}, err
	}
	b.end = append(b.end, server.Stop)
	const database = "bench"
	if err := server.CreateDatabase(ctx, database); err != nil {
		return storebench.Subject{}, err
	}
	dsn := server.DSN(database)
	return storebench.Subject{
		Name: "PostgreSQL, fsync on",
		Open: func(ctx context.Context) (acsauth.Store, error) {
			return postgres.Open(ctx, postgres.Options{DSN: dsn})
		},
	}, nil
}

func (b *bench) tables(ctx context.Context) (storebench.Subject, error) {
	// In memory: with a folder it writes all it holds every five seconds, and serves nobody meanwhile.
	service, err := parts.StartAzurite(ctx, parts.AzuriteOptions{})
	if err != nil {
		return storebench.Subject{}, err
	}
	b.end = append(b.end, service.Stop)
	return storebench.Subject{
		Name: "tables, on Azurite (an emulator)", Loaders: 32,
		Open: func(ctx context.Context) (acsauth.Store, error) {
			return tables.Open(ctx, tables.Options{
				Endpoint: service.Endpoint(), AccountName: service.AccountName, AccountKey: service.AccountKey, Table: "bench", AllowHTTP: true,
			})
		},
	}, nil
}

func (b *bench) cosmos(context.Context) (storebench.Subject, error) {
	account, err := standin.Start(standin.Options{Consistency: standin.Strong})
	if err != nil {
		return storebench.Subject{}, err
	}
	b.end = append(b.end, account.Close)
	return storebench.Subject{
		Name: "cosmos, on the stand-in", Loaders: 32,
		Open: func(ctx context.Context) (acsauth.Store, error) {
			return cosmos.Open(ctx, cosmos.Options{Endpoint: account.Endpoint(), Key: account.Key, AllowHTTP: true})
		},
	}, nil
}
