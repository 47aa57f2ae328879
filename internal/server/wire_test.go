package server_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth/internal/server"
)

// A pipeListener is a listener in memory, so that time in a bubble passes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial connects, or fails once the listener is closed.
func (l *pipeListener) dial() (net.Conn, error) {
	client, srv := net.Pipe()
	select {
	case l.conns <- srv:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// A running is a world whose server serves a listener.
type running struct {
	*world
	ln     *pipeListener
	stop   context.CancelFunc
	result chan error
}

// run starts the server of a new world; the caller stops it and reads the result.
func run(t *testing.T, change func(*server.Options)) *running {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &running{world: newWorld(t, change), ln: newPipeListener(), stop: stop, result: make(chan error, 1)}
	go func() { r.result <- r.server.Serve(ctx, r.ln) }()
	return r
}

// finish stops the server and fails unless it stops cleanly.
func (r *running) finish(t *testing.T) {
	t.Helper()
	r.stop()
	if err := <-r.result; err != nil {
		t.Errorf("Serve: %v", err)
	}
}

// raw sends bytes over a connection and returns the answers, and whether the
// server closed the connection by itself within a second.
func (r *running) raw(t *testing.T, sent string) (answers []answer, closed bool) {
	t.Helper()
	c, err := r.ln.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() { _, _ = io.WriteString(c, sent) }() // fails when the server has closed
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	in := bufio.NewReader(c)
	for {
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return answers, errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, answer{resp, body})
	}
}

const get = "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n"

// TestFraming sends what clients must not send. One answer and a closed
// connection mean that nothing was smuggled behind it.
func TestFraming(t *testing.T) {
	post := "POST /getUser HTTP/1.1\r\nHost: a\r\n"
	chunks := "2\r\n{}\r\n0\r\n\r\n"
	for name, c := range map[string]struct {
		sent   string
		status []int
		code   string // of the last answer
		closed bool
	}{
		"two good ones":          {get + get, []int{200, 200}, "", false},
		"length, then good":      {post + "Content-Length: 2\r\n\r\n{}" + get, []int{401, 200}, "", false},
		"empty lines after POST": {post + "Content-Length: 2\r\n\r\n{}\r\n" + get, []int{401, 200}, "", false},
		"body like a header":     {post + "Content-Length: 37\r\n\r\nX\r\nTransfer-Encoding: a\nContent-Len\r\n" + get, []int{401, 200}, "", false},
		"chunked":                {post + "Transfer-Encoding: chunked\r\n\r\n" + chunks + get, []int{401}, "token_missing", true},
		"both":                   {post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + get, []int{400}, "request_malformed", true},
		"both, other order":      {post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunks + get, []int{400}, "request_malformed", true},
		"both, case":             {post + "tRANSFER-eNCODING: chunked\r\ncontent-LENGTH:4\r\n\r\n" + chunks + get, []int{400}, "request_malformed", true},
		"both, second request":   {get + post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + get, []int{200, 400}, "request_malformed", true},
		"both, after a body":     {post + "Content-Length: 2\r\n\r\n{}" + post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + get, []int{401, 400}, "request_malformed", true},
		"encoding in 1.0":        {"POST /getUser HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + get, []int{400}, "request_malformed", true},
		"encoding alone in 1.0":  {"POST /getUser HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, []int{400}, "request_malformed", true},
		"bare LF in header":      {"GET /livez HTTP/1.1\r\nHost: a\nX: b\r\n\r\n" + get, []int{400}, "request_malformed", true},
		"bare LF, request line":  {"GET /livez HTTP/1.1\nHost: a\r\n\r\n" + get, []int{400}, "request_malformed", true},
		"bare LF at the end":     {"GET /livez HTTP/1.1\r\nHost: a\r\n\n" + get, []int{400}, "request_malformed", true},
		"folded":                 {"GET /livez HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n" + get, []int{400}, "request_malformed", true},
		"folded encoding":        {post + "Transfer-Encoding:\r\n chunked\r\n\r\n" + chunks + get, []int{400}, "request_malformed", true},
		"long length":            {post + "Content-Length: " + strings.Repeat("0", 200) + "2\r\n\r\n{}" + get, []int{400}, "request_malformed", true},
		"body on GET":            {"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" + get, []int{400}, "request_malformed", true},
		"chunked GET":            {"GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + get, []int{400}, "request_malformed", true},
		"two Authorization":      {"GET /getUser HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\nauthorization: Bearer a.b.c\r\n\r\n", []int{400}, "token_malformed", false},
		"absolute form":          {"GET http://b/livez HTTP/1.1\r\nHost: a\r\n\r\n", []int{200}, "", false},
		"OPTIONS *":              {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", []int{404}, "route_not_found", false},
		"CONNECT":                {"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", []int{404}, "route_not_found", false},
		"HTTP/2 preface":         {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []int{404}, "route_not_found", true},
		// The rest never reaches us: net/http answers in plain text and closes.
		"two Hosts":         {"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + get, []int{400}, "", true},
		"no Host":           {"GET /livez HTTP/1.1\r\n\r\n" + get, []int{400}, "", true},
		"two lengths":       {post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}" + get, []int{400}, "", true},
		"signed length":     {post + "Content-Length: +2\r\n\r\n{}" + get, []int{400}, "", true},
		"list of lengths":   {post + "Content-Length: 2, 2\r\n\r\n{}" + get, []int{400}, "", true},
		"other encoding":    {post + "Transfer-Encoding: identity\r\n\r\n{}" + get, []int{501}, "", true},
		"two encodings":     {post + "Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks + get, []int{501}, "", true},
		"blank before :":    {post + "Content-Length : 2\r\n\r\n{}" + get, []int{400}, "", true},
		"bad chunk":         {"POST /getUser HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + get, []int{401}, "token_missing", true},
		"large header":      {"GET /livez HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("a", 40<<10) + "\r\n\r\n", []int{431}, "", true},
		"HTTP/3.0":          {"GET /livez HTTP/3.0\r\nHost: a\r\n\r\n", []int{505}, "", true},
		"not HTTP":          {"\x16\x03\x01\x00\x05hello\r\n\r\n", []int{400}, "", true},
		"NUL in the header": {"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n" + get, []int{400}, "", true},
		"CR in the header":  {"GET /livez HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n" + get, []int{400}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, nil)
				defer r.finish(t)
				answers, closed := r.raw(t, c.sent)
				var status []int
				for _, a := range answers {
					status = append(status, a.StatusCode)
				}
				if len(status) != len(c.status) || status[len(status)-1] != c.status[len(status)-1] || status[0] != c.status[0] || closed != c.closed {
					t.Fatalf("answers %v, closed %v; want %v, %v", status, closed, c.status, c.closed)
				}
				if c.code != "" {
					last := answers[len(answers)-1]
					last.is(t, last.StatusCode, c.code)
				}
			})
		})
	}
}

// TestSlowClients: who does not send does not keep a connection.
func TestSlowClients(t *testing.T) {
	for name, c := range map[string]struct {
		sent  string
		limit time.Duration
	}{
		"nothing":     {"", 5 * time.Second},
		"half header": {"GET /livez HTT", 5 * time.Second},
		"half body":   {"POST /getUser HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{", 10 * time.Second},
		"idle":        {get, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := run(t, nil)
				defer r.finish(t)
				c2, err := r.ln.dial()
				if err != nil {
					t.Fatal(err)
				}
				defer c2.Close()
				begin := time.Now()
				go func() { _, _ = io.WriteString(c2, c.sent) }()
				_, _ = io.Copy(io.Discard, c2) // until the server closes
				if d := time.Since(begin); d < c.limit-time.Second || d > c.limit+time.Second {
					t.Errorf("closed after %v, want %v", d, c.limit)
				}
			})
		})
	}
}

// FuzzRawHTTP: whatever comes, the server answers with well-formed HTTP, gives
// nothing without a token, and stays alive.
func FuzzRawHTTP(f *testing.F) {
	for _, s := range []string{get, "POST /getToken HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}" + get,
		"POST /getUser HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		"GET /getUser?access_token=x HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a.b.c\r\n\r\n", "OPTIONS * HTTP/1.0\r\n\r\n", "\r\n\n \t"} {
		f.Add([]byte(s))
	}
	w := newWorld(f, func(o *server.Options) { o.AllowedOrigins = []string{"https://app.test"} })
	ln := newPipeListener()
	ctx := f.Context()
	go func() { _ = w.server.Serve(ctx, ln) }()
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := ln.dial()
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		go func() {
			_, _ = c.Write(b)
			_, _ = io.WriteString(c, "\r\n\r\n") // ends a header that has no end
			_ = c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		}()
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		for in := bufio.NewReader(c); ; {
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				return
			}
			open := resp.Header.Get("Access-Control-Allow-Methods") != "" || resp.ContentLength == 0
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode == 500 || resp.StatusCode < 300 && !open && strings.Contains(string(body), "8:acs:") {
				t.Fatalf("%q gives %d %s", b, resp.StatusCode, body)
			}
		}
	})
}
