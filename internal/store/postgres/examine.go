package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Facts are what [Examine] finds out about a database. It changes nothing there.
type Facts struct {
	Server          string // its version
	Schema, Program int    // version of the tables, 0 if there are none, and of this program
	Refused         error  // the tables are for newer programs only
	MayCreate       bool   // the role may make the schema
	Missing         string // rights on the tables that the role lacks
	TLS, Verified   bool
	Local           bool // the server is on this machine
	MaxConnections  int  // of the server, for roles without special rights
	Used            int  // connections that are open now
	Pool            int  // connections of one replica, the one that listens included
	Skew            time.Duration
	Hears           error // a notification did not come through
	Sync            bool  // fsync is on
}

// examineQuery needs no table of ours.
const examineQuery = `SELECT current_setting('server_version'), current_setting('fsync') = 'on', clock_timestamp(),
	current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int, (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
	has_database_privilege(current_database(), 'CREATE'), to_regclass('` + migrationTable + `') IS NOT NULL`

// Examine looks at a database without making or migrating a table. Its error says why it cannot be used at all.
func Examine(ctx context.Context, o Options) (Facts, error) {
	p, err := thisProgram()
	if err != nil {
		return Facts{}, err
	}
	cfg, err := configure(o)
	if err != nil {
		return Facts{}, err
	}
	connect := func() (*pgx.Conn, error) {
		conn := cfg.ConnConfig.Copy()
		if cfg.BeforeConnect != nil {
			if err := cfg.BeforeConnect(ctx, conn); err != nil {
				return nil, err
			}
		}
		return pgx.ConnectConfig(ctx, conn)
	}
	conn, err := connect()
	if err != nil {
		return Facts{}, explained(err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	f := Facts{Program: p.version, Pool: int(cfg.MaxConns) + 1}
	tls := conn.Config().TLSConfig
	f.TLS, f.Verified, f.Local = tls != nil, !unverified(tls), local(conn.Config().Host)
	if err := f.read(ctx, conn, p); err != nil {
		return f, explained(err)
	}
	other, err := connect()
	if err != nil {
		return f, explained(err)
	}
	defer other.Close(context.WithoutCancel(ctx))
	f.Hears = hears(ctx, conn, other)
	return f, nil
}

func (f *Facts) read(ctx context.Context, conn *pgx.Conn, p program) error {
	var there bool
	var now time.Time
	sent := time.Now()
	if err := conn.QueryRow(ctx, examineQuery).Scan(&f.Server, &f.Sync, &now, &f.MaxConnections, &f.Used, &f.MayCreate, &there); err != nil {
		return err
	}
	f.Skew = sent.Add(time.Since(sent) / 2).Sub(now)
	if !there {
		return nil
	}
	if err := conn.QueryRow(ctx, "SELECT coalesce(max(version_id), 0) FROM "+migrationTable).Scan(&f.Schema); err != nil || f.Schema == 0 {
		return err
	}
	f.Refused = p.check(conn.QueryRow(ctx, compatibilityQuery))
	var fsync string
	return conn.QueryRow(ctx, missingQuery).Scan(&f.Missing, &fsync)
}

// hears sends a notification from one session to another, on a channel of its own.
func hears(ctx context.Context, ear, mouth *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	word := rand.Text()
	if _, err := ear.Exec(ctx, "LISTEN acsauth_doctor"); err != nil {
		return err
	}
	if _, err := mouth.Exec(ctx, "SELECT pg_notify('acsauth_doctor', $1)", word); err != nil {
		return err
	}
	for {
		n, err := ear.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("no notification came: %w", err)
		}
		if n.Payload == word {
			return nil
		}
	}
}
