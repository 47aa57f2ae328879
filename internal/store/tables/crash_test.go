package tables

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// childWrite writes for as long as it lives, and tells each write that was acknowledged.
func childWrite(task string) int {
	endpoint, rest, _ := strings.Cut(task, " ")
	name, rest, _ := strings.Cut(rest, " ")
	key, table, _ := strings.Cut(rest, " ")
	s, err := Open(context.Background(), Options{Endpoint: endpoint, AccountName: name, AccountKey: key, Table: table, AllowHTTP: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	failed := make(chan error)
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				if err := writeLife(s, fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)); err != nil {
					failed <- err
				}
			}
		}()
	}
	fmt.Fprintln(os.Stderr, <-failed)
	return 1
}

// writeLife writes a life and tells what is done: a name and how far it came.
func writeLife(s *Store, name string) error {
	for i, st := range life(name) {
		if err := st.do(context.Background(), s); err != nil {
			return err
		}
		fmt.Println(name, i)
	}
	return nil
}

// TestKilledWriters kills a writing process 20 times. What was acknowledged is
// there, and everything there is found.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	o := newTable()
	s := open(t, o)
	reached, acknowledged := map[string]int{}, 0
	for round := range 20 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childEnv+"="+strings.Join([]string{o.Endpoint, o.AccountName, o.AccountKey, o.Table}, " "))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		in := bufio.NewScanner(out)
		for left := 5 + rand.New(rand.NewPCG(uint64(round), 1)).IntN(40); in.Scan(); left-- {
			var name string
			var i int
			if _, err := fmt.Sscan(in.Text(), &name, &i); err == nil {
				reached[name] = max(reached[name], i)
				acknowledged++
			}
			if left == 0 {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // it was killed
	}
	t.Logf("%d acknowledged writes", acknowledged)
	views := s.inventory(t)
	for name, i := range reached {
		v := views[pendingRow(name).Key.Hash()]
		if v == nil {
			v = &view{}
		}
		if st := life(name); !st[i].done(v) && (i+1 == len(st) || !st[i+1].done(v)) {
			t.Errorf("%s: %q was acknowledged and is not there", name, st[i].name)
		}
	}
	wantFound(t, s)
}
