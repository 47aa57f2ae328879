package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultMaxConns = 10
	maxMaxConns     = 1000
	connectTimeout  = 5 * time.Second
)

// parse turns options into the configuration of a pool. Its errors never show the DSN.
func parse(o Options) (*pgxpool.Config, error) {
	if o.MaxConns < 0 || o.MaxConns > maxMaxConns {
		return nil, fmt.Errorf("MaxConns is %d, and 1 to %d are allowed (0 stands for %d)", o.MaxConns, maxMaxConns, defaultMaxConns)
	}
	if o.DSN == "" {
		return nil, errors.New("there is no DSN; give one such as postgres://user@host:5432/database")
	}
	cfg, err := parseDSN(o.DSN)
	if err != nil {
		return nil, err
	}
	if o.Password != "" {
		cfg.ConnConfig.Password = o.Password
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	cfg.MaxConns = defaultMaxConns
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	cfg.MinConns, cfg.MinIdleConns = 0, 0
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.PingTimeout = 2 * time.Second // of a connection that has been idle for a second
	return cfg, nil
}

// parseDSN parses dsn, with sslmode=verify-full if it names a host that is not
// this machine and says nothing of TLS.
func parseDSN(dsn string) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, unparsed(err)
	}
	if remote(cfg) && !namesTLS(dsn) {
		if cfg, err = pgxpool.ParseConfig(verified(dsn)); err != nil {
			return nil, unparsed(err)
		}
	}
	for _, h := range hosts(cfg) {
		if !local(h.Host) && h.TLSConfig == nil {
			return nil, fmt.Errorf("the DSN lets the connection to host %q go without TLS; leave sslmode out, or set it to verify-full", h.Host)
		}
	}
	return cfg, nil
}

// hosts lists every way to connect that cfg allows.
func hosts(cfg *pgxpool.Config) []*pgconn.FallbackConfig {
	c := cfg.ConnConfig
	first := &pgconn.FallbackConfig{Host: c.Host, Port: c.Port, TLSConfig: c.TLSConfig}
	return append([]*pgconn.FallbackConfig{first}, c.Fallbacks...)
}

// remote reports whether cfg names a host that is not this machine.
func remote(cfg *pgxpool.Config) bool {
	for _, h := range hosts(cfg) {
		if !local(h.Host) {
			return true
		}
	}
	return false
}

// local reports whether host is this machine: loopback, or the folder of a socket.
func local(host string) bool {
	if network, _ := pgconn.NetworkAddress(host, 0); network == "unix" || strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

var sslKeyword = regexp.MustCompile(`(?:^|\s)sslmode\s*=`)

// namesTLS reports whether the DSN or the environment names an sslmode. If it is
// wrong, the connection is refused or the later of two settings counts.
func namesTLS(dsn string) bool {
	if os.Getenv("PGSSLMODE") != "" {
		return true
	}
	q, isURL := queryStart(dsn)
	if !isURL {
		return sslKeyword.MatchString(dsn)
	}
	for pair := range strings.SplitSeq(strings.TrimPrefix(dsn[q:], "?"), "&") {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil && (plain == "sslmode" || plain == "ssl") {
			return true
		}
	}
	return false
}

// verified puts sslmode=verify-full before all other settings of the DSN, which
// says nothing of TLS.
func verified(dsn string) string {
	q, isURL := queryStart(dsn)
	switch {
	case !isURL:
		return "sslmode=verify-full " + dsn
	case q == len(dsn):
		return dsn + "?sslmode=verify-full"
	}
	return dsn[:q] + "?sslmode=verify-full&" + dsn[q+1:]
}

// queryStart returns where the query of a URL begins, or would begin. The password may contain any character but @ and /.
func queryStart(dsn string) (at int, isURL bool) {
	scheme, rest, found := strings.Cut(dsn, "://")
	if !found || scheme != "postgres" && scheme != "postgresql" {
		return 0, false
	}
	from := len(dsn) - len(rest)
	if i := strings.IndexAny(rest, "@/"); i >= 0 && rest[i] == '@' {
		from += i + 1
	}
	if i := strings.IndexByte(dsn[from:], '?'); i >= 0 {
		return from + i, true
	}
	return len(dsn), true
}

// unparsed says what is wrong with a DSN, and shows nothing of it that may be a secret.
func unparsed(err error) error {
	parse, ok := errors.AsType[*pgconn.ParseConfigError](err)
	if !ok {
		return errors.New("the DSN cannot be used")
	}
	inner := parse.Unwrap()
	if file, ok := errors.AsType[*fs.PathError](inner); ok {
		return fmt.Errorf("the DSN names a file that cannot be read: %w", file)
	}
	known := []string{"sslmode is invalid", `both "sslcert" and "sslkey" are required`, "unable to add CA to cert pool", "failed to decode sslkey"}
	for _, text := range known {
		if inner != nil && inner.Error() == text {
			return fmt.Errorf("the DSN cannot be used: %s", text)
		}
	}
	return errors.New("the DSN cannot be parsed; it has the form postgres://user@host:5432/database?name=value or host=... user=... dbname=...; escape special characters, and give the password separately")
}
