package image

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A Process is a running program.
type Process struct {
	Out  *bufio.Reader // what it prints
	stop func() error
}

// Start runs a program until the end of the test, or until Stop. A nil environment is that of the test.
func Start(t *testing.T, program string, args, env []string) *Process {
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
	late := time.AfterFunc(5*time.Minute, func() { _ = c.Process.Kill() })
	p := &Process{Out: bufio.NewReader(out)}
	p.stop = sync.OnceValue(func() error {
		defer late.Stop()
		if err := c.Process.Signal(syscall.SIGTERM); err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, p.Out) // what it says at the end; Wait has its error
		return c.Wait()
	})
	t.Cleanup(func() { p.Stop(t) })
	return p
}

// Stop sends the signal to stop, and waits. The program has to end by itself, and well.
func (p *Process) Stop(t *testing.T) {
	t.Helper()
	if err := p.stop(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// ReadLine decodes the line of JSON that a program of ours prints once it is ready.
func (p *Process) ReadLine(t *testing.T, into any) {
	t.Helper()
	line, err := p.Out.ReadString('\n')
	if err == nil {
		err = json.Unmarshal([]byte(line), into)
	}
	if err != nil {
		t.Fatalf("it did not get ready: %v %q", err, line)
	}
}
