package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/parts"
)

// trap makes every write of a row or line whose attempt is "a"+name run the given PL/pgSQL.
func trap(t *testing.T, dsn, name, code string) {
	t.Helper()
	admin(t, dsn, fmt.Sprintf(`CREATE SEQUENCE IF NOT EXISTS acsauth.trapped;
		CREATE OR REPLACE FUNCTION acsauth.trap() RETURNS trigger LANGUAGE plpgsql AS $f$
		BEGIN IF NEW.attempt = 'a%s' THEN PERFORM nextval('acsauth.trapped'); %s END IF; RETURN NEW; END $f$;
		CREATE OR REPLACE TRIGGER trap BEFORE INSERT OR UPDATE ON acsauth.mapping FOR EACH ROW EXECUTE FUNCTION acsauth.trap();
		CREATE OR REPLACE TRIGGER trap BEFORE INSERT OR UPDATE ON acsauth.journal FOR EACH ROW EXECUTE FUNCTION acsauth.trap();`, name, code))
}

// trapped is how often the trap was run, or rolled back writes tried again.
func trapped(t *testing.T, s *Store) (n int) {
	t.Helper()
	mustDo(t, s.pool.QueryRow(t.Context(), "SELECT last_value FROM acsauth.trapped").Scan(&n))
	return n
}

// TestServerRefuses: what the server says of a write is unknown to the caller, and changes nothing.
func TestServerRefuses(t *testing.T) {
	s, dsn := openNew(t)
	row := pendingRow("row")
	mustDo(t, s.Insert(t.Context(), row))
	for code, want := range map[string]struct {
		says  string
		tries int
	}{
		"RAISE 'chosen';":                                     {"chosen", 1},
		"RAISE SQLSTATE '40001';":                             {"40001", 3},
		"RAISE SQLSTATE '40P01';":                             {"40P01", 3},
		"RAISE SQLSTATE '40003';":                             {"40003", 1}, // completion unknown
		"RAISE SQLSTATE '53100' USING MESSAGE = 'disk full';": {"disk full", 1},
		"RAISE SQLSTATE '08006' USING MESSAGE = 'lost';":      {"lost", 1},
	} {
		trap(t, dsn, "bad", code)
		line := lineOf(pendingRow("bad"))
		for verb, write := range map[string]func() error{
			"insert":            func() error { return s.Insert(t.Context(), pendingRow("bad")) },
			"replace":           func() error { return s.Replace(t.Context(), row, withAttempt(row, "abad"), nil) },
			"replace, its line": func() error { return s.Replace(t.Context(), row, activeRow("row"), &line) },
			"remove, its line":  func() error { return s.Remove(t.Context(), row, &line) },
			"put line":          func() error { return s.PutLine(t.Context(), line) },
		} {
			admin(t, dsn, "ALTER SEQUENCE acsauth.trapped RESTART", "SELECT nextval('acsauth.trapped')")
			wantFault(t, write(), want.says)
			if n := trapped(t, s) - 1; n != want.tries {
				t.Errorf("%s with %q was tried %d times, want %d", verb, code, n, want.tries)
			}
			if got, err := s.Get(t.Context(), row.Key); err != nil || !got.Fenced(row) {
				t.Errorf("%s with %q changed the row: %v", verb, code, err)
			}
			if c, err := s.Counts(t.Context()); err != nil || c != (acsauth.Counts{Pending: 1}) {
				t.Errorf("%s with %q left %+v, %v", verb, code, c, err)
			}
		}
	}
}

func withAttempt(m acsauth.Mapping, attempt string) acsauth.Mapping {
	m.Attempt = attempt
	return m
}

// TestTriedAgain: a write that was rolled back once is done by the next try.
func TestTriedAgain(t *testing.T) {
	s, dsn := openNew(t)
	for i, code := range []string{"40001", "40P01"} {
		name := fmt.Sprint("bad", i)
		trap(t, dsn, name, "IF (SELECT last_value FROM acsauth.trapped) % 2 = 1 THEN RAISE SQLSTATE '"+code+"'; END IF;")
		admin(t, dsn, "ALTER SEQUENCE acsauth.trapped RESTART")
		mustDo(t, s.Insert(t.Context(), pendingRow(name)))
		if n := trapped(t, s); n != 2 {
			t.Errorf("%s: %d tries, want 2", code, n)
		}
	}
}

