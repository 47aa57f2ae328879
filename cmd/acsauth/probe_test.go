package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A round is one line; a signal ends the loop, and the last round decides on the exit code.
func TestProbeLoop(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer srv.Close()
	good := filepath.Join(t.TempDir(), "good.jwt")
	if err := os.WriteFile(good, []byte("eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjF9.AAAA"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ flag, token, line string }{
		{"", good, `^\d{4}-\S+Z probe http://127\.0\.0\.1:\d+: FAIL: good; 1 requests, 0 refused, 0 let in, 0 controls proven, \d+ not tested$`},
		{"--json", good, `^{"time":"[^"]+Z","url":"http://127[^"]+","passed":false,"findings":\[{"control":"good",.*"got":"418"`},
		{"", good + ".gone", `^\S+Z probe http://127\.0\.0\.1:\d+: FAIL: --token: .*no such file`},
	} {
		ctx, stop := context.WithCancel(t.Context())
		r, w := io.Pipe()
		done := make(chan int, 1)
		args := []string{"probe", srv.URL, "--negative", "--token", c.token, "--every", "30s"}
		if c.flag != "" {
			args = append(args, c.flag)
		}
		go func() {
			done <- run(ctx, args, nil, w, io.Discard)
			w.Close()
		}()
		line, err := bufio.NewReader(r).ReadString('\n')
		if err != nil || !regexp.MustCompile(c.line).MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("%v %q", err, line)
		}
		stop()
		if code := <-done; code != 1 {
			t.Errorf("exit code %d", code)
		}
	}
}

// A round without a token tells of what needs none, and whose fault it is.
func TestProbeLoopWithoutAToken(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	defer srv.Close()
	file := filepath.Join(t.TempDir(), "p.prom")
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"probe", srv.URL, "--token-command", "false", "--every", "10s", "--json", "--metrics", file}, nil, w, io.Discard)
		w.Close()
	}()
	line, err := bufio.NewReader(r).ReadString('\n')
	stop()
	if code := <-done; code != 1 || err != nil || !strings.Contains(line, `"got":"--token-command: false ended with exit code 1"`) || !strings.Contains(line, `"passed":false`) {
		t.Errorf("exit code %d, %v, %s", code, err, line)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `check="livez"} 1`) || !strings.Contains(string(text), `check="credential"} 0`) || strings.Contains(string(text), "get-token") {
		t.Errorf("%v\n%s", err, text)
	}
}
