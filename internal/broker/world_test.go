package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/storetest"
)

const testResource = "11111111-2222-4333-8444-555555555555"

var testKey = acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: "alice"}

// A worldConfig says who acts and what may go wrong.
type worldConfig struct {
	callers  int  // replicas that call EnsureIdentity
	deleters int  // replicas that call DeleteIdentity
	revokers int  // replicas that call RevokeTokens
	sweepers int  // replicas that sweep while the others work
	faults   int  // crashes, lost messages and late messages in all
	custom   bool // customId mode
	leases   int  // how many live leases may be taken for dead
	late     bool // late messages too
	crash    bool // crashes too
	mistake  mistake
}

// A world is one user, one store, one ACS and some replicas, under a scheduler.
type world struct {
	cfg   worldConfig
	sched *scheduler
	mem   acsauth.Store
	acs   *fakeACS

	mu        sync.Mutex
	left      int // faults left
	leases    int // leases that may still be taken for dead
	harmless  int // refusals booked as faults, which must leave nothing behind
	dead      map[string]bool
	seen      map[string][]string // what each replica has learnt, in order
	names     map[string]string   // attempt -> who made it and when
	count     map[string]int
	late      int
	running   int
	ever      map[acsauth.Identity]bool // ids that were ever Active
	exposed   acsauth.Identity          // shown in this generation
	calm      bool                      // no more choices: all goes well
	violation string
	suspects  int
	trace     []string
}

func newWorld(cfg worldConfig) *world {
	w := &world{cfg: cfg, sched: &scheduler{}, mem: storetest.NewMemory(), left: cfg.faults, leases: cfg.leases, dead: map[string]bool{},
		seen: map[string][]string{}, names: map[string]string{}, count: map[string]int{}, ever: map[acsauth.Identity]bool{}}
	w.acs = &fakeACS{w: w, ids: map[acsauth.Identity]*fakeIdentity{}}
	return w
}

func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.violation == "" {
		w.violation = fmt.Sprintf(format, args...)
	}
}

// turn waits for the scheduler and books faults. It answers outcomeDead for a crashed replica.
func (w *world) turn(proc, op string, outcomes func() []string) string {
	w.mu.Lock()
	dead, calm := w.dead[proc], w.calm
	w.mu.Unlock()
	if dead {
		return outcomeDead
	}
	if calm {
		return "ok"
	}
	return w.sched.take(proc, op, outcomes)
}

// learn records what a replica got to know: its next steps depend on nothing else.
func (w *world) learn(proc, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[proc] = append(w.seen[proc], fmt.Sprintf(format, args...))
}

// fresh reports whether a calling replica has not looked at the row yet.
func (w *world) fresh(proc string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return proc < "L" && len(w.seen[proc]) == 0
}

// name calls an attempt after the replica that made it, so that equal states look equal.
func (w *world) name(proc, attempt string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok := w.names[attempt]; ok || attempt == "" {
		return n
	}
	w.count[proc]++
	w.names[attempt] = fmt.Sprintf("%s%d", proc, w.count[proc])
	return w.names[attempt]
}

func (w *world) rowText(proc string, m acsauth.Mapping, err error) string {
	if err != nil {
		return "none"
	}
	return fmt.Sprintf("%s(%s,%s,%d)", m.State, w.name(proc, m.Attempt), w.acs.name(m.Identity), m.Generation)
}

// row reads the row behind everybody's back.
func (w *world) row() (acsauth.Mapping, error) { return w.mem.Get(context.Background(), testKey) }

