package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
	"github.com/acs-solutions/acsauth/internal/config"
)

const (
	callers = 64 // distinct users, whose tokens are sent in turn
	body    = `{"scopes":["chat","voip"]}`
)

// A server is a process under load.
type server struct {
	name    string
	host    string // host:port
	process *dev.Process
}

// A bench is all that runs: the emulator, the service and the floors.
type bench struct {
	o        *options
	settings string // of the service, in words
	emulator *dev.Program
	service  *server
	floors   []*server
	getToken [][]byte // a request of each caller
	refresh  [][]byte
	running  []interface{ Stop() error } // in the order of their starts
}

func newBench(ctx context.Context, o *options) (*bench, error) {
	b := &bench{o: o}
	if err := b.start(ctx); err != nil {
		return nil, errors.Join(err, b.stop())
	}
	return b, nil
}

func (b *bench) start(ctx context.Context) (err error) {
	if b.emulator, err = dev.Start(ctx, b.o.program, "emulate"); err != nil {
		return err
	}
	b.running = append(b.running, b.emulator)
	if b.settings, err = effective(b.emulator, b.o.env); err != nil {
		return err
	}
	s, err := b.emulator.Serve(b.o.env...)
	if err != nil {
		return err
	}
	b.running = append(b.running, s)
	if b.service, err = newServer("acsauth", s.Server, &s.Process); err != nil {
		return err
	}
	tokens, err := b.signIn(ctx, "load", callers)
	if err != nil {
		return err
	}
	for _, token := range tokens {
		b.getToken = append(b.getToken, request("/getToken", token))
		b.refresh = append(b.refresh, request("/refreshToken", token))
	}
	return b.startFloors(ctx, tokens[0])
}

// effective says which settings of performance the service has, and refuses bad ones before it is started.
func effective(p *dev.Program, env []string) (string, error) {
	flags := map[string]string{"ACSAUTH_STORE": "sqlite:acsauth.db"}
	for name, value := range p.Env {
		flags[name] = value
	}
	for _, e := range env {
		if name, value, _ := strings.Cut(e, "="); !strings.HasPrefix(name, "OTEL_") {
			flags[name] = value
		}
	}
	c, err := config.Load(config.Sources{Flags: flags}, config.Development)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("ACSAUTH_ACS_QUOTA=%s ACSAUTH_TOKEN_CACHE=%d ACSAUTH_VERIFIED_CACHE=%d, ACSAUTH_LIMIT_USER=%s, SQLite, log of level %s to the null device",
		c.ACSQuota, c.TokenCache, c.VerifiedCache, c.LimitUser, strings.ToLower(c.LogLevel.String()))
	if len(env) > 0 {
		text += "; given: " + strings.Join(env, " ")
	}
	return text, nil
}

func newServer(name, address string, p *dev.Process) (*server, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	return &server{name, u.Host, p}, nil
}

// signIn adds users and returns a token of each.
func (b *bench) signIn(ctx context.Context, prefix string, n int) (tokens []string, err error) {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s%d", prefix, i+1))
	}
	if err := b.emulator.AddUsers(ctx, names); err != nil {
		return nil, err
	}
	for _, name := range names {
		token, err := b.emulator.Token(ctx, name, false)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

// request is a whole request. All servers get the same bytes.
func request(path, token string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, token, len(body), body)
}

// startFloors starts both, with an answer of the service to copy.
func (b *bench) startFloors(ctx context.Context, token string) error {
	res, text, err := b.ask(ctx, call{"POST", "/getToken", body}, token, "")
	if err != nil {
		return err
	}
	f := floor{Header: res.Header, Body: text}
	f.Header.Del("Date") // net/http adds these two
	f.Header.Del("Content-Length")
	if err := b.startFloor("floor 1: net/http", f); err != nil {
		return err
	}
	if f.Keys, err = b.keys(ctx); err != nil {
		return err
	}
	return b.startFloor("floor 2: with RS256", f)
}

func (b *bench) startFloor(name string, f floor) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var p dev.Process
	b.running = append(b.running, &p)
	var line struct{ Server string }
	if err := p.Launch(dev.Command{Path: self, Args: []string{floorArgument, string(text)}}, &line); err != nil {
		return err
	}
	s, err := newServer(name, line.Server, &p)
	b.floors = append(b.floors, s)
	return err
}

// keys fetches the keys that the tokens are signed with.
func (b *bench) keys(ctx context.Context) ([]webKey, error) {
	text, err := get(ctx, b.emulator.Authority+"/discovery/v2.0/keys")
	if err != nil {
		return nil, err
	}
	var set struct{ Keys []webKey }
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) == 0 {
		return nil, fmt.Errorf("the emulator shows no keys: %v", err)
	}
	return set.Keys, nil
}

func get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		return nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", req.URL.Path, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

// client makes the calls that are not measured.
var client = &http.Client{Timeout: 30 * time.Second}

// stop ends everything, the emulator last.
func (b *bench) stop() error {
	var err error
	for i := len(b.running) - 1; i >= 0; i-- {
		err = errors.Join(err, b.running[i].Stop())
	}
	return err
}
