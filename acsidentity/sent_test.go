package acsidentity

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// listen runs serve on each connection to a new listener, one after the other,
// and counts them. At the end of the test it cuts off what is still open.
func listen(t *testing.T, serve func(net.Conn)) (url string, conns *atomic.Int32) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns = &atomic.Int32{}
	var mu sync.Mutex
	var open net.Conn
	var over bool
	next := func() bool {
		c, err := ln.Accept()
		mu.Lock()
		defer mu.Unlock()
		if err == nil && over {
			_ = c.Close()
		}
		open = c
		return err == nil && !over
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for next() {
			conns.Add(1)
			serve(open)
			_ = open.Close()
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		over = true
		if open != nil {
			_ = open.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return "http://" + ln.Addr().String(), conns
}

// readRequest reads one request with its body.
func readRequest(c net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.Copy(io.Discard, r.Body)
	}
}

// sentOf creates an identity and reports Sent of the error, which must have no status.
func sentOf(ctx context.Context, t *testing.T, c *Client) bool {
	t.Helper()
	_, err := c.CreateIdentity(ctx, nil)
	e := asError(t, err)
	if e.StatusCode != 0 {
		t.Fatalf("status %d: %v", e.StatusCode, err)
	}
	t.Log(err)
	return e.Sent
}

func TestSentConnectionRefused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + ln.Addr().String()
	_ = ln.Close()
	c := keyClient(t, url, fast())
	if sentOf(t.Context(), t, c) {
		t.Error("sent to nobody")
	}
	if _, err := c.RevokeTokens(t.Context(), testID, nil); asError(t, err).Sent {
		t.Error("three tries, none of which had a connection, count as sent")
	}
}

func TestSentTLSFailure(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(serve))
	srv.Config.ErrorLog = quietLog()
	srv.StartTLS()
	t.Cleanup(srv.Close)
	if sentOf(t.Context(), t, keyClient(t, srv.URL, nil)) {
		t.Error("sent over TLS with an unknown certificate")
	}
	url, _ := listen(t, func(net.Conn) {})
	if sentOf(t.Context(), t, keyClient(t, "https"+url[len("http"):], nil)) {
		t.Error("sent though the handshake was cut off")
	}
}

func TestSentServerClosesAfterReading(t *testing.T) {
	url, conns := listen(t, readRequest)
	if !sentOf(t.Context(), t, keyClient(t, url, nil)) || conns.Load() != 1 {
		t.Errorf("not sent, or %d connections", conns.Load())
	}
}

// Nothing tells the client whether the server read before it closed.
func TestSentServerClosesBeforeReading(t *testing.T) {
	url, conns := listen(t, func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 1)) // else the reset could come while the client still dials
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	if !sentOf(t.Context(), t, keyClient(t, url, nil)) || conns.Load() != 1 {
		t.Errorf("not sent, or %d connections", conns.Load())
	}
}

func TestSentHeaderTimeout(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	url, conns := listen(t, func(c net.Conn) { readRequest(c); <-release })
	tr := newTransport()
	tr.ResponseHeaderTimeout = 20 * time.Millisecond
	if !sentOf(t.Context(), t, keyClient(t, url, with(&http.Client{Transport: tr}))) || conns.Load() != 1 {
		t.Errorf("not sent, or %d connections", conns.Load())
	}
}

func TestSentContextEndsWhileWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url, _ := listen(t, func(c net.Conn) { readRequest(c); cancel() })
	_, err := keyClient(t, url, nil).CreateIdentity(ctx, nil)
	if e := asError(t, err); !e.Sent || e.StatusCode != 0 {
		t.Errorf("%v", err)
	}
}

func TestSentContextOverBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	url, conns := listen(t, func(net.Conn) {})
	c := keyClient(t, url, nil)
	if sentOf(ctx, t, c) || conns.Load() != 0 {
		t.Errorf("sent, or %d connections", conns.Load())
	}
	over := policyFunc(func(r *policy.Request) (*http.Response, error) {
		ctx, cancel := context.WithCancel(r.Raw().Context())
		cancel() // between the client and the transport
		return r.Clone(ctx).Next()
	})
	o := fast()
	o.PerRetryPolicies = []policy.Policy{over}
	if sentOf(t.Context(), t, keyClient(t, url, o)) || conns.Load() != 0 {
		t.Errorf("sent, or %d connections", conns.Load())
	}
}

