package limit

import (
	"net"
	"net/netip"
	"sync"
)

// ListenerOptions bounds connections.
type ListenerOptions struct {
	Max           int // at once; 0: no bound
	MaxPerAddress int // at once from one address, of IPv6 from one /64; 0: no bound
	// Proxies are not counted by address, since many clients come from them.
	Proxies Proxies
}

// ListenerStats counts connections.
type ListenerStats struct {
	Open              int
	Addresses         int    // that have one open; counted with MaxPerAddress only
	RefusedAll        uint64 // since the start: all were taken
	RefusedPerAddress uint64 // since the start: all of its address were taken
}

// Listener is a net.Listener that closes connections beyond a bound as soon as
// they come. Put TLS around it, not into it: then a connection counts before its
// handshake.
type Listener struct {
	net.Listener
	o ListenerOptions

	mu    sync.Mutex
	stats ListenerStats
	by    map[netip.Prefix]int
}

// NewListener bounds the connections of a listener.
func NewListener(ln net.Listener, o ListenerOptions) *Listener {
	return &Listener{Listener: ln, o: o, by: map[netip.Prefix]int{}}
}

// Accept waits for a connection that is within the bounds. Its errors are those of the listener inside.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		key, ok := l.take(c.RemoteAddr())
		if ok {
			return &conn{Conn: c, free: sync.OnceFunc(func() { l.free(key) })}, nil
		}
		_ = c.Close() // there is nobody to tell
	}
}

// take counts a connection. The key is the zero network if it is not counted by address.
func (l *Listener) take(from net.Addr) (key netip.Prefix, ok bool) {
	if l.o.MaxPerAddress > 0 {
		if a := peer(from.String()); !l.o.Proxies.Trusts(a) {
			key = Key(a)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.o.Max > 0 && l.stats.Open >= l.o.Max:
		l.stats.RefusedAll++
		return key, false
	case key.IsValid() && l.by[key] >= l.o.MaxPerAddress:
		l.stats.RefusedPerAddress++
		return key, false
	case key.IsValid():
		l.by[key]++
	}
	l.stats.Open++
	return key, true
}

func (l *Listener) free(key netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Open--
	if !key.IsValid() {
		return
	}
	if l.by[key]--; l.by[key] == 0 {
		delete(l.by, key)
	}
}

// Stats counts connections.
func (l *Listener) Stats() ListenerStats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Addresses = len(l.by)
	return s
}

// A conn frees its place when it is closed, once.
type conn struct {
	net.Conn
	free func()
}

func (c *conn) Close() error {
	defer c.free()
	return c.Conn.Close()
}

// CloseWrite lets package http end a connection so that its last answer arrives.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return net.ErrClosed
}
