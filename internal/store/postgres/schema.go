package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var embedded embed.FS

const (
	// schemaVersion is the number of the newest migration of this program.
	schemaVersion = 1
	// migrationTable is where goose writes down which migrations the database has seen.
	migrationTable = "acsauth.schema_migration"
	// migrationLock is the advisory lock of whoever migrates: "acsauth" in ASCII.
	migrationLock = 0x61637361757468
)

// A program is the migrations that it knows, and the number of the newest.
type program struct {
	migrations fs.FS
	version    int
}

func thisProgram() (program, error) {
	files, err := fs.Sub(embedded, "migrations")
	return program{migrations: files, version: schemaVersion}, err
}

const compatibilityQuery = "SELECT oldest_program FROM acsauth.compatibility"

// check refuses a schema that this program may not use. row is the answer to compatibilityQuery.
func (p program) check(row interface{ Scan(...any) error }) error {
	var oldest int
	if err := row.Scan(&oldest); err != nil {
		return err
	}
	return p.allowed(oldest)
}

func (p program) allowed(oldest int) error {
	if oldest > p.version {
		return fmt.Errorf("schema acsauth was changed for programs that know its version %d or newer, and this one knows version %d; run a newer acsauth", oldest, p.version)
	}
	return nil
}

// prepare brings the schema to the version of the program, unless it has that
// version or a newer one that the program may use.
func (p program) prepare(ctx context.Context, cfg *pgxpool.Config, log *slog.Logger) error {
	conn := cfg.ConnConfig.Copy()
	conn.RuntimeParams["statement_timeout"] = "0" // a migration may take its time; ctx bounds it
	conn.RuntimeParams["lock_timeout"] = "60s"
	var options []stdlib.OptionOpenDB
	if cfg.BeforeConnect != nil {
		options = append(options, stdlib.OptionBeforeConnect(cfg.BeforeConnect))
	}
	db := stdlib.OpenDB(*conn, options...)
	defer db.Close()
	db.SetMaxOpenConns(2)
	version, err := schemaOf(ctx, db)
	if err != nil {
		return err
	}
	if version < p.version {
		if err := p.migrate(ctx, db, log); err != nil {
			return fmt.Errorf("cannot bring schema acsauth from version %d to %d: %w", version, p.version, err)
		}
	}
	if version > p.version {
		log.InfoContext(ctx, "the schema of the database is newer than this program, and the program may use it", "schema", version, "program", p.version)
	}
	return p.check(db.QueryRowContext(ctx, compatibilityQuery))
}

// schemaOf returns the version of the schema, 0 if there is none.
func schemaOf(ctx context.Context, db *sql.DB) (version int, err error) {
	var there bool
	if err := db.QueryRowContext(ctx, "SELECT to_regclass('"+migrationTable+"') IS NOT NULL").Scan(&there); err != nil || !there {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+migrationTable).Scan(&version)
	return version, err
}

// migrate applies what is missing. Of several programs that do so at once, one
// does it and the others wait. An advisory lock of a session ends with it at the latest.
func (p program) migrate(ctx context.Context, db *sql.DB, log *slog.Logger) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("another program has been migrating for a long time: %w", err)
	}
	defer func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock)
		err = errors.Join(err, unlockErr)
	}()
	if version, err := schemaOf(ctx, db); err != nil || version >= p.version {
		return err // another program did it
	}
	if err := makeSchema(ctx, conn); err != nil {
		return err
	}
	return p.up(ctx, db, log)
}

// up runs goose. Its own lock is not used: it comes after goose has made its
// table, and is polled once a second, so that replicas would start one after the other.
func (p program) up(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, p.migrations, goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	done, err := provider.Up(ctx)
	for _, one := range done {
		log.InfoContext(ctx, "the schema of the database was migrated", "version", one.Source.Version, "took", one.Duration)
	}
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		return fmt.Errorf("migration %d: %w", partial.Failed.Source.Version, partial.Err)
	}
	return err
}

// makeSchema makes the schema if there is none. Who may not make one need not, if it is there.
func makeSchema(ctx context.Context, conn *sql.Conn) error {
	var there bool
	err := conn.QueryRowContext(ctx, "SELECT to_regnamespace('acsauth') IS NOT NULL").Scan(&there)
	if err == nil && !there {
		_, err = conn.ExecContext(ctx, "CREATE SCHEMA acsauth")
	}
	return err
}
