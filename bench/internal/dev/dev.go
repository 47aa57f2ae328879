// Package dev runs acsauth-dev as a process of its own, for measurements.
package dev

import (
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
	Process
	Server, Admin, Authority, Graph string
	ConnectionString                string
	Env                             map[string]string // settings of a service that uses its emulator

	path string
}

// Start builds acsauth-dev, unless path names one, and starts it on free ports. args come first.
func Start(ctx context.Context, path string, args ...string) (*Program, error) {
	p := &Program{path: path}
	if err := p.start(ctx, args); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Program) start(ctx context.Context, args []string) error {
	dir, err := p.Folder()
	if err != nil {
		return err
	}
	if p.path == "" {
		p.path = filepath.Join(dir, "acsauth-dev")
		const pkg = "github.com/acs-solutions/acsauth/cmd/acsauth-dev"
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", p.path, pkg).CombinedOutput(); err != nil {
			return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
		}
	}
	return p.Launch(Command{Path: p.path, Args: append(args, "--listen", "127.0.0.1:0", "--json", "--log-level", "error")}, p)
}

// Service is a running acsauth-dev serve: the service alone.
type Service struct {
	Process
	Server, Metrics string // URLs
}

// Serve starts the service alone against the emulator of p, with a new SQLite file and its
// log at the level of production, to the null device. env are more settings, which win.
func (p *Program) Serve(env ...string) (*Service, error) {
	s := &Service{}
	dir, err := s.Folder()
	if err != nil {
		return nil, err
	}
	settings := []string{"ACSAUTH_STORE=sqlite:" + filepath.Join(dir, "acsauth.db")}
	for name, value := range p.Env {
		settings = append(settings, name+"="+value)
	}
	err = s.Launch(Command{Path: p.path, Args: []string{"serve", "--json"}, Env: append(settings, env...), Quiet: true}, s)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Token mints a token for a user, signed with the newest key. A Teams token is one that ACS exchanges.
func (p *Program) Token(ctx context.Context, user string, teams bool) (string, error) {
	body, err := json.Marshal(map[string]any{"user": user, "teams": teams, "expiresInSeconds": tokenLife.Seconds()})
	if err != nil {
		return "", err
	}
	var answer struct {
		Token string `json:"access_token"`
	}
	err = p.Call(ctx, "POST", "/token", string(body), &answer)
	return answer.Token, err
}

// AddUsers adds users with Teams licences to the emulator's directory, by their short names.
func (p *Program) AddUsers(ctx context.Context, names []string) error {
	type user struct {
		Name  string `json:"name"`
		Teams bool   `json:"teamsLicense"`
	}
	var users []user
	for _, name := range names {
		users = append(users, user{name, true})
	}
	body, err := json.Marshal(map[string]any{"version": 1, "users": users})
	if err != nil {
		return err
	}
	return p.Call(ctx, "POST", "/seed", string(body), new(any))
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
