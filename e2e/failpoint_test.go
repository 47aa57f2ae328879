package e2e

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/acsidentity"
	"github.com/acs-solutions/acsauth/emulator"
	"github.com/acs-solutions/acsauth/internal/parts"
	"github.com/google/uuid"
)

// intentLease is how long the service thinks a create may take.
const intentLease = 15 * time.Second

// A killRun is a process that dies at a point, and a second one that takes over.
type killRun struct {
	program string // with kill points
	store   string
	kind    placeKind
	point   string
	passage int
}

func (r killRun) name() string { return fmt.Sprintf("%s/%s:%d", r.store, r.point, r.passage) }

// kill -9 at each point of the protocol, in the real processes: whatever was
// half done, the next process serves everybody soon, without any manual step,
// and everything that exists at ACS is accounted for.
func TestKillPoints(t *testing.T) {
	t.Parallel() // most of the time it waits for leases to end
	program := filepath.Join(t.TempDir(), "acsauth-dev")
	if out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", program, "../cmd/acsauth-dev").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	kinds := map[string]placeKind{
		"sqlite": sqlitePlace, "postgres": postgresPlaces(startPostgres(t, parts.PostgresOptions{})), "tables": tablesPlaces(startAzurite(t)),
	}
	passages := map[string][]int{"F9": {1, 2}, "F14": {1, 2, 4, 7, 10}}
	var runs []killRun
	for n := range 14 {
		point := fmt.Sprintf("F%d", 14-n) // the longest first
		at, ok := passages[point]
		if !ok {
			at = []int{1, 3}
		}
		for _, passage := range at {
			for store, kind := range kinds {
				runs = append(runs, killRun{program, store, kind, point, passage})
			}
		}
	}
	room := make(chan struct{}, 48)
	var wg sync.WaitGroup
	for _, r := range runs {
		wg.Go(func() {
			room <- struct{}{}
			defer func() { <-room }()
			t.Run(r.name(), r.run)
		})
	}
	wg.Wait()
}

func (r killRun) run(t *testing.T) {
	const users = 4
	w := newWorld(t, r.kind, users)
	if r.point == "F14" {
		leaveWork(t, w)
	}
	env := maps.Clone(w.env)
	env["FAILPOINT"] = fmt.Sprintf("%s:%d", r.point, r.passage)
	first := launch(t, r.program, env, "serve", "--json")
	if err := first.await(); err != nil && r.point != "F14" { // the sweeper may be there before the first caller
		t.Fatalf("%v\n%s", err, first.log)
	}
	deleting := r.point == "F10" || r.point == "F11" || r.point == "F12" || r.point == "F13"
	switch {
	case r.point == "F9":
		w.raceDeletions(first)
	case deleting:
		w.each(func(u int) { w.tryOnce(first, u); w.tryDelete(first, u) })
	case first.Server != "":
		w.each(func(u int) { together(2, func() { w.tryOnce(first, u) }) })
	}
	first.died(t)

	second := w.serve(t)
	began := time.Now()
	w.longest = 0
	w.each(func(u int) {
		if deleting && u > 0 { // a client whose deletion was not acknowledged repeats it; user 0 leaves it to the sweeper
			w.ask(second, u, "DELETE", "/api/user")
			w.ledger.Deleted(u)
		}
		w.show(second, u)
	})
	second.settled(t, 2*time.Minute)
	quiet := time.Since(began)
	w.each(func(u int) { w.show(second, u) })
	second.kill()
	b := w.audit(t)
	t.Logf("served after at most %.1f s, all cleared away after %.1f s; %+v", w.longest.Seconds(), quiet.Seconds(), b)
	if w.longest > intentLease+75*time.Second { // the sweeper may wait for its own lock, 30 s, and the machine may be busy
		t.Errorf("a user waited for %v", w.longest)
	}
	underWay := users
	if r.point == "F14" {
		underWay += leftIntents
	}
	if lost := b.Suspects + b.Orphans; lost > underWay {
		t.Errorf("%d lines in the journal, and at most %d creates were under way", lost, underWay)
	}
}