// TestTimeouts: the server ends what takes too long, and the caller does not wait longer.
func TestTimeouts(t *testing.T) {
	s, dsn := openNew(t)
	row := pendingRow("x")
	mustDo(t, s.Insert(t.Context(), row))
	session := func(setting string) {
		for _, conn := range s.pool.AcquireAllIdle(t.Context()) {
			_, err := conn.Exec(t.Context(), "SET "+setting)
			mustDo(t, err)
			conn.Release()
		}
	}
	blocker := openAt(t, dsn)
	tx, err := blocker.pool.Begin(t.Context())
	mustDo(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM acsauth.mapping FOR UPDATE")
	mustDo(t, err)
	session("lock_timeout = '50ms'")
	wantFault(t, s.Replace(t.Context(), row, activeRow("x"), nil), "lock timeout")
	session("lock_timeout = 0")
	session("statement_timeout = '50ms'")
	wantFault(t, s.Remove(t.Context(), row, nil), "statement timeout")
	session("statement_timeout = '10s'")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err = s.Replace(ctx, row, activeRow("x"), nil)
	wantFault(t, err, "may or may not happen")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the error of the context", err)
	}
	if got, err := s.Get(t.Context(), row.Key); err != nil || !got.Fenced(row) {
		t.Errorf("a read beside a lock: %v, %v", got.State, err)
	}
	mustDo(t, tx.Rollback(t.Context()))
}

// TestBusy: when no connection comes free the call says so, soon, and was not begun.
func TestBusy(t *testing.T) {
	s := openWith(t, Options{DSN: fresh(t), MaxConns: 2})
	first, err := s.pool.Acquire(t.Context())
	mustDo(t, err)
	second, err := s.pool.Acquire(t.Context())
	mustDo(t, err)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			err := s.Insert(t.Context(), pendingRow("x"))
			if !errors.Is(err, ErrBusy) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want ErrBusy", err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Get(ctx, pendingRow("x").Key); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrBusy) {
		t.Errorf("a call whose context ends while it waits: %v", err)
	}
	wg.Wait()
	first.Release()
	second.Release()
	if _, err := s.Get(t.Context(), pendingRow("x").Key); !errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("a call that was not begun left a row: %v", err)
	}
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
}

// TestSessionsEnded: an administrator ends sessions. Reads are made again; a write is
// unknown at worst, and never told wrong.
func TestSessionsEnded(t *testing.T) {
	s, dsn := openNew(t)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	for i := range 20 {
		admin(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'acsauth' AND datname = current_database()")
		if i%2 == 0 {
			if got, err := s.Get(t.Context(), pendingRow("x").Key); err != nil || !got.Fenced(pendingRow("x")) {
				t.Errorf("a read after its session was ended: %v", err)
			}
			continue
		}
		name := fmt.Sprint("y", i)
		err := s.Insert(t.Context(), pendingRow(name))
		if sentinel(err) {
			t.Errorf("a write after its session was ended: %v", err)
		}
		if _, read := s.Get(t.Context(), pendingRow(name).Key); err == nil && read != nil {
			t.Errorf("an acknowledged write cannot be read: %v", read)
		}
	}
}

// TestUnreplicated: when an administrator cancels the wait for a synchronous standby, the
// server reports success with a warning; the caller is not told that it is durable.
func TestUnreplicated(t *testing.T) {
	p := private(t, parts.PostgresOptions{})
	dsn := freshOn(t, p)
	s := openAt(t, dsn)
	row := pendingRow("x")
	mustDo(t, s.Insert(t.Context(), row))
	admin(t, dsn, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'", "SELECT pg_reload_conf()")
	line := lineOf(row)
	for _, c := range []struct {
		name  string
		write func(try int) error
	}{
		{"insert", func(try int) error { return s.Insert(t.Context(), pendingRow(fmt.Sprint("y", try))) }},
		{"replace", func(int) error { return s.Replace(t.Context(), row, row, &line) }},
		{"lock", func(int) error { _, err := s.Lock(t.Context(), "sweeper", "one", time.Hour); return err }},
	} {
		err := unreplicated(t, dsn, c.write)
		wantFault(t, err, "canceling wait for synchronous replication")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	late := pendingRow("late")
	if err := s.Insert(ctx, late); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write that waits for a standby longer than its context: %v", err)
	}
	for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
		if _, err := s.Get(t.Context(), late.Key); !errors.Is(err, acsauth.ErrNotFound) {
			t.Fatalf("a write that is not replicated is seen: %v", err)
		}
	}
	admin(t, dsn, "ALTER SYSTEM SET synchronous_standby_names = ''", "SELECT pg_reload_conf()")
	for end := time.Now().Add(time.Minute); ; {
		if _, err := s.Get(t.Context(), late.Key); err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the write did not finish")
		}
	}
}

