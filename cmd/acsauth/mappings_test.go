package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/cmd/internal/cli"
	"github.com/acs-solutions/acsauth/internal/moving"
	"github.com/acs-solutions/acsauth/internal/store/sqlite"
)

// seedRow is one of many users; of a hundred, one is being made and one is being deleted.
func seedRow(i int) acsauth.Mapping {
	m := acsauth.Mapping{
		Key:   acsauth.UserKey{Issuer: "https://login.example/t/v2.0", Subject: fmt.Sprintf("private-%06d", i)},
		State: acsauth.Active, Attempt: fmt.Sprintf("attempt-%d", i), Identity: acsauth.Identity(fmt.Sprintf("8:acs:r_%d", i)),
		Resource: "contoso.communication.azure.com", Generation: 1,
	}
	switch i % 100 {
	case 33:
		m.State, m.Identity = acsauth.Pending, ""
	case 66:
		m.State = acsauth.Deleting
	}
	return m
}

// seed fills a new database with n rows and returns its path.
func seed(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "from.db")
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	const workers = 256
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < n; i += workers {
				if err := store.Insert(t.Context(), seedRow(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, line := range []acsauth.JournalLine{
		{Attempt: "o", Kind: acsauth.Orphan, User: seedRow(1).Key.Hash(), Identity: "8:acs:r_lost", Resource: "r"},
		{Attempt: "s", Kind: acsauth.Suspect, User: seedRow(2).Key.Hash(), Resource: "r"},
		{Attempt: "l", Kind: acsauth.Left, User: seedRow(3).Key.Hash(), Identity: "8:acs:old_1", Resource: "old"},
	} {
		if err := store.PutLine(t.Context(), line); err != nil {
			t.Error(err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs the program in this process.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, nil, &out, &errs)
	return code, out.String(), errs.String()
}

func TestAttemptsUnderWayAreNamed(t *testing.T) {
	from, to := seed(t, 300), filepath.Join(t.TempDir(), "to.db")
	code, stdout, _ := command(t, "mappings", "list", "--store", "sqlite:"+from, "--state", "pending")
	if hash := seedRow(33).Key.Hash(); code != 0 || strings.Count(stdout, "\n") != 4 || !strings.Contains(stdout, hash+"  pending   -  ") {
		t.Errorf("list: %d\n%s", code, stdout)
	}
	checkpoint := filepath.Join(t.TempDir(), "c")
	code, stdout, stderr := command(t, "mappings", "copy", "--from", "sqlite:"+from, "--to", "sqlite:"+to, "--checkpoint", checkpoint)
	for _, want := range []string{"new            297\n", "passed over    3 (pending)\n", "journal lines  3\n", "3 are being deleted", "source 297, target has all 297, equal\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is missing in\n%s", want, stdout)
		}
	}
	if want := "user " + seedRow(133).Key.Hash() + ": passed over: an identity is being made"; code != 0 || strings.Count(stderr, "\n") != 3 || !strings.Contains(stderr, want) {
		t.Errorf("copy: %d\n%s", code, stderr)
	}
	if strings.Contains(stdout+stderr, "private-") {
		t.Errorf("personal data is printed:\n%s%s", stdout, stderr)
	}
	if _, err := os.Stat(checkpoint); !os.IsNotExist(err) {
		t.Errorf("the checkpoint is still there: %v", err)
	}
}

// The program is killed again and again in the middle of a copy; the same command goes on, and nothing is missing.
func TestCopyIsKilled(t *testing.T) {
	const rows, least = 20000, 4
	from, dir := seed(t, rows), t.TempDir()
	to, checkpoint, program := filepath.Join(dir, "to.db"), filepath.Join(dir, "checkpoint"), build(t)
	args := []string{"mappings", "copy", "--from", "sqlite:" + from, "--to", "sqlite:" + to, "--checkpoint", checkpoint, "--quiet"}
	kills := 0
	for killed(t, exec.CommandContext(t.Context(), program, args...), checkpoint) {
		kills++
	}
	if kills < least {
		t.Errorf("only %d kills: the test did not see much", kills)
	}
	store, err := sqlite.Open(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for i := range rows {
		want := seedRow(i)
		got, err := store.Get(t.Context(), want.Key)
		if moves := moving.Moves(want.State); moves != (err == nil) || moves && !got.Fenced(want) {
			t.Fatalf("row %d: %+v, want %+v, %v", i, got, want, err)
		}
	}
	c, err := store.Counts(t.Context())
	if want := (acsauth.Counts{Active: rows / 100 * 98, Deleting: rows / 100, Suspects: 1, Orphans: 1, Left: 1}); err != nil || c != want {
		t.Errorf("the target holds %+v, want %+v, %v", c, want, err)
	}
	t.Logf("%d kills, %d rows, none lost", kills, rows)
}

// killed runs the program and kills it when it has carried several pages. It
// reports whether that came before its end, which must be a good one.
func killed(t *testing.T, cmd *exec.Cmd, checkpoint string) bool {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	seen, changes := "", 0
	for {
		select {
		case err := <-ended:
			if err != nil && !cmd.ProcessState.Exited() {
				return true
			}
			if err != nil || !strings.Contains(stdout.String(), "equal\n") || !strings.Contains(stdout.String(), "Went on from a run that was cut short") {
				t.Fatalf("%v\n%s%s", err, &stdout, &stderr)
			}
			return false
		case <-look.C:
			// It may be missing, before and after. Behind the rows comes the end, and a run that was done must not count as cut short.
			text, _ := os.ReadFile(checkpoint)
			if string(text) != seen && strings.Contains(string(text), `"rows":false`) {
				seen = string(text)
				changes++
			}
			if changes == 6 {
				_ = cmd.Process.Kill()
			}
		}
	}
}

// A signal stops a copy with a word about how to go on.
func TestCopyIsStopped(t *testing.T) {
	from, dir := seed(t, 20000), t.TempDir()
	checkpoint := filepath.Join(dir, "checkpoint")
	cmd := exec.CommandContext(t.Context(), build(t), "mappings", "copy", "--from", "sqlite:"+from, "--to", "sqlite:"+filepath.Join(dir, "to.db"), "--checkpoint", checkpoint)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for asked := false; ; {
		select {
		case <-ended:
			if code := cmd.ProcessState.ExitCode(); !asked || code != cli.Failure || !strings.Contains(stderr.String(), "goes on where this one stopped ("+checkpoint+")") ||
				!strings.Contains(stderr.String(), "acsauth: stopped by a signal\n") {
				t.Errorf("asked %v, exit code %d:\n%s", asked, code, &stderr)
			}
			return
		case <-look.C:
			if _, err := os.Stat(checkpoint); err == nil && !asked {
				asked = true
				if err := cmd.Process.Signal(os.Interrupt); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestProgress(t *testing.T) {
	for want, r := range map[string]moving.Reading{
		"[###############...............] copying 50 of 100, 10/s, 5s left": {Phase: "copying", Done: 50, Total: 100, Rate: 10, Left: 5 * time.Second},
		"[##############################] copying 120 of 120, 10/s":         {Phase: "copying", Done: 120, Total: 100, Rate: 10},
		"journal 3": {Phase: "journal", Done: 3, Total: -1},
	} {
		if got := bar(r); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestNotesAreFew(t *testing.T) {
	var out strings.Builder
	s := newScreen(cli.Call{Stderr: &out}, true)
	for range 2 {
		for i := range 2 * maxNotes {
			s.note(moving.Note{User: fmt.Sprint(i), Reason: "differs"})
		}
		s.newPhase()
	}
	s.stop()
	s.stop()
	if text := out.String(); strings.Count(text, "differs\n") != 2*maxNotes || strings.Count(text, "... and more\n") != 1 {
		t.Errorf("printed:\n%s", text)
	}
}

func TestPlain(t *testing.T) {
	for s, want := range map[string]string{"": "-", "8:acs:a_b": "8:acs:a_b", "ü": "ü", "\x1b[2J": `"\x1b[2J"`, "a\nb": `"a\nb"`} {
		if got := plain(s); got != want {
			t.Errorf("plain(%q) = %s, want %s", s, got, want)
		}
	}
}
