package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// devBinary is acsauth-dev, built once for all tests.
var devBinary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue { // those that run side by side wait most of the time
		flag.Set("test.parallel", "8")
	}
	dir, err := os.MkdirTemp("", "acsauth-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	devBinary = filepath.Join(dir, "acsauth-dev")
	if out, err := exec.Command("go", "build", "-o", devBinary, "../cmd/acsauth-dev").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// ready is the line that acsauth-dev --json prints.
type ready struct {
	Server, Metrics              string
	Authority, Graph, ACS, Admin string
	ConnectionString             string
	Env                          map[string]string
}

type process struct {
	ready
	cmd    *exec.Cmd
	stdout io.Reader
	log    *bytes.Buffer
}

// start runs acsauth-dev and waits for its line of JSON, or for the line of serve that says where it listens.
func start(t *testing.T, env map[string]string, args ...string) *process {
	t.Helper()
	p := launch(t, devBinary, env, args...)
	if err := p.await(); err != nil {
		p.kill()
		t.Fatalf("%v: %v\n%s", args, err, p.log)
	}
	return p
}

// launch starts a program and waits for nothing.
func launch(t *testing.T, program string, env map[string]string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program, args...), log: new(bytes.Buffer)}
	p.cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir()) // kill -9 leaves its temporary folder behind
	for k, v := range env {
		p.cmd.Env = append(p.cmd.Env, k+"="+v)
	}
	p.cmd.Stderr = p.log
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	p.stdout = stdout
	return p
}

// await waits for the line of JSON.
func (p *process) await() error {
	line, err := bufio.NewReader(p.stdout).ReadString('\n')
	if err == nil {
		err = json.Unmarshal([]byte(line), &p.ready)
	}
	if err != nil {
		return fmt.Errorf("no line of JSON: %q, %w", line, err)
	}
	return nil
}

// kill is kill -9.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	}
}

var client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256, MaxConnsPerHost: 256}}

// call sends a request and decodes the JSON answer.
func call(method, url, token string, body any, out any) (int, error) {
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		r = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		return 0, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, err
	}
	if out != nil && len(b) > 0 {
		err = json.Unmarshal(b, out)
	}
	return res.StatusCode, err
}

// tokens mints access tokens for the sample users user-1 to user-n.
func (p *process) tokens(t *testing.T, n int) []string {
	t.Helper()
	out := make([]string, n)
	for i := range n {
		var a struct {
			Token string `json:"access_token"`
		}
		status, err := call("POST", p.Admin+"/token", "", map[string]any{"user": fmt.Sprintf("user-%d", i+1)}, &a)
		if err != nil || status != 200 {
			t.Fatalf("no token: %d %v", status, err)
		}
		out[i] = a.Token
	}
	return out
}

// alive returns the ids of the identities that exist at the emulator, and how many creates took effect.
func (p *process) alive(t *testing.T) (ids map[string]bool, creates int64) {
	t.Helper()
	var list []struct {
		ID      string `json:"id"`
		Deleted bool   `json:"deleted"`
	}
	if status, err := call("GET", p.Admin+"/identities", "", nil, &list); err != nil || status != 200 {
		t.Fatalf("identities: %d %v", status, err)
	}
	ids = map[string]bool{}
	for _, i := range list {
		if !i.Deleted {
			ids[i.ID] = true
		}
	}
	var counters map[string]any
	if status, err := call("GET", p.Admin+"/counters", "", nil, &counters); err != nil || status != 200 {
		t.Fatalf("counters: %d %v", status, err)
	}
	return ids, findCount(counters, "create")
}

// findCount looks for a counter at any depth.
func findCount(v any, name string) (n int64) {
	m, _ := v.(map[string]any)
	for k, x := range m {
		if f, ok := x.(float64); ok && (k == name || strings.HasSuffix(k, "."+name)) {
			n += int64(f)
		}
		n += findCount(x, name)
	}
	return n
}

type user struct {
	Identity string `json:"acsUserIdentity"`
	Code     string `json:"code"`
}

// settle repeats getUser as a client would, until it is served.
func settle(server, token string) (string, error) {
	var last error
	for range 40 {
		var u user
		status, err := call("POST", server+"/getUser", token, nil, &u)
		if err == nil && (status == 200 || status == 201) {
			return u.Identity, nil
		}
		last = fmt.Errorf("status %d, code %q, %w", status, u.Code, err)
		time.Sleep(500 * time.Millisecond)
	}
	return "", last
}

// startEmulator runs an emulator of its own and returns the settings of a service that uses it, with a new SQLite file.
func startEmulator(t *testing.T) (emu *process, env map[string]string, db string) {
	t.Helper()
	emu = start(t, nil, "emulate", "--json", "--listen", "127.0.0.1:0")
	db = filepath.Join(t.TempDir(), "acsauth.db")
	env = maps.Clone(emu.Env)
	env["ACSAUTH_STORE"], env["ACSAUTH_LISTEN"], env["ACSAUTH_METRICS_LISTEN"] = "sqlite:"+db, "127.0.0.1:0", "off"
	return emu, env, db
}
