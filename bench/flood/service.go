package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// service is acsauth-dev as a process.
type service struct {
	cmd  *exec.Cmd
	dir  string
	log  bytes.Buffer
	host string // host:port of the service

	Server, Admin string // of its line of JSON
}

// startService builds acsauth-dev, unless there is one, and starts it with its limits off.
func startService(ctx context.Context, program string) (s *service, err error) {
	s = &service{}
	if s.dir, err = os.MkdirTemp("", "acsauth-flood-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if program == "" {
		program = filepath.Join(s.dir, "acsauth-dev")
		const pkg = "github.com/acs-solutions/acsauth/cmd/acsauth-dev"
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, pkg).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
	}
	s.cmd = exec.Command(program, "--listen", "127.0.0.1:0", "--json", "--log-level", "error")
	s.cmd.Env = append(os.Environ(), "TMPDIR="+s.dir)
	s.cmd.Stderr = &s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(io.LimitReader(stdout, 1<<20)).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, s)
	}
	if err != nil {
		return nil, fmt.Errorf("acsauth-dev did not get ready: %w", err)
	}
	u, err := url.Parse(s.Server)
	if err != nil {
		return nil, err
	}
	s.host = u.Host
	return s, nil
}

// stop ends the process and removes its files.
func (s *service) stop() error {
	var err error
	if s.cmd != nil && s.cmd.Process != nil {
		_ = s.cmd.Process.Signal(os.Interrupt)
		timer := time.AfterFunc(15*time.Second, func() { _ = s.cmd.Process.Kill() })
		if err = s.cmd.Wait(); err != nil {
			err = fmt.Errorf("acsauth-dev: %w\n%s", err, s.log.Bytes()[:min(s.log.Len(), 2000)])
		}
		timer.Stop()
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}

// token signs alice in.
func (s *service) token(ctx context.Context) (string, error) {
	var answer struct {
		Token string `json:"access_token"`
	}
	err := s.admin(ctx, "POST", "/token", `{"user":"alice"}`, &answer)
	return answer.Token, err
}

// A fetched counts the requests for metadata and for key sets that the emulator had.
type fetched struct{ metadata, keys int64 }

// keySets is how many key sets one load of the service fetches: those of v1.0 and of v2.0 tokens.
const keySets = 2

// loads is how often the service fetched all key sets, rounded up.
func (f fetched) loads() int64 { return (f.keys + keySets - 1) / keySets }

func (s *service) fetches(ctx context.Context) (fetched, error) {
	var counters struct{ Entra map[string]int64 }
	err := s.admin(ctx, "GET", "/counters", "", &counters)
	if err == nil && counters.Entra["keys"] == 0 {
		err = errors.New("the emulator counted no fetch of keys at all: is the counter still named so?")
	}
	return fetched{counters.Entra["discovery"], counters.Entra["keys"]}, err
}

func (s *service) admin(ctx context.Context, method, path, body string, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.Admin+path, strings.NewReader(body))
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

// rss is the resident memory of the process in MiB, or 0 where there is no /proc.
func (s *service) rss() int {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
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
