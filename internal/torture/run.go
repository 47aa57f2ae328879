package torture

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A run is one torture.
type run struct {
	o             Options
	fleet         *fleet
	client        *client
	ledger        *Ledger
	done          atomic.Int64 // users
	kills         atomic.Int64 // of replicas
	databaseKills int
	cutOff        int64 // calls that the database's deaths may have cut off
}

// Run tortures until every user has lived, or ctx ends, which is an error. What
// was found wrong is in the report, also if there is an error.
func Run(ctx context.Context, o Options) (Report, error) {
	if err := o.Check(); err != nil {
		return Report{}, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	began := time.Now()
	r := &run{o: o, ledger: NewLedger(), fleet: newFleet(&o)}
	r.client = newClient(r.fleet, o.Workers)
	defer r.fleet.sink()
	census, err := r.all(ctx)
	if err != nil {
		return Report{Violations: r.ledger.Violations()}, err
	}
	report := Report{
		Users: o.Users, Replicas: o.Replicas, Balance: r.ledger.Audit(census),
		Calls: r.client.calls.Load(), Failed: r.client.failed.Load(), Longest: r.client.longest,
		Kills: int(r.kills.Load()), DatabaseKills: r.databaseKills, CutOff: int(r.client.cut.Load() + r.cutOff),
		Faults: o.Faults(), Made: o.Made(), Deleted: o.Gone(), Took: time.Since(began),
	}
	r.ledger.Explain(report)
	r.strangeDeaths()
	report.Violations = r.ledger.Violations()
	return report, ctx.Err()
}

// all runs the whole and returns what exists in the end.
func (r *run) all(ctx context.Context) (Census, error) {
	if err := r.live(ctx); err != nil {
		return Census{}, err
	}
	r.o.Quiet()
	r.everybody(ctx, func(s *script) { s.settle(ctx, r.o.Replicas) })
	return r.count(ctx)
}

// live runs the lives of all users beside the kills. Afterwards all replicas run and none is doomed.
func (r *run) live(ctx context.Context) error {
	if err := r.fleet.launchMissing(ctx, r.o.Failpoints); err != nil {
		return err
	}
	work, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, 2)
	var wg sync.WaitGroup
	if r.o.Failpoints {
		wg.Go(func() { failed <- r.deaths(work) })
	}
	killed := make(chan error, 1)
	go func() { killed <- r.spread(work) }()
	r.everybody(work, func(s *script) {
		s.run(work)
		r.done.Add(1)
	})
	failed <- <-killed
	stop()
	wg.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	if r.o.Failpoints {
		r.disarm()
	}
	return errors.Join(ctx.Err(), r.fleet.launchMissing(ctx, false))
}

// disarm kills all replicas: they may be doomed.
func (r *run) disarm() {
	for i := range r.o.Replicas {
		if r.fleet.kill(i) {
			r.kills.Add(1)
		}
	}
	for len(r.fleet.died) > 0 {
		<-r.fleet.died
		r.kills.Add(1)
	}
}

