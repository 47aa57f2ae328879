package limit

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// A script is a listener that hands out the connections it is given.
type script struct{ next chan any }

func (s *script) Accept() (net.Conn, error) {
	switch v := (<-s.next).(type) {
	case net.Conn:
		return v, nil
	case error:
		return nil, v
	}
	return nil, net.ErrClosed
}
func (s *script) Close() error   { return nil }
func (s *script) Addr() net.Addr { return &net.TCPAddr{} }

// A from is a connection from an address, which can fail to close.
type from struct {
	net.Conn
	address string
	closed  int
	err     error
}

func (f *from) RemoteAddr() net.Addr { return f }
func (f *from) Close() error         { f.closed++; return f.err }
func (f *from) Network() string      { return "tcp" }
func (f *from) String() string       { return f.address }

func TestListenerBounds(t *testing.T) {
	s := &script{make(chan any, 20)}
	l := NewListener(s, ListenerOptions{Max: 4, MaxPerAddress: 1, Proxies: proxies(t, "10.0.0.0/8")})
	one, twin := &from{address: "[2001:db8::1]:1"}, &from{address: "[2001:db8::2]:1"} // one /64
	broken := &from{address: "192.0.2.1:1", err: errors.New("reset")}
	proxy1, proxy2, more := &from{address: "10.0.0.1:1"}, &from{address: "10.0.0.1:2"}, &from{address: "192.0.2.9:1"}
	for _, c := range []any{one, twin, broken, proxy1, proxy2, more, errors.New("too many open files")} {
		s.next <- c
	}
	var open []net.Conn
	for range 4 {
		c, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
	}
	if _, err := l.Accept(); err == nil || err.Error() != "too many open files" {
		t.Errorf("the error inside is not handed on: %v", err)
	}
	if want := (ListenerStats{Open: 4, Addresses: 2, RefusedAll: 1, RefusedPerAddress: 1}); l.Stats() != want {
		t.Errorf("%+v", l.Stats())
	}
	if twin.closed != 1 || more.closed != 1 || one.closed != 0 {
		t.Error("not those beyond the bound were closed")
	}
	for _, c := range open {
		_ = c.Close()
		_ = c.Close() // gives nothing back twice
	}
	if s := l.Stats(); s.Open != 0 || s.Addresses != 0 || len(l.by) != 0 {
		t.Errorf("places leak: %+v", s)
	}
	s.next <- &from{address: "[2001:db8::3]:1"}
	if _, err := l.Accept(); err != nil {
		t.Error(err)
	}
}

// serve runs a real server behind the bounds.
func serve(t *testing.T, o ListenerOptions, h http.Handler) (*Listener, string) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	l := NewListener(srv.Listener, o)
	srv.Listener = l
	srv.Start()
	t.Cleanup(srv.Close)
	return l, srv.Listener.Addr().String()
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func TestListenerUnderHTTP(t *testing.T) {
	l, addr := serve(t, ListenerOptions{Max: 2}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") }))
	var idle []net.Conn
	for range 2 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
	}
	eventually(t, "two connections are not taken", func() bool { return l.Stats().Open == 2 })
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	if n, err := c.Read(make([]byte, 1)); n != 0 || errors.Is(err, io.ErrNoProgress) || err == nil {
		t.Errorf("the third connection is not closed: %d %v", n, err)
	} else if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		t.Error("the third connection is left waiting")
	}
	for _, c := range idle {
		_ = c.Close()
	}
	eventually(t, "places are not freed", func() bool { return l.Stats().Open == 0 })
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get("http://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, _ := io.ReadAll(res.Body); string(b) != "hello" {
		t.Errorf("%q", b)
	}
	if s := l.Stats(); s.RefusedAll == 0 {
		t.Errorf("%+v", s)
	}
}

func TestListenerNeverLeaks(t *testing.T) {
	l, addr := serve(t, ListenerOptions{Max: 5, MaxPerAddress: 3}, http.NotFoundHandler())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 40 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					continue
				}
				if i%2 == 0 {
					_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
					_, _ = io.Copy(io.Discard, c)
				}
				_ = c.Close()
			}
		})
	}
	wg.Wait()
	eventually(t, "places leak", func() bool { s := l.Stats(); return s.Open == 0 && s.Addresses == 0 })
}
