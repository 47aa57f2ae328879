package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// childEnv makes the test binary play another process. Its value is
// "<task>:<path>", or "<task>+<handicap>:<path>" with a handicap of hamper.
const childEnv = "ACSAUTH_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	task, path, child := strings.Cut(os.Getenv(childEnv), ":")
	if !child {
		os.Exit(m.Run())
	}
	task, handicap, _ := strings.Cut(task, "+")
	if err := hamper(handicap); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	switch {
	case task == "open":
		os.Exit(childOpen(path))
	case task == "write":
		os.Exit(childWrite(path))
	}
	os.Exit(2)
}

// child returns the command of another process with that task.
func child(t *testing.T, task, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+task+":"+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// childOpen tries to open the database and says what came of it.
func childOpen(path string) int {
	s, err := Open(context.Background(), path)
	if err != nil {
		fmt.Println(errors.Is(err, ErrInUse), err)
		return 0
	}
	fmt.Println("opened", s.Close())
	return 0
}

// childWrite writes for as long as it lives, and says so after each acknowledged write.
func childWrite(path string) int {
	s, err := Open(context.Background(), path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	failed := make(chan error)
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				if err := writeOne(s, fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)); err != nil {
					failed <- err
				}
			}
		}()
	}
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}

// writeOne inserts a row and makes it active, with a line.
func writeOne(s *Store, name string) error {
	row := pendingRow(name)
	if err := s.Insert(context.Background(), row); err != nil {
		return err
	}
	fmt.Println("pending", name)
	line := lineOf(row)
	if err := s.Replace(context.Background(), row, activeRow(name), &line); err != nil {
		return err
	}
	fmt.Println("active", name)
	return nil
}

func pendingRow(name string) acsauth.Mapping {
	return acsauth.Mapping{Key: acsauth.UserKey{Issuer: "https://login.example/v2.0", Subject: name}, State: acsauth.Pending,
		Attempt: "a" + name, Resource: "resource", Generation: 1, Lease: 3600e9}
}

func activeRow(name string) acsauth.Mapping {
	row := pendingRow(name)
	row.State, row.Identity = acsauth.Active, acsauth.Identity("8:acs:resource_"+name)
	return row
}

func lineOf(row acsauth.Mapping) acsauth.JournalLine {
	return acsauth.JournalLine{Attempt: row.Attempt, Kind: acsauth.Suspect, User: row.Key.Hash(), Resource: row.Resource}
}

// openNew opens a store on a new file and closes it with the test.
func openNew(t testing.TB) (*Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "acsauth.db")
	return openAt(t, path), path
}

func openAt(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// completeLines returns the complete lines of a process that was killed.
func completeLines(r *bufio.Reader) (lines []string) {
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return lines
		}
		lines = append(lines, strings.TrimSuffix(line, "\n"))
	}
}