// tryOnce asks a replica that may die, and notes an answer.
func (w *world) tryOnce(server *process, u int) {
	id, status, _, err := w.once(server, u, "POST", "/getUser")
	if err == nil && status/100 == 2 {
		w.ledger.Shown(u, id)
	}
}

// tryDelete deletes at a replica that may die.
func (w *world) tryDelete(server *process, u int) {
	if _, status, _, err := w.once(server, u, "DELETE", "/api/user"); err == nil && status == 204 {
		w.ledger.Deleted(u)
	} else if u == 0 {
		w.ledger.Forget(u) // it may be deleted, or not
	}
}

// raceDeletions deletes what is being made, which leaves orphans, until the replica dies.
func (w *world) raceDeletions(server *process) {
	w.emu.SetFault(func(op string) emulator.Fault {
		if op == "create" {
			return emulator.Fault{Delay: 700 * time.Millisecond}
		}
		return emulator.Fault{}
	})
	defer w.emu.SetFault(nil)
	w.each(func(u int) {
		for range 20 {
			var cut error
			together(2, func() {
				if id, status, _, err := w.once(server, u, "POST", "/getUser"); err == nil && status/100 == 2 {
					w.ledger.Raced(u, id)
				}
			}, func() {
				time.Sleep(250 * time.Millisecond) // the create is under way
				_, _, _, cut = w.once(server, u, "DELETE", "/api/user")
			})
			if cut != nil {
				return
			}
		}
	})
}

// together runs n times the first function, or each of several once, at once.
func together(n int, fs ...func()) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(fs[i%len(fs)])
	}
	wg.Wait()
}

// died waits until the process has killed itself.
func (p *process) died(t *testing.T) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.cmd.Wait() // how it ended is looked at below
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		_ = p.cmd.Process.Kill()
		<-done
		t.Fatalf("the process never came to its end\n%s", p.log)
	}
	if s, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGKILL {
		t.Fatalf("the process ended by itself: %v\n%s", p.cmd.ProcessState, p.log)
	}
}

// What crashes leave to the sweeper.
const leftOrphans, leftDeletions, leftIntents = 2, 2, 2

// leaveWork puts it into the store.
func leaveWork(t *testing.T, w *world) {
	t.Helper()
	client, err := acsidentity.NewClientFromConnectionString(w.emu.ConnectionString(), &acsidentity.ClientOptions{InsecureAllowHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	store, err := w.place.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { mustStop(t, store.Close()) }()
	for i := range leftOrphans + leftDeletions + leftIntents {
		row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "https://issuer.invalid", Subject: fmt.Sprintf("gone-%d", i)}, State: acsauth.Pending,
			Attempt: uuid.NewString(), Resource: emulator.ResourceID, Generation: 1, Lease: -2 * time.Minute}
		if i < leftOrphans+leftDeletions {
			made, err := client.CreateIdentity(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			row.State, row.Identity, row.Lease = acsauth.Deleting, made.Identity, -time.Second
		}
		if i < leftOrphans {
			err = store.PutLine(t.Context(), acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Orphan, User: row.Key.Hash(),
				Identity: row.Identity, Resource: row.Resource})
		} else {
			err = store.Insert(t.Context(), row)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A point that does not exist is refused, so that a run that never dies is not taken for a good one.
func TestKillPointsAreKnown(t *testing.T) {
	program := filepath.Join(t.TempDir(), "acsauth-dev")
	if out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", program, "../cmd/acsauth-dev").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	w := newWorld(t, sqlitePlace, 0)
	for _, bad := range []string{"F0", "F15", "F3:0", "F3:x", "f3"} {
		cmd := exec.Command(program, "serve")
		cmd.Env = append(cmd.Environ(), "FAILPOINT="+bad)
		for name, value := range w.env {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "FAILPOINT: ") {
			t.Errorf("%s: %v: %s", bad, err, out)
		}
	}
}
