package postgres

import (
	"bufio"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// TestKilled kills a writing process again and again: what it acknowledged is
// there, and rows and lines agree.
func TestKilled(t *testing.T) {
	const cycles = 20
	s, dsn := openNew(t)
	rng := rand.New(rand.NewPCG(1, 2))
	all := 0
	for range cycles {
		told := killWriter(t, dsn, time.Duration(rng.IntN(120))*time.Millisecond)
		for _, line := range told {
			checkTold(t, s, line)
		}
		checkSound(t, s)
		all += len(told)
	}
	t.Logf("%d kills, %d acknowledged writes, 0 lost", cycles, all)
	if all < cycles*10 {
		t.Errorf("only %d writes were acknowledged: the test did not see much", all)
	}
}

// killWriter starts a writer, kills it some time after its first acknowledged
// write, and returns the writes that it was told were done.
func killWriter(t *testing.T, dsn string, after time.Duration) []string {
	t.Helper()
	cmd := child(t, dsn)
	out, err := cmd.StdoutPipe()
	mustDo(t, err)
	mustDo(t, cmd.Start())
	r := bufio.NewReader(out)
	if _, err := r.Peek(1); err != nil {
		t.Fatalf("the writer wrote nothing: %v", err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	told := completeLines(r)
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the writer ended by itself: %v", err)
	}
	return told
}

// checkTold fails unless an acknowledged write is stored.
func checkTold(t *testing.T, s *Store, told string) {
	t.Helper()
	state, name, _ := strings.Cut(told, " ")
	row, err := s.Get(t.Context(), pendingRow(name).Key)
	switch {
	case err != nil:
		t.Fatalf("%s was acknowledged: %v", told, err)
	case state == "active" && !row.Fenced(activeRow(name)), state == "pending" && !row.Fenced(activeRow(name)) && !row.Fenced(pendingRow(name)):
		t.Fatalf("%s was acknowledged, the row is %s", told, row.State)
	}
}

// checkSound fails if a row has no line, or a line no row.
func checkSound(t *testing.T, s *Store) {
	t.Helper()
	var alone int
	mustDo(t, s.pool.QueryRow(t.Context(), `SELECT count(*) FROM (SELECT attempt FROM acsauth.mapping WHERE state = 'active') m
		FULL JOIN acsauth.journal j USING (attempt) WHERE m.attempt IS NULL OR j.attempt IS NULL`).Scan(&alone))
	if alone != 0 {
		t.Fatalf("%d rows without their line, or lines without their row", alone)
	}
	if _, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 1000); err != nil {
		t.Fatal(err)
	}
}