// state is all that the future depends on. Two schedules that reach the same
// state have the same continuations, so only the first is followed.
func (w *world) state(waiting []turn) string {
	var b strings.Builder
	m, err := w.row()
	fmt.Fprintf(&b, "row %s|", w.rowText("?", m, err))
	for _, kind := range []acsauth.JournalKind{acsauth.Suspect, acsauth.Orphan} {
		lines, _ := w.mem.Lines(context.Background(), kind, 1000)
		var l []string
		for _, j := range lines {
			l = append(l, w.name("?", j.Attempt)+w.acs.name(j.Identity))
		}
		sort.Strings(l)
		fmt.Fprintf(&b, "%s %v|", kind, l)
	}
	fmt.Fprintf(&b, "acs %s|", w.acs.state())
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&b, "left %d %d exposed %s ever %d|", w.left, w.leases, w.acs.names[w.exposed], len(w.ever))
	procs := make([]string, 0, len(w.seen))
	for p := range w.seen {
		procs = append(procs, p)
	}
	sort.Strings(procs)
	for _, p := range procs {
		fmt.Fprintf(&b, "%s dead=%v %v|", p, w.dead[p], w.seen[p])
	}
	for _, t := range waiting {
		fmt.Fprintf(&b, "%s:%s ", t.proc, t.op)
	}
	return b.String()
}

// check asserts what must hold after every step.
func (w *world) check() {
	m, err := w.row()
	if err == nil && m.State == acsauth.Active {
		w.ever[m.Identity] = true
		if !w.acs.alive(m.Identity) {
			w.fail("S1: the row is Active but its identity is dead")
		}
	}
	if err != nil || m.State == acsauth.Deleting {
		w.exposed = "" // a generation has ended
	}
	w.acs.checkPoison()
}

// show is called the moment that a caller gets an id.
func (w *world) show(id acsauth.Identity) {
	m, err := w.row()
	if err != nil || m.State != acsauth.Active || m.Identity != id {
		w.fail("S2: an id is shown while the row is %s", w.rowText("?", m, err))
	}
	w.mu.Lock()
	before := w.exposed
	w.exposed = id
	w.mu.Unlock()
	if before != "" && before != id {
		w.fail("S3: two ids shown in one generation")
	}
}

// broker makes a replica.
func (w *world) broker(proc string) *Broker {
	b, err := New(Options{Store: &turnStore{w: w, proc: proc}, ACS: w.acs.client(proc), Resource: testResource,
		Scopes: []acsauth.Scope{acsauth.ScopeChat}, CustomIDs: w.cfg.custom})
	if err != nil {
		panic(err)
	}
	b.timing.patience = 0
	b.timing.rounds = 4
	b.timing.commitTries = 3
	b.timing.sleep = func(ctx context.Context, d time.Duration) error { return ctx.Err() }
	setMistake(b, w.cfg.mistake)
	return b
}

func (w *world) start(proc string, body func(b *Broker)) {
	w.running++
	w.seen[proc] = nil
	b := w.broker(proc)
	go func() {
		body(b)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen[proc] = []string{"has ended"} // what it knew cannot matter any more
		w.running--
	}()
}

// run starts every replica.
func (w *world) run() {
	ctx := context.Background()
	caller := acsauth.Caller{Key: testKey}
	for i := range w.cfg.callers {
		proc := string(rune('A' + i))
		w.start(proc, func(b *Broker) {
			if id, _, err := b.EnsureIdentity(ctx, caller); err == nil {
				w.show(id)
				w.learn(proc, "shown %s", w.acs.name(id))
			}
		})
	}
	for i := range w.cfg.deleters {
		proc := string(rune('X' + i))
		w.start(proc, func(b *Broker) {
			done, err := b.DeleteIdentity(ctx, caller)
			w.learn(proc, "done %v %v", done, err != nil)
		})
	}
	for i := range w.cfg.revokers {
		proc := string(rune('U' + i))
		w.start(proc, func(b *Broker) { w.learn(proc, "revoked %v", b.RevokeTokens(ctx, caller) != nil) })
	}
	for i := range w.cfg.sweepers {
		proc := string(rune('S' + i))
		w.start(proc, func(b *Broker) { w.learn(proc, "swept %v", b.Sweep(ctx) != nil) })
	}
}