// A try whose context does not know its operation could not be accounted for, so it is not made.
func TestSentForeignContext(t *testing.T) {
	s := play(broken)
	o := with(s)
	o.PerRetryPolicies = []policy.Policy{policyFunc(func(r *policy.Request) (*http.Response, error) {
		return r.Clone(context.Background()).Next()
	})}
	_, err := keyClient(t, testHost, o).CreateIdentity(t.Context(), nil)
	if e := asError(t, err); e.Sent || s.tries != 0 || !errors.Is(err, errNoCall) {
		t.Errorf("%d tries; %v", s.tries, err)
	}
}

func TestSentContextEndsWhileDialing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	defer close(release)
	tr := newTransport()
	tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
		cancel()
		<-release // the transport lets a dial go on without its request
		return nil, errors.New("too late")
	}
	if sentOf(ctx, t, keyClient(t, testHost, with(&http.Client{Transport: tr}))) {
		t.Error("sent without a connection")
	}
}

// A connection that dies just as it is used again: the request went into it, and
// nobody knows what the server saw.
func TestSentReusedDyingConnection(t *testing.T) {
	url, conns := listen(t, func(c net.Conn) {
		readRequest(c)
		_, _ = io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: "+itoa(len(createdBody))+"\r\n\r\n"+createdBody)
		_, _ = io.ReadFull(c, make([]byte, 1))
	})
	c := keyClient(t, url, nil)
	if _, err := c.CreateIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !sentOf(t.Context(), t, c) || conns.Load() != 1 {
		t.Errorf("not sent, or %d connections", conns.Load())
	}
}

// The transport finds nothing written to the dead connection and dials again,
// in vain: that is a false, although a connection was there at first.
func TestSentDeadConnectionThenRefused(t *testing.T) {
	var dials atomic.Int32
	tr := newTransport()
	tr.DialContext = func(context.Context, string, string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			return nil, errors.New("refused")
		}
		client, server := net.Pipe()
		go func() {
			readRequest(server)
			_, _ = io.WriteString(server, "HTTP/1.1 201 Created\r\nContent-Length: "+itoa(len(createdBody))+"\r\n\r\n"+createdBody)
		}()
		return &stubborn{Conn: client}, nil
	}
	c := keyClient(t, "http://127.0.0.1:9", with(&http.Client{Transport: tr}))
	if _, err := c.CreateIdentity(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if sentOf(t.Context(), t, c) || dials.Load() != 2 {
		t.Errorf("sent, or %d dials", dials.Load())
	}
}

// A stubborn connection takes the first request and fails to write the second,
// as a socket does whose peer is gone. The read side stays silent.
type stubborn struct {
	net.Conn
	answered atomic.Bool
}

func (c *stubborn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.answered.Store(true)
	return n, err
}

func (c *stubborn) Write(b []byte) (int, error) {
	if c.answered.Load() {
		return 0, errors.New("broken pipe")
	}
	return c.Conn.Write(b)
}

func TestSentFailuresBeforeTheTransport(t *testing.T) {
	s := play(always(201, createdBody))
	noToken := errors.New("no managed identity here")
	c, err := NewClient(testHost, &credential{err: noToken}, with(s))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateIdentity(t.Context(), nil); asError(t, err).Sent || !errors.Is(err, noToken) || len(asError(t, err).RequestID) != 36 {
		t.Errorf("credential: %v", err)
	}
	unsigned := keyClient(t, testHost, with(s))
	unsigned.endpoint = "://"
	if _, err := unsigned.CreateIdentity(t.Context(), nil); asError(t, err).Sent {
		t.Errorf("request: %v", err)
	}
	if s.tries != 0 {
		t.Errorf("%d tries", s.tries)
	}
}

