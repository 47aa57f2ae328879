package parts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// How long the steps of a server may take.
const (
	initLimit  = 2 * time.Minute
	startLimit = time.Minute
	stopLimit  = 30 * time.Second
)

// PostgresOptions says how to run a server. The zero value is a fast server
// whose data does not survive a crash.
type PostgresOptions struct {
	// Dir is the folder of the server. It is created if it is not there, and must
	// be reachable for the user postgres if this process runs as root. A folder
	// that holds a server already is used as it is. Empty stands for a new
	// temporary folder that Stop removes.
	Dir string
	// Durable switches fsync on: for tests that kill the server and for benchmarks.
	Durable bool
	// Settings are parameters of the server, such as ssl=on.
	Settings map[string]string
	// HBA are lines put before the ones of pg_hba.conf, which let everybody on this machine in.
	HBA []string
	// Files are put into the data folder, readable by the server only.
	Files map[string][]byte
}

// A Postgres is a running server. Its superuser is postgres, without a
// password. Its methods are not to be called at once.
type Postgres struct {
	Port int    // on 127.0.0.1; the same for life
	Pid  int    // of the main process; another after Restart
	Data string // data folder

	options PostgresOptions
	bin     string // folder of the programs
	dir     string
	temp    bool // dir is to be removed
	as      *account
	process *process
}

// StartPostgres makes a new server, starts it and waits until it accepts
// connections. If ctx ends while it waits, there is no server.
func StartPostgres(ctx context.Context, o PostgresOptions) (*Postgres, error) {
	bin, err := findPostgres(debianPattern)
	if err != nil {
		return nil, err
	}
	as, err := serverAccount()
	if err != nil {
		return nil, err
	}
	p := &Postgres{options: o, bin: bin, as: as}
	if err := p.start(ctx); err != nil {
		return nil, fmt.Errorf("cannot start PostgreSQL: %w", errors.Join(err, p.Stop()))
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context) error {
	if err := p.makeDir(); err != nil {
		return err
	}
	if err := p.initialize(ctx); err != nil {
		return err
	}
	const tries = 5 // another program may take the port first
	var err error
	for range tries {
		if p.Port, err = freePort(); err != nil {
			return err
		}
		if err = p.run(ctx); err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// DSN returns the connection string of a database for the superuser.
func (p *Postgres) DSN(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("postgres"), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)),
		Path: "/" + database, RawQuery: "sslmode=disable"}
	return u.String()
}

// CreateDatabase makes a new, empty database, with the program createdb.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "createdb"), "-h", "127.0.0.1", "-p", strconv.Itoa(p.Port), "-U", "postgres", "--", name)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot create database %q: %w: %s", name, err, tail(out))
	}
	return nil
}

// Kill ends the server as a power cut would: kill -9 of the main process and
// all others of the server. It returns when none of them is left.
func (p *Postgres) Kill() error {
	if p.process == nil {
		return nil
	}
	err := p.process.kill(stopLimit)
	if err == nil {
		p.process = nil
		err = killRest(p.Data, stopLimit)
	}
	if err != nil {
		return fmt.Errorf("cannot kill PostgreSQL: %w", err)
	}
	return nil
}

// Restart starts the server again after [Postgres.Kill] or [Postgres.Halt], with the same
// data and port, and waits until it accepts connections. A server that runs is halted first.
func (p *Postgres) Restart(ctx context.Context) error {
	if err := p.Halt(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		err := p.run(ctx)
		if err == nil {
			return nil
		}
		select { // another program may have the port for a moment
		case <-ctx.Done():
			return fmt.Errorf("cannot restart PostgreSQL: %w", err)
		case <-time.After(time.Second):
		}
	}
}

// Halt stops the server cleanly and keeps its data.
func (p *Postgres) Halt() error {
	if p.process == nil {
		return nil
	}
	if err := p.process.interrupt(stopLimit); err != nil { // SIGINT: end all sessions, write everything
		return errors.Join(fmt.Errorf("PostgreSQL did not stop: %w", err), p.Kill())
	}
	p.process = nil
	return nil
}

// Stop stops the server for good, and removes its folder if that is a
// temporary one. It may be called again.
func (p *Postgres) Stop() error {
	err := p.Halt()
	if p.temp {
		err = errors.Join(err, os.RemoveAll(p.dir))
	}
	return err
}