// settle lets a fresh sweeper finish what is left, with no more faults, and
// checks what must hold when all is quiet.
func (w *world) settle() {
	ctx := context.Background()
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	b := w.broker("Q")
	for range 3 {
		time.Sleep(b.timing.quiet + time.Minute) // every lease and every quiet time is over
		if err := b.Sweep(ctx); err != nil {
			w.fail("the last sweep failed: %v", err)
		}
	}
	w.check()
	w.quiet()
	if w.violation != "" {
		return
	}
	id, _, err := w.broker("L").EnsureIdentity(ctx, acsauth.Caller{Key: testKey})
	if err != nil {
		w.fail("L1: with everything up a call ends with %v", err)
		return
	}
	w.show(id)
}

// quiet counts what is left at ACS against the faults and the journal.
func (w *world) quiet() {
	m, err := w.row()
	mapped := acsauth.Identity("")
	if err == nil && m.State == acsauth.Active {
		mapped = m.Identity
	}
	pendings := 0
	if err == nil && m.State == acsauth.Pending {
		pendings = 1
	}
	leaked := w.acs.leaked(mapped)
	c, _ := w.mem.Counts(context.Background())
	w.suspects = int(c.Suspects)
	used := w.cfg.faults - w.left - w.harmless
	for _, id := range leaked {
		if w.ever[id] {
			w.fail("S5: an id that was once Active is alive and nothing points to it")
		}
	}
	switch {
	case w.cfg.custom && len(leaked) > 0:
		w.fail("S5b: %d leaked although every create had a customId", len(leaked))
	case len(leaked) > w.suspects+int(c.Orphans)+pendings:
		w.fail("S7: %d leaked, %d lines in the journal", len(leaked), w.suspects)
	case len(leaked) > used:
		w.fail("S4: %d leaked, %d faults", len(leaked), used)
	}
	w.acs.leaks = len(leaked)
}

// turnStore is the store as one replica sees it.
type turnStore struct {
	w    *world
	proc string
}

var errLostMessage = errors.New("store: connection lost")

func (s *turnStore) faults(kinds ...string) []string {
	out := []string{"ok"}
	if s.w.left > 0 {
		for _, k := range kinds {
			if k == "late" && !s.w.cfg.late {
				continue
			}
			out = append(out, k)
		}
		if s.w.cfg.crash {
			out = append(out, "crash")
		}
	}
	return out
}

// write runs one conditional write under the chosen outcome.
func (s *turnStore) write(op string, do func() error) error {
	out := s.w.turn(s.proc, op, func() []string { return s.faults("lost", "stored", "late") })
	err := errLostMessage
	switch out {
	case "ok":
		err = do()
	case "stored":
		_ = do()
	case "late":
		s.w.later(s.proc, op, func() { _ = do() })
	}
	s.w.learn(s.proc, "%s=%v", op, err)
	return err
}

