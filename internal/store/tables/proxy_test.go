package tables

import (
	"io"
	"net"
	"sync"
	"testing"
)

// A proxy passes connections on until it is cut.
type proxy struct {
	listener net.Listener
	to       string

	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool

	frozen sync.RWMutex // held for writing while nothing passes
}

func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{listener: listener, to: to, conns: map[net.Conn]bool{}}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.cut()
		wg.Wait()
	})
	return p
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// keep admits a connection, or closes it during an outage.
func (p *proxy) keep(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		_ = conn.Close()
		return false
	}
	p.conns[conn] = true
	return true
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.keep(client) || !p.keep(server) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { p.pass(server, client); _ = server.Close() })
	p.pass(client, server)
	_ = client.Close()
	wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, client)
	delete(p.conns, server)
}

// cut closes all connections, and every new one at once.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

// pass copies until one side ends, and waits while the proxy is frozen.
func (p *proxy) pass(to io.Writer, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.frozen.RLock()
		_, writeErr := to.Write(buffer[:n])
		p.frozen.RUnlock()
		if err != nil || writeErr != nil {
			return
		}
	}
}

// freeze lets nothing pass, and keeps what comes: it arrives late, after thaw.
func (p *proxy) freeze() { p.frozen.Lock() }

func (p *proxy) thaw() { p.frozen.Unlock() }
