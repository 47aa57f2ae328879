package image

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// Start runs a program until the end of the test, when it has to stop by itself after a signal. It returns what the program prints.
// A nil environment is that of the test.
func Start(t *testing.T, program string, args, env []string) *bufio.Reader {
	t.Helper()
	c := exec.Command(program, args...)
	c.Env, c.Stderr = env, os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() })
	t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		if err := c.Wait(); err != nil {
			t.Errorf("it ended with %v", err)
		}
		late.Stop()
	})
	return bufio.NewReader(out)
}