// later runs an effect at a time of the scheduler's choosing, its sender long gone.
func (w *world) later(proc, op string, effect func()) {
	w.mu.Lock()
	w.late++
	w.running++
	name := fmt.Sprintf("~%s%s", proc, op)
	w.mu.Unlock()
	go func() {
		if w.turn(name, "late", func() []string { return []string{"ok"} }) == "ok" {
			effect()
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.late--
		w.running--
	}()
}

func (s *turnStore) Get(ctx context.Context, key acsauth.UserKey) (acsauth.Mapping, error) {
	out := s.w.turn(s.proc, "get", func() []string {
		if m, err := s.w.row(); err == nil && m.State == acsauth.Pending && s.w.leases > 0 {
			return append(s.faults(), "lease over") // a lease may end at any moment
		}
		return s.faults()
	})
	if out == outcomeDead || out == "crash" {
		return acsauth.Mapping{}, errLostMessage
	}
	m, err := s.w.mem.Get(ctx, key)
	if out == "lease over" {
		m.Lease = -time.Hour
	}
	if err == nil && m.State == acsauth.Active || !s.w.fresh(s.proc) {
		s.w.learn(s.proc, "get=%s %s", s.w.rowText(s.proc, m, err), out)
	} else {
		s.w.learn(s.proc, "first look") // of the fast path, which forgets all but Active
	}
	return m, err
}

func (s *turnStore) Insert(ctx context.Context, m acsauth.Mapping) error {
	return s.write("insert "+s.w.name(s.proc, m.Attempt)+string(m.State), func() error { return s.w.mem.Insert(ctx, m) })
}

func (s *turnStore) Replace(ctx context.Context, old, next acsauth.Mapping, line *acsauth.JournalLine) error {
	s.legal(old, next)
	op := fmt.Sprintf("replace %s by %s", s.w.rowText(s.proc, old, nil), s.w.rowText(s.proc, next, nil))
	return s.write(op, func() error { return s.w.mem.Replace(ctx, old, next, line) })
}

func (s *turnStore) Remove(ctx context.Context, old acsauth.Mapping, line *acsauth.JournalLine) error {
	return s.write("remove "+s.w.rowText(s.proc, old, nil), func() error { return s.w.mem.Remove(ctx, old, line) })
}

// legal asserts that only the arrows of the state machine are ever tried.
func (s *turnStore) legal(old, next acsauth.Mapping) {
	arrows := [][2]acsauth.State{{acsauth.Pending, acsauth.Pending}, {acsauth.Pending, acsauth.Active}, {acsauth.Active, acsauth.Active}, {acsauth.Active, acsauth.Deleting}}
	if !slices.Contains(arrows, [2]acsauth.State{old.State, next.State}) {
		s.w.fail("P11: a write from %s to %s", old.State, next.State)
	}
	if old.State == acsauth.Active && next.State == acsauth.Active && (old.Identity != next.Identity || old.Attempt == next.Attempt || next.Generation != old.Generation+1) {
		s.w.fail("P11: a new version with another identity, or under the same attempt")
	}
	if old.State == acsauth.Pending && next.State == acsauth.Active && old.Attempt != next.Attempt && s.w.cfg.mistake != noFence {
		s.w.fail("P11: a commit under another attempt")
	}
}

func (s *turnStore) PutLine(ctx context.Context, l acsauth.JournalLine) error {
	return s.write("put "+s.w.name(s.proc, l.Attempt), func() error { return s.w.mem.PutLine(ctx, l) })
}

func (s *turnStore) DropLine(ctx context.Context, user, attempt string) error {
	return s.write("drop "+s.w.name(s.proc, attempt), func() error { return s.w.mem.DropLine(ctx, user, attempt) })
}

func (s *turnStore) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) ([]acsauth.JournalLine, error) {
	if s.w.turn(s.proc, "lines "+string(kind), func() []string { return s.faults() }) != "ok" {
		return nil, errLostMessage
	}
	lines, err := s.w.mem.Lines(ctx, kind, limit)
	for _, l := range lines {
		s.w.learn(s.proc, "line %s", s.w.name(s.proc, l.Attempt))
	}
	s.w.learn(s.proc, "%d lines", len(lines))
	return lines, err
}

// Unfinished lists a row whatever its lease: a lease may have ended at any moment.
func (s *turnStore) Unfinished(_ context.Context, state acsauth.State, _ time.Duration, _ int) ([]acsauth.Mapping, error) {
	if s.w.turn(s.proc, "unfinished "+string(state), func() []string { return s.faults() }) != "ok" {
		return nil, errLostMessage
	}
	m, err := s.w.row()
	if err != nil || m.State != state {
		s.w.learn(s.proc, "nothing %s", state)
		return nil, nil
	}
	s.w.learn(s.proc, "unfinished %s", s.w.rowText(s.proc, m, nil))
	return []acsauth.Mapping{m}, nil
}

func (s *turnStore) Counts(ctx context.Context) (acsauth.Counts, error) { return s.w.mem.Counts(ctx) }
func (s *turnStore) Ping(ctx context.Context) error                     { return s.w.mem.Ping(ctx) }
func (s *turnStore) Close() error                                       { return nil }

// Lock excludes nobody: two sweepers at once must do no harm.
func (s *turnStore) Lock(context.Context, string, string, time.Duration) (bool, error) {
	return true, nil
}