// unreplicated makes a write, again until one waits for a standby, cancels the wait and
// returns what the write got. The setting takes effect some time after it was made.
func unreplicated(t *testing.T, dsn string, write func(try int) error) error {
	t.Helper()
	const query = `SELECT count(*) FROM (SELECT pg_cancel_backend(pid) FROM pg_stat_activity
		WHERE wait_event = 'SyncRep' AND datname = current_database()) x`
	admin := openReader(t, dsn)
	for try, end := 0, time.Now().Add(time.Minute); time.Now().Before(end); try++ {
		result := make(chan error, 1)
		go func() { result <- write(try) }()
		for waits := 0; waits == 0 && len(result) == 0; {
			mustDo(t, admin.QueryRow(t.Context(), query).Scan(&waits))
		}
		if err := <-result; err != nil {
			return err
		}
	}
	t.Fatal("no call waits for a standby")
	return nil
}

// TestIdentityOfTwo: an identity belongs to one user, and the refusal spoils nothing else.
func TestIdentityOfTwo(t *testing.T) {
	s, _ := openNew(t)
	mustDo(t, s.Insert(t.Context(), activeRow("alice")))
	bob := activeRow("bob")
	bob.Identity = activeRow("alice").Identity
	wantFault(t, s.Insert(t.Context(), bob), "mapping_identity")
	mustDo(t, s.Insert(t.Context(), pendingRow("bob")))
	line := lineOf(bob)
	wantFault(t, s.Replace(t.Context(), pendingRow("bob"), bob, &line), "mapping_identity")
	row, err := s.Get(t.Context(), bob.Key)
	if err != nil || !row.Fenced(pendingRow("bob")) {
		t.Errorf("the row of a refused write: %+v, %v", row.State, err)
	}
	if c, err := s.Counts(t.Context()); err != nil || c.Suspects != 0 {
		t.Errorf("the line of a refused write is there: %+v, %v", c, err)
	}
}

// TestAnyBytes: every string is kept as it is, though text of PostgreSQL could not hold it.
func TestAnyBytes(t *testing.T) {
	s, _ := openNew(t)
	odd := "\x00\xff\xfe'\\x00\xc3\x28"
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: odd, Subject: odd + "s"}, State: acsauth.Active, Attempt: odd + "a",
		Identity: acsauth.Identity(odd + "i"), Resource: odd + "r", Generation: 1}
	line := acsauth.JournalLine{Attempt: odd, Kind: acsauth.Orphan, User: odd + "u", Identity: acsauth.Identity(odd), Resource: odd, RequestID: odd, Answer: []byte(odd)}
	mustDo(t, s.Insert(t.Context(), row))
	mustDo(t, s.Replace(t.Context(), row, row, &line))
	for _, read := range []func() (acsauth.Mapping, error){
		func() (acsauth.Mapping, error) { return s.Get(t.Context(), row.Key) },
		func() (acsauth.Mapping, error) { return s.Find(t.Context(), row.Identity) },
	} {
		got, err := read()
		got.Lease = 0
		if err != nil || got != row {
			t.Errorf("got %+q, %v", fmt.Sprint(got), err)
		}
	}
	lines, err := s.Lines(t.Context(), acsauth.Orphan, 10)
	if err != nil || len(lines) != 1 || lines[0].User != line.User || lines[0].RequestID != odd || string(lines[0].Answer) != odd {
		t.Errorf("got %+q, %v", fmt.Sprint(lines), err)
	}
	if has, err := s.Lock(t.Context(), odd, odd, time.Hour); err != nil || !has {
		t.Error(has, err)
	}
}

