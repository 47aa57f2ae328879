package dev

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLine bounds the line of JSON with which a process says that it is ready.
const maxLine = 1 << 20

// A Command is a program to start, with what it gets besides the environment of this process.
type Command struct {
	Path string
	Args []string
	Env  []string // NAME=VALUE
	// Quiet sends what it writes to the null device, as a log that nobody reads. Else it is kept for the error of Stop.
	Quiet bool
}

// A Process runs beside the measurement. It has a temporary folder.
type Process struct {
	Started time.Duration `json:"-"` // from the start of the process to its line

	cmd *exec.Cmd
	dir string
	log bytes.Buffer
}

// Launch starts a program and decodes the line of JSON that it prints once it is ready.
// The program gets none of the ACSAUTH_* variables of this process.
func (p *Process) Launch(c Command, line any) error {
	p.cmd = exec.Command(c.Path, c.Args...)
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ACSAUTH_") || strings.HasPrefix(v, "OTEL_") })
	p.cmd.Env = slices.Concat(own, []string{"TMPDIR=" + p.dir}, c.Env)
	if !c.Quiet {
		p.cmd.Stderr = &p.log
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return err
	}
	text, err := bufio.NewReader(io.LimitReader(stdout, maxLine)).ReadBytes('\n')
	p.Started = time.Since(began)
	if err == nil {
		err = json.Unmarshal(text, line)
	}
	if err != nil {
		return fmt.Errorf("%s did not get ready: %w", filepath.Base(c.Path), err)
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }() // so that no more output can block it; ends with the process
	return nil
}

// Folder makes the temporary folder of the process, which Stop removes.
func (p *Process) Folder() (string, error) {
	if p.dir != "" {
		return p.dir, nil
	}
	var err error
	p.dir, err = os.MkdirTemp("", "acsauth-bench-")
	return p.dir, err
}

// Stop ends the process, within 15 seconds, and removes its files.
func (p *Process) Stop() error {
	var err error
	if p.cmd != nil && p.cmd.Process != nil {
		_ = p.cmd.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(15*time.Second, func() { _ = p.cmd.Process.Kill() })
		if err = p.cmd.Wait(); err != nil {
			err = fmt.Errorf("%s: %w\n%s", filepath.Base(p.cmd.Path), err, p.log.Bytes()[:min(p.log.Len(), 2000)])
		}
		timer.Stop()
	}
	if p.dir == "" {
		return err
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// Memory is the resident memory of the process in MiB, or 0 where there is no /proc.
func (p *Process) Memory() int {
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

// CPU is the time that the process was at work on a core, see [CPU].
func (p *Process) CPU() time.Duration { return CPU(p.cmd.Process.Pid) }

// CPU is the time that a process was at work on a core, in steps of 10 ms, or 0 where there is no /proc.
func CPU(pid int) time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	const tick = 10 * time.Millisecond                                  // USER_HZ is 100
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // a name may hold spaces
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick
}
