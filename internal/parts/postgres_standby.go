package parts

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Standby makes a copy of a running server that follows it, and waits until it
// answers. It is a server of its own, with the same options. It follows
// asynchronously until synchronous_standby_names of the first names it.
func (p *Postgres) Standby(ctx context.Context) (*Postgres, error) {
	s := &Postgres{options: p.options, bin: p.bin, as: p.as}
	s.options.Dir = ""
	if err := s.follow(ctx, p.Port); err != nil {
		return nil, fmt.Errorf("cannot start a standby of PostgreSQL: %w", err)
	}
	return s, nil
}

func (p *Postgres) follow(ctx context.Context, port int) (err error) {
	if err := p.makeDir(); err != nil {
		return err
	}
	if err := p.program(ctx, "pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "postgres", "-D", p.Data,
		"-R", "-X", "stream", "-c", "fast"); err != nil {
		return err
	}
	if p.Port, err = freePort(); err != nil {
		return err
	}
	return p.run(ctx)
}

// Promote makes a standby a server that takes writes, and waits until it does.
func (p *Postgres) Promote(ctx context.Context) error {
	return p.program(ctx, "pg_ctl", "promote", "-w", "-D", p.Data)
}

// program runs a program of PostgreSQL as the user of the server.
func (p *Postgres) program(ctx context.Context, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, name), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.dir, serverEnv(), p.as.attributes(0)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, tail(out))
	}
	return nil
}
