package audit

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// The tests start this binary again as a process that writes a log.
const (
	childEnv = "ACSAUTH_TEST_AUDIT_CHILD"
	pathEnv  = "ACSAUTH_TEST_AUDIT_PATH"
)

func TestMain(m *testing.M) {
	switch os.Getenv(childEnv) {
	case "write":
		os.Exit(childWrites(os.Getenv(pathEnv)))
	case "full":
		os.Exit(childFills(os.Getenv(pathEnv)))
	}
	os.Exit(m.Run())
}

// childWrites records until it is killed, and names each line that is durable.
func childWrites(path string) int {
	l, err := Open(Options{Path: path, Keys: testKeys()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				if err := l.Record(context.Background(), sample(id)); err == nil {
					fmt.Println(id)
				}
			}
		}()
	}
	select {}
}

// childFills writes until a limit of the system stops it, gets room again, and goes on.
func childFills(path string) int {
	l, err := Open(Options{Path: path, Keys: testKeys()})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	set := func(size uint64) error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: limit.Max})
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for round := range 5 {
		info, err := os.Stat(path)
		if err != nil || set(uint64(info.Size())+2000+uint64(round)*137) != nil {
			return 1
		}
		refused := 0
		for i := range 20 {
			id := fmt.Sprintf("%d-%d", round, i)
			if err := l.Record(context.Background(), sample(id)); err == nil {
				fmt.Fprintln(out, "written", id)
			} else {
				refused++
			}
		}
		fmt.Fprintln(out, "refused", refused)
		if err := set(limit.Max); err != nil {
			return 1
		}
		id := fmt.Sprintf("%d-again", round)
		if err := l.Record(context.Background(), sample(id)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Fprintln(out, "written", id)
	}
	if err := l.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
