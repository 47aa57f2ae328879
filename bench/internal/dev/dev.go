// Package dev runs acsauth-dev as a process of its own, for measurements.
package dev

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Main runs a measurement until it ends or is interrupted, and ends the process with 1 if it failed.
func Main(name string, run func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		stop()
		os.Exit(1)
	}
}

// Program is a running acsauth-dev. Its fields are those of its line of JSON.
type Program struct {
	Server, Admin, Authority, Graph string
	ConnectionString                string
	Started                         time.Duration // from the start of the process to its line

	cmd *exec.Cmd
	dir string
	log bytes.Buffer
}

// Start builds acsauth-dev, unless path names one, and starts it on free ports. args come first.
func Start(ctx context.Context, path string, args ...string) (p *Program, err error) {
	p = &Program{}
	if p.dir, err = os.MkdirTemp("", "acsauth-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Stop())
		}
	}()
	if path == "" {
		path = filepath.Join(p.dir, "acsauth-dev")
		const pkg = "github.com/acs-solutions/acsauth/cmd/acsauth-dev"
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, pkg).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
	}
	return p, p.start(path, args)
}

func (p *Program) start(path string, args []string) error {
	p.cmd = exec.Command(path, append(args, "--listen", "127.0.0.1:0", "--json", "--log-level", "error")...)
	p.cmd.Env = append(os.Environ(), "TMPDIR="+p.dir)
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	line, err := bufio.NewReader(io.LimitReader(stdout, 1<<20)).ReadBytes('\n')
	p.Started = time.Since(began)
	if err == nil {
		err = json.Unmarshal(line, p)
	}
	if err != nil {
		return fmt.Errorf("acsauth-dev did not get ready: %w", err)
	}
	return nil
}

// Stop ends the process and removes its files.
func (p *Program) Stop() error {
	var err error
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(15*time.Second, func() { _ = p.cmd.Process.Kill() })
		if err = p.cmd.Wait(); err != nil {
			err = fmt.Errorf("acsauth-dev: %w\n%s", err, p.log.Bytes()[:min(p.log.Len(), 2000)])
		}
		timer.Stop()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// Call asks the administration of the emulator and decodes its answer.
func (p *Program) Call(ctx context.Context, method, path, body string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, p.Admin+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, path, res.Status)
	}
	return json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(out)
}

// Memory is the resident memory of the process in MiB, or 0 where there is no /proc.
func (p *Program) Memory() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(b), "VmRSS:")
	fields := strings.Fields(after)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.Atoi(fields[0])
	return kib >> 10
}