// TestRefusedRows: what no row can be is refused, and says why, and shows no value.
func TestRefusedRows(t *testing.T) {
	s, _ := openNew(t)
	long := strings.Repeat("x", acsauth.MaxTextLen+1)
	for want, change := range map[string]func(m *acsauth.Mapping){
		"mapping_state":     func(m *acsauth.Mapping) { m.State, m.Identity = "lost", "8:acs:x_y" },
		"identity_of_state": func(m *acsauth.Mapping) { m.Identity = "8:acs:x_y" },
		"mapping_attempt":   func(m *acsauth.Mapping) { m.Attempt = "" },
		"65 bytes":          func(m *acsauth.Mapping) { m.Attempt = long[:65] },
		"resource":          func(m *acsauth.Mapping) { m.Resource = long[:257] },
		"subject":           func(m *acsauth.Mapping) { m.Key.Subject = long },
		"issuer":            func(m *acsauth.Mapping) { m.Key.Issuer = long },
	} {
		row := pendingRow("planted")
		change(&row)
		err := s.Insert(t.Context(), row)
		wantFault(t, err, want)
		if err != nil && (strings.Contains(err.Error(), "xxxx") || strings.Contains(err.Error(), "planted")) {
			t.Errorf("the error shows a value: %v", err)
		}
	}
	row := pendingRow("x")
	mustDo(t, s.Insert(t.Context(), row))
	line := lineOf(row)
	line.Kind = acsauth.Orphan // without an identity
	wantFault(t, s.PutLine(t.Context(), line), "journal_identity")
	wantFault(t, s.Replace(t.Context(), row, activeRow("x"), &line), "journal_identity")
	wantFault(t, s.Remove(t.Context(), row, &line), "journal_identity")
	if got, err := s.Get(t.Context(), row.Key); err != nil || !got.Fenced(row) {
		t.Errorf("the row changed without its line: %s, %v", got.State, err)
	}
	line.Attempt = long
	wantFault(t, s.PutLine(t.Context(), line), "attempt")
	wantFault(t, s.Remove(t.Context(), row, &line), "attempt")
	_, err := s.Lock(t.Context(), long, "holder", time.Second)
	wantFault(t, err, "lock name")
	_, err = s.Lock(t.Context(), "name", long, time.Second)
	wantFault(t, err, "lock holder")
	_, err = s.Unfinished(t.Context(), acsauth.Active, 0, 1)
	wantFault(t, err, "neither pending nor deleting")
}

// TestLongest: the longest values that are allowed can be stored, though they cannot be compressed.
func TestLongest(t *testing.T) {
	s, _ := openNew(t)
	random := func(n int) string {
		b := make([]byte, n)
		for i, x := 0, uint32(1); i < n; i++ {
			x = x*1664525 + 1013904223
			b[i] = byte(x >> 24)
		}
		return string(b)
	}
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: random(acsauth.MaxTextLen), Subject: random(acsauth.MaxTextLen)}, State: acsauth.Active, Attempt: random(acsauth.MaxAttemptLen),
		Identity: acsauth.Identity(random(acsauth.MaxIdentityLen)), Resource: random(acsauth.MaxResourceLen), Generation: 1<<63 - 1, Lease: 1<<63 - 1}
	line := acsauth.JournalLine{User: random(acsauth.MaxUserLen), Attempt: random(acsauth.MaxAttemptLen), Kind: acsauth.Orphan, Identity: row.Identity, Resource: row.Resource,
		RequestID: random(acsauth.MaxTextLen), Answer: []byte(random(acsauth.MaxJournalAnswer))}
	mustDo(t, s.Insert(t.Context(), row))
	row.Lease = -1 << 63
	mustDo(t, s.Replace(t.Context(), row, row, &line))
	if got, err := s.Get(t.Context(), row.Key); err != nil || !got.Fenced(row) || got.Lease > -1<<62 {
		t.Errorf("lease %v, %v", got.Lease, err)
	}
	if has, err := s.Lock(t.Context(), random(acsauth.MaxUserLen), random(acsauth.MaxTextLen), 1<<63-1); err != nil || !has {
		t.Error(has, err)
	}
}