// deaths revives replicas that died at a kill point.
func (r *run) deaths(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case i := <-r.fleet.died:
			n := r.kills.Add(1)
			r.o.Log.Info("replica died", "replica", i+1, "kills", n, "users", r.done.Load())
			if err := r.revive(ctx, i); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

// strangeDeaths notes replicas that ended though nobody killed them.
func (r *run) strangeDeaths() {
	for len(r.fleet.died) > 0 {
		r.ledger.Violate("replica %d ended by itself", <-r.fleet.died+1)
	}
}

// everybody does f for each user, so many at once.
func (r *run) everybody(ctx context.Context, f func(*script)) {
	users := make(chan int)
	var wg sync.WaitGroup
	for range r.o.Workers {
		wg.Go(func() {
			for u := range users {
				f(&script{c: r.client, ledger: r.ledger, user: u, token: r.o.Tokens(u), rng: rand.New(rand.NewPCG(r.o.Seed, uint64(u)))})
			}
		})
	}
	defer wg.Wait()
	defer close(users)
	for u := range r.o.Users {
		select {
		case users <- u:
		case <-ctx.Done():
			return
		}
	}
}

// spread spreads the kills over the run, by how many users have lived.
func (r *run) spread(ctx context.Context) error {
	rng := rand.New(rand.NewPCG(r.o.Seed, 1<<40))
	kills := r.o.Kills
	if r.o.Failpoints {
		kills = 0 // they die by themselves
	}
	for n := range kills + r.o.DatabaseKills {
		total := kills + r.o.DatabaseKills
		if err := r.until(ctx, (n+1)*r.o.Users/(total+2)); err != nil {
			return nil // the run ends first, and says why
		}
		var err error
		if r.databaseKills*total < n*r.o.DatabaseKills || n-r.databaseKills == kills {
			err = r.killDatabase(ctx, time.Duration(500+rng.IntN(1500))*time.Millisecond)
		} else {
			err = r.killReplica(ctx, rng.IntN(r.o.Replicas))
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// until waits until so many users have lived.
func (r *run) until(ctx context.Context, users int) error {
	for int(r.done.Load()) < users {
		if err := sleep(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) killReplica(ctx context.Context, i int) error {
	r.fleet.kill(i)
	n := r.kills.Add(1)
	r.o.Log.Info("replica killed", "replica", i+1, "kills", n, "users", r.done.Load())
	return r.revive(ctx, i)
}

// reviveLimit is how long a replica may take to come back; the database may be away meanwhile.
const reviveLimit = 2 * time.Minute

// revive starts a replica anew, and again until it is there.
func (r *run) revive(ctx context.Context, i int) error {
	for began := time.Now(); ; {
		err := r.fleet.launch(ctx, i, r.o.Failpoints && int(r.kills.Load()) < r.o.Kills)
		if err == nil {
			return nil
		}
		r.o.Log.Info("replica not back yet", "error", err)
		if time.Since(began) > reviveLimit || sleep(ctx, time.Second) != nil {
			return fmt.Errorf("a killed replica does not come back: %w", err)
		}
	}
}

func (r *run) killDatabase(ctx context.Context, away time.Duration) error {
	before, open := r.fleet.calls()
	err := r.o.Database.Kill()
	after, _ := r.fleet.calls()
	r.cutOff += open + after - before
	r.databaseKills++
	r.o.Log.Info("database killed", "kills", r.databaseKills, "users", r.done.Load())
	if err != nil {
		return fmt.Errorf("kill the database: %w", err)
	}
	_ = sleep(ctx, away) // it comes back either way
	if err := r.o.Database.Return(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("the database does not come back: %w", err)
	}
	return nil
}

// quietLimit is how long the sweepers may take: dead intents rest for 75 seconds, and at most 8 identities are deleted in one.
const quietLimit = 4 * time.Minute

// count waits until the sweepers are done, stops the replicas and counts.
func (r *run) count(ctx context.Context) (Census, error) {
	deadline := time.Now().Add(quietLimit)
	for {
		census, busy, err := r.look(ctx)
		if err != nil || !busy {
			return census, err
		}
		if time.Now().After(deadline) {
			r.ledger.Violate("after %v the sweepers have not cleared everything away", quietLimit)
			return census, nil
		}
		if err := sleep(ctx, 5*time.Second); err != nil {
			return census, err
		}
	}
}

// look reads the store. A store for one process is read while that process is stopped.
func (r *run) look(ctx context.Context) (c Census, busy bool, err error) {
	store, err := r.o.Open(ctx)
	if err != nil {
		r.fleet.kill(0)
		if store, err = r.o.Open(ctx); err != nil {
			return c, false, fmt.Errorf("read the store: %w", err)
		}
		defer func() { err = errors.Join(err, r.fleet.launch(ctx, 0, false)) }()
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if c, err = readAll(ctx, store); err != nil {
		return c, false, err
	}
	c.Alive = r.o.Alive()
	for _, row := range c.Rows {
		busy = busy || row.State != acsauth.Active
	}
	for _, line := range c.Lines {
		busy = busy || line.Kind == acsauth.Orphan
	}
	return c, busy, nil
}

// readAll reads rows and journal.
func readAll(ctx context.Context, store acsauth.Store) (c Census, err error) {
	lister, ok := store.(acsauth.Lister)
	if !ok {
		return c, errors.New("the store cannot list its rows")
	}
	for cursor := ""; ; {
		page, next, err := lister.List(ctx, cursor, 1000)
		if err != nil {
			return c, err
		}
		c.Rows = append(c.Rows, page...)
		if cursor = next; cursor == "" {
			break
		}
	}
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan} {
		const most = 1000
		lines, err := store.Lines(ctx, kind, most)
		if err != nil {
			return c, err
		}
		if len(lines) == most {
			return c, fmt.Errorf("the journal has %d lines of kind %s or more, too many to count: use fewer faults", most, kind)
		}
		c.Lines = append(c.Lines, lines...)
	}
	return c, nil
}
