package postgres

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/acs-solutions/acsauth"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options says which database to open. DSN is required.
type Options struct {
	// DSN names server, database and user: postgres://user@host:5432/database?name=value,
	// or host=... user=... dbname=.... Several hosts may be named. What it leaves out is
	// taken from PGHOST and the other variables of libpq, and from .pgpass.
	DSN string
	// Password is used in place of one in the DSN, if it is not empty.
	Password string
	// Credential signs in to Azure Database for PostgreSQL: each new connection gets a
	// token as its password. Then there must be no Password.
	Credential azcore.TokenCredential
	// Log gets few lines: migrations, and what makes the database less safe. Nil is none.
	Log *slog.Logger
	// MaxConns is how many connections may be open at once, 1 to 1000. 0 stands for 10.
	MaxConns int32
}

// openLimit is how long Open may take, waiting for the migration of another replica included.
const openLimit = 2 * time.Minute

var (
	_ acsauth.Store   = (*Store)(nil)
	_ acsauth.Lister  = (*Store)(nil)
	_ acsauth.Finder  = (*Store)(nil)
	_ acsauth.Watcher = (*Store)(nil)
)

// A Store keeps mappings in a PostgreSQL database. See the package comment.
type Store struct {
	pool    *pgxpool.Pool
	program program
	log     *slog.Logger
}

// Open connects to the database and brings its schema up to date. It refuses a
// database that cannot keep the promises of the package, and says why.
func Open(ctx context.Context, o Options) (*Store, error) {
	program, err := thisProgram()
	if err != nil {
		return nil, err
	}
	return openAs(ctx, o, program)
}

func openAs(ctx context.Context, o Options, p program) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s, err := open(ctx, o, p)
	if err != nil {
		return nil, fmt.Errorf("postgres: cannot open the database: %w", explained(err))
	}
	return s, nil
}

func open(ctx context.Context, o Options, p program) (_ *Store, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cfg, err := configure(o)
	if err != nil {
		return nil, err
	}
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		return p.check(conn.QueryRow(ctx, compatibilityQuery))
	}
	ctx, cancel := context.WithTimeout(ctx, openLimit)
	defer cancel()
	if err := p.prepare(ctx, cfg, o.Log); err != nil {
		return nil, err
	}
	signIn := cfg.BeforeConnect
	cfg.BeforeConnect = func(ctx context.Context, conn *pgx.ConnConfig) error {
		letFinish(conn)
		if signIn == nil {
			return nil
		}
		return signIn(ctx, conn)
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s := &Store{pool: pool, program: p, log: o.Log}
	if err := s.inspect(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

// configure makes the configuration of the pool.
func configure(o Options) (*pgxpool.Config, error) {
	cfg, err := parse(o)
	if err != nil {
		return nil, err
	}
	prepareSession(cfg.ConnConfig)
	if o.Credential == nil {
		return cfg, nil
	}
	if o.Password != "" {
		return nil, errors.New("both a password and a credential are given; give one of them")
	}
	cfg.BeforeConnect = withToken(o.Credential)
	for _, h := range hosts(cfg) {
		if !local(h.Host) && unverified(h.TLSConfig) {
			o.Log.Warn("the token for the database goes to a server whose certificate is not verified; set sslmode to verify-full", "host", h.Host)
		}
	}
	return cfg, nil
}

// unverified reports whether any certificate will do.
func unverified(cfg *tls.Config) bool {
	return cfg == nil || cfg.InsecureSkipVerify && cfg.VerifyPeerCertificate == nil
}

// missingQuery lists what the role may not do with our tables.
const missingQuery = `SELECT coalesce(string_agg(p || ' on ' || t, ', ' ORDER BY t, p), ''), current_setting('fsync')
	FROM unnest(ARRAY['acsauth.mapping', 'acsauth.journal', 'acsauth.named_lock']) t, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p
	WHERE NOT has_table_privilege(t, p)`

// inspect looks at what would only be noticed by calls.
func (s *Store) inspect(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var missing, fsync string
	if err := conn.QueryRow(ctx, missingQuery).Scan(&missing, &fsync); err != nil {
		return err
	}
	if missing != "" {
		return fmt.Errorf("the role %q lacks rights; grant it %s", s.pool.Config().ConnConfig.User, strings.ReplaceAll(missing, "acsauth.", "table acsauth."))
	}
	if fsync != "on" {
		s.log.WarnContext(ctx, "the database server runs with fsync off: it may lose acknowledged writes when its machine fails")
	}
	return nil
}

// Close waits for the calls under way and closes all connections.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}
