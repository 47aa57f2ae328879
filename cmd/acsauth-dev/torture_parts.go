package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/cmd/internal/stores"
	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/acs-solutions/acsauth/internal/torture"
)

// A victim is the store that is tortured.
type victim struct {
	spec       stores.Spec
	oneProcess bool
	database   torture.Database // nil: not ours to kill
	stop       func()
}

// startVictim starts the database that a bare word names, or takes the name of a store that runs. The caller stops what is returned.
func startVictim(ctx context.Context, store, secret string) (*victim, error) {
	v := &victim{stop: func() {}, spec: stores.Spec{AllowLoopback: true, Secret: config.NewSecret(secret)}}
	switch store {
	case config.SQLite, config.Tables:
		dir, err := os.MkdirTemp("", "acsauth-torture-")
		if err != nil {
			return v, err
		}
		v.stop = func() { _ = os.RemoveAll(dir) }
		v.spec.DSN, v.oneProcess = "sqlite:"+filepath.Join(dir, "acsauth.db"), true
		if store == config.Tables {
			return v, v.startTables(ctx, dir)
		}
		return v, nil
	case config.Postgres:
		pg, err := parts.StartPostgres(ctx, parts.PostgresOptions{Durable: true})
		if err != nil {
			return v, err
		}
		v.stop, v.database = func() { _ = pg.Stop() }, killed{pg.Kill, pg.Restart}
		v.spec.DSN = pg.DSN("acsauth")
		return v, pg.CreateDatabase(ctx, "acsauth")
	}
	name, err := config.ParseStore(store)
	if err != nil {
		return v, cli.Misused(fmt.Errorf("--store %w", err))
	}
	if name.Kind == config.Graph {
		return v, cli.Misused(errors.New("--store graph: cannot be tortured: it promises less than is checked here"))
	}
	v.spec.DSN, v.oneProcess = store, name.Kind == config.SQLite
	return v, nil
}

// startTables starts Azurite with its files in dir. It writes to disk every five seconds, so kill -9 would lose
// what it acknowledged; a halt cuts all calls off and keeps that.
func (v *victim) startTables(ctx context.Context, dir string) error {
	az, err := parts.StartAzurite(ctx, parts.AzuriteOptions{Dir: dir})
	if err != nil {
		return err
	}
	clear := v.stop
	v.stop, v.database = func() { _ = az.Stop(); clear() }, killed{az.Halt, az.Restart}
	v.spec.DSN, v.spec.Secret, v.oneProcess = "tables:"+az.Endpoint()+"/torture", config.NewSecret(az.AccountKey), false
	return nil
}

// killed is a database that was started here.
type killed struct {
	kill    func() error
	restart func(context.Context) error
}

func (k killed) Kill() error                      { return k.kill() }
func (k killed) Return(ctx context.Context) error { return k.restart(ctx) }

// replicas starts processes of the service.
type replicas struct {
	env []string
	log *slog.Logger
}

// A replica is one process.
type replica struct {
	url  string
	cmd  *exec.Cmd
	dead chan struct{}
}

func (r *replica) URL() string           { return r.url }
func (r *replica) Dead() <-chan struct{} { return r.dead }

func (r *replica) Kill() {
	_ = r.cmd.Process.Kill() // it may have ended by itself
	<-r.dead
}

// startLimit is how long a replica may take until it is ready.
const startLimit = time.Minute

func (r replicas) start(ctx context.Context, doomed bool) (torture.Replica, error) {
	self, err := selfPath()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "serve", "--json")
	cmd.Env = r.env
	if doomed {
		cmd.Env = append(slices.Clone(r.env), "FAILPOINT="+randomPoint())
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	timer := time.AfterFunc(startLimit, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
	var at struct{ Server string }
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &at)
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, fmt.Errorf("a replica did not get ready: %w: %s", err, complaint.String())
	}
	p := &replica{url: at.Server, cmd: cmd, dead: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // killed, or the torture will say that it ended
		close(p.dead)
	}()
	return p, nil
}

// randomPoint names a kill point and one of its first passages.
func randomPoint() string {
	const points = 14
	point, passages := 1+rand.IntN(points), 20
	switch point {
	case 9:
		passages = 1 // few deletions meet a create
	case 14:
		passages = 10 // the sweeper comes every five seconds
	}
	return fmt.Sprintf("F%d:%d", point, 1+rand.IntN(passages))
}
