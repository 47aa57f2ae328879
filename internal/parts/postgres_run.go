package parts

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"
)

// A process is the running main process of a server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// run starts the server and waits until it accepts connections.
func (p *Postgres) run(ctx context.Context) error {
	path := filepath.Join(p.dir, "server.log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(p.bin, "postgres"), p.settings()...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = p.dir, serverEnv(), p.as.attributes(endsWithParent)
	cmd.Stdout, cmd.Stderr = log, log
	if p.process, err = startProcess(cmd); err != nil {
		return err
	}
	p.Pid = cmd.Process.Pid
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := p.ready(ctx); err != nil {
		said, _ := os.ReadFile(path) // for the message only
		return fmt.Errorf("%w: the server said: %s", errors.Join(err, p.Kill()), tail(said))
	}
	return nil
}

// startProcess starts cmd. On Linux the child is told when its parent ends, and
// there the parent is the thread that started it: so a thread of its own waits
// for it until it has ended.
func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) kill(limit time.Duration) error {
	_ = p.cmd.Process.Kill() // it may have ended
	return p.wait(limit)
}

func (p *process) interrupt(limit time.Duration) error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return p.wait(limit)
}

func (p *process) wait(limit time.Duration) error {
	select {
	case <-p.done:
		return nil
	case <-time.After(limit):
		return fmt.Errorf("process %d has not ended within %v", p.cmd.Process.Pid, limit)
	}
}

// ready waits until the server accepts connections.
func (p *Postgres) ready(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.greet(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.process.done:
			return errors.New("the server ended")
		case <-ctx.Done():
			return fmt.Errorf("%w; last: %w", ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// greet begins a session as any client does. A server that starts up or shuts
// down refuses with SQLSTATE 57P03; any other answer shows that it is ready.
func (p *Postgres) greet(ctx context.Context) error {
	d := net.Dialer{Timeout: time.Second}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	const protocol = 3 << 16
	hello := binary.BigEndian.AppendUint32(nil, protocol)
	hello = append(hello, "user\x00postgres\x00database\x00postgres\x00\x00"...)
	if _, err := conn.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(hello)+4)), hello...)); err != nil {
		return err
	}
	header := make([]byte, 5)
	if _, err := io.ReadFull(conn, header); err != nil {
		return err
	}
	if header[0] != 'E' {
		return nil
	}
	refusal, err := io.ReadAll(io.LimitReader(conn, 4096))
	if bytes.Contains(refusal, []byte("C57P03\x00")) || err != nil {
		return errors.New("the server is not ready")
	}
	return nil
}