// A try that left is not forgotten when a later one did not.
func TestSentStaysTrue(t *testing.T) {
	noConn := transportFunc(func(r *http.Request) (*http.Response, error) {
		httptrace.ContextClientTrace(r.Context()).GetConn("host:443")
		return nil, errors.New("dial tcp: refused")
	})
	for _, first := range []transportFunc{broken, always(503, "")} {
		o := fast()
		o.Transport = play(first, noConn)
		if e := asError(t, operations()[2].call(t.Context(), keyClient(t, testHost, o))); !e.Sent {
			t.Errorf("%v", e)
		}
	}
	o := fast()
	o.Transport = noConn
	if e := asError(t, operations()[2].call(t.Context(), keyClient(t, testHost, o))); e.Sent {
		t.Errorf("no try had a connection: %v", e)
	}
}

func TestSentTransportWithoutTrace(t *testing.T) {
	for _, tr := range []transportFunc{broken, func(*http.Request) (*http.Response, error) { return nil, nil }} {
		if !sentOf(t.Context(), t, keyClient(t, testHost, with(tr))) {
			t.Error("a transport without trace proves nothing")
		}
	}
}

// The credential's own requests, made under the context of the operation, leave no mark.
func TestSentIgnoresTheCredentialsRequests(t *testing.T) {
	rec, srv := record(t, serve)
	cred := tokenFunc(func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL, nil)
		if err != nil {
			return err
		}
		resp, err := srv.Client().Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		return errors.New("no token for you")
	})
	c, err := NewClient(testHost, cred, nil)
	if err != nil {
		t.Fatal(err)
	}
	if sentOf(t.Context(), t, c) || len(rec.all()) != 1 {
		t.Errorf("sent, or %d token requests", len(rec.all()))
	}
}

// An HTTP/2 server that resets the stream with PROTOCOL_ERROR after it has read
// the request: Go's client would replay it.
func TestCreateIsNotReplayedByHTTP2(t *testing.T) {
	streams, url, client := resettingServer(t)
	if !sentOf(t.Context(), t, keyClient(t, url, with(client))) || streams.Load() != 1 {
		t.Errorf("not sent, or %d streams", streams.Load())
	}
	o := with(client)
	o.TryTimeout, o.Retry.MaxRetries = 500*time.Millisecond, -1
	if _, err := keyClient(t, url, o).RevokeTokens(t.Context(), testID, nil); err == nil || streams.Load() < 3 {
		t.Errorf("revoke: %d streams in all, so the server does not provoke a replay; %v", streams.Load(), err)
	}
}

func resettingServer(t *testing.T) (streams *atomic.Int32, url string, client *http.Client) {
	cert := httptest.NewTLSServer(nil)
	t.Cleanup(cert.Close)
	config := &tls.Config{Certificates: cert.TLS.Certificates, NextProtos: []string{"h2"}}
	streams = &atomic.Int32{}
	plain, _ := listen(t, func(c net.Conn) { resetStreams(tls.Server(c, config), streams) })
	tr := cert.Client().Transport.(*http.Transport).Clone()
	tr.ForceAttemptHTTP2 = true
	t.Cleanup(tr.CloseIdleConnections)
	return streams, "https" + plain[len("http"):], &http.Client{Transport: tr}
}

// resetStreams speaks as much HTTP/2 as it takes to reset each complete request.
func resetStreams(c net.Conn, streams *atomic.Int32) {
	frame := func(kind, flags byte, stream uint32, payload ...byte) {
		b := append([]byte{0, 0, byte(len(payload)), kind, flags}, binary.BigEndian.AppendUint32(nil, stream)...)
		_, _ = c.Write(append(b, payload...))
	}
	if _, err := io.ReadFull(c, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
		return
	}
	frame(4, 0, 0) // SETTINGS
	for {
		h := make([]byte, 9)
		if _, err := io.ReadFull(c, h); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(h[0])<<16|int64(h[1])<<8|int64(h[2])); err != nil {
			return
		}
		switch kind, flags := h[3], h[4]; {
		case kind == 4 && flags&1 == 0:
			frame(4, 1, 0) // acknowledge SETTINGS
		case kind <= 1 && flags&1 != 0: // DATA or HEADERS that ends the stream
			streams.Add(1)
			frame(3, 0, binary.BigEndian.Uint32(h[5:]), 0, 0, 0, 1) // RST_STREAM, PROTOCOL_ERROR
		}
	}
}
