package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// TestBatch: writes that share a transaction do not share their fate.
func TestBatch(t *testing.T) {
	s, _ := openNew(t)
	mustDo(t, s.Insert(t.Context(), activeRow("alice")))
	twin := activeRow("twin")
	twin.Identity = activeRow("alice").Identity
	line := lineOf(pendingRow("bob"))
	left, cancel := context.WithCancel(t.Context())
	cancel()
	insert := func(ctx context.Context, m acsauth.Mapping) *write {
		return &write{ctx: ctx, apply: func(st *statements) error {
			return change(st.insert, m.Key.Issuer, m.Key.Subject, m.State, m.Attempt, m.Identity, m.Resource, m.Generation, until(m.Lease))
		}}
	}
	refused := &write{ctx: t.Context(), apply: func(st *statements) error {
		return st.both(func() error { return change(st.remove, "nobody", "", "", "", "") }, &line)
	}}
	batch := []*write{insert(t.Context(), pendingRow("bob")), insert(t.Context(), twin), insert(t.Context(), activeRow("alice")),
		insert(left, pendingRow("left")), refused, insert(t.Context(), pendingRow("carol"))}
	mustDo(t, s.writer.commit(batch)) // the writer itself is idle
	for i, want := range []string{"", "UNIQUE", "another state", "canceled", "another state", ""} {
		if got := fmt.Sprint(batch[i].result); (want == "") != (batch[i].result == nil) || !strings.Contains(got, want) {
			t.Errorf("write %d of the batch: got %s, want %q", i, got, want)
		}
	}
	if c, err := s.Counts(t.Context()); err != nil || c != (acsauth.Counts{Pending: 2, Active: 1}) {
		t.Errorf("after the batch: %+v, %v", c, err)
	}
}

// TestBatchFails: a fault of the database takes the whole batch, sentinels included.
func TestBatchFails(t *testing.T) {
	s, _ := openNew(t)
	broken := errors.New("disk I/O error")
	var order []string
	one := func(name string, err error) *write {
		return &write{ctx: t.Context(), answer: make(chan error, 1), apply: func(st *statements) error {
			order = append(order, name)
			if err == nil {
				return execute(st.dropLine, "", "")
			}
			return err
		}}
	}
	batch := []*write{one("done", nil), one("refused", acsauth.ErrConflict), one("broken", broken), one("never", nil)}
	if err := s.writer.commit(batch); !errors.Is(err, broken) || sentinel(err) {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(order, " "); got != "done refused broken" {
		t.Errorf("done in the batch: %s", got)
	}
	mustDo(t, s.Insert(t.Context(), pendingRow("after")))
}

// TestCommitFails: when the commit itself fails, nobody is told anything for sure.
func TestCommitFails(t *testing.T) {
	s, _ := openNew(t)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	good := s.writer.stmts.commit
	bad, err := s.writer.conn.PrepareContext(t.Context(), "ROLLBACK TO missing")
	mustDo(t, err)
	s.writer.stmts.commit = bad // the writer is idle
	wantFault(t, s.Insert(t.Context(), pendingRow("y")), "commit")
	wantFault(t, s.Insert(t.Context(), pendingRow("x")), "commit") // would be refused
	s.writer.stmts.commit = good
	mustDo(t, bad.Close())
	if _, err := s.Get(t.Context(), pendingRow("y").Key); !errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("the row of a failed commit: %v", err)
	}
	mustDo(t, s.Insert(t.Context(), pendingRow("y")))
}

// TestPlans: the hot queries use an index, whatever the size of the tables.
func TestPlans(t *testing.T) {
	s, _ := openNew(t)
	for text, args := range map[string][]any{getRow: {"i", "s"}, unfinishedRows: {"pending", 1, 1}, lineRows: {"suspect", 1},
		nextRows: {"i", "s", 1}, findRow: {"id"}} {
		rows, err := s.readers.Query("EXPLAIN QUERY PLAN "+text, args...)
		mustDo(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			mustDo(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		mustDo(t, rows.Err())
		if all := strings.Join(plan, "; "); !strings.HasPrefix(all, "SEARCH") || strings.Contains(all, "TEMP") {
			t.Errorf("%s\nplan: %s", text, all)
		}
	}
}

// TestPingDoesNotWrite compares the files byte by byte.
func TestPingDoesNotWrite(t *testing.T) {
	s, path := openNew(t)
	mustDo(t, s.Insert(t.Context(), pendingRow("x")))
	read := func() (content string) {
		for _, suffix := range []string{"", "-wal"} {
			b, err := os.ReadFile(path + suffix)
			mustDo(t, err)
			content += string(b)
		}
		return content
	}
	before := read()
	for range 20 {
		mustDo(t, s.Ping(t.Context()))
	}
	if read() != before {
		t.Error("Ping changed the file")
	}
}

// TestLibcPin: the driver works with the very libc that it was generated for.
func TestLibcPin(t *testing.T) {
	const format = "{{.Path}} {{.Version}} {{.GoMod}}"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, "modernc.org/libc", "modernc.org/sqlite").Output()
	mustDo(t, err)
	fields := strings.Fields(string(out)) // path, version, go.mod, twice
	if len(fields) != 6 {
		t.Fatalf("go list said %q", out)
	}
	mod, err := os.ReadFile(filepath.Clean(fields[5]))
	mustDo(t, err)
	want := regexp.MustCompile(`(?m)^\s*modernc\.org/libc (\S+)`).FindSubmatch(mod)
	if want == nil || fields[1] != string(want[1]) {
		t.Errorf("modernc.org/libc is %s, and modernc.org/sqlite %s wants %s: pin it in go.mod", fields[1], fields[4], want)
	}
}
