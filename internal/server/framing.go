package server

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// A framing is how the header of one request was written, seen before
// net/http tidies it up. Proxies that read such a message otherwise than we do
// are how requests get smuggled (RFC 9112 section 11.2).
type framing struct {
	length   bool // Content-Length
	encoding bool // Transfer-Encoding
	bareLF   bool // a line that ends without CR
	folded   bool // a line that continues the one before
	tooLong  bool // a Content-Length that we did not read
}

// checkFraming refuses requests whose end is open to interpretation. After a
// Transfer-Encoding, and after any refusal, the connection is closed.
func checkFraming(x *exchange, r *http.Request) error {
	c, _ := r.Context().Value(connKey{}).(*conn)
	f, ok := framing{}, true
	if c != nil {
		f, ok = c.scan.next()
	}
	if !ok || len(r.TransferEncoding) > 0 || f.encoding {
		x.Header().Set("Connection", "close")
	}
	var why string
	switch {
	case f.length && f.encoding:
		why = "The request has both Content-Length and Transfer-Encoding."
	case f.encoding && !r.ProtoAtLeast(1, 1):
		why = "The request of HTTP/1.0 has a Transfer-Encoding."
	case f.bareLF:
		why = "A line of the header ends without carriage return."
	case f.folded:
		why = "A header field is folded over two lines."
	case f.tooLong || !ok:
		why = "The header of the request is not understood."
	default:
		return nil
	}
	x.Header().Set("Connection", "close")
	return errRequest(why, "A client library or proxy in between writes broken HTTP/1.1. Update or replace it.")
}

type connKey struct{}

// withConn lets checkFraming find the connection of a request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// A listener makes its connections watch how requests are framed.
type listener struct{ net.Listener }

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

type conn struct {
	net.Conn
	scan scanner
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.scan.feed(b[:n])
	return n, err
}

// CloseWrite lets net/http end a connection so that its last answer arrives.
func (c *conn) CloseWrite() error {
	if w, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return w.CloseWrite()
	}
	return net.ErrClosed
}

// What the scanner looks for.
var (
	newline, carriageReturn, colon  = []byte("\n"), []byte("\r"), []byte(":")
	contentLength, transferEncoding = []byte("content-length"), []byte("transfer-encoding")
)

// maxLine is how much of a header line is looked at.
const maxLine = 128

// A scanner reads the headers of the requests on a connection. It follows
// Content-Length only: after a Transfer-Encoding there is no next request, for
// the connection is closed.
type scanner struct {
	mu      sync.Mutex
	done    []framing // headers that ended and whose request was not served yet
	now     framing
	line    []byte // start of the current line
	last    byte   // of the current line
	started bool   // the request line was seen
	length  int64  // Content-Length of the current header
	skip    int64  // bytes of the body to come
	stopped bool
}

// next returns the framing of the next request. There is one for each request
// that reaches a handler, since net/http closes the connection on all others.
func (s *scanner) next() (framing, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.done) == 0 {
		return framing{}, false
	}
	f := s.done[0]
	s.done = s.done[1:]
	return f, true
}

func (s *scanner) feed(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(b) > 0 && !s.stopped {
		if s.skip > 0 {
			n := min(s.skip, int64(len(b)))
			s.skip -= n
			b = b[n:]
			continue
		}
		part, rest, ended := bytes.Cut(b, newline)
		s.line = append(s.line, part[:min(len(part), maxLine-len(s.line))]...)
		if len(part) > 0 {
			s.last = part[len(part)-1]
		}
		if ended {
			s.endLine()
		}
		b = rest
	}
}

// endLine takes the line that has ended.
func (s *scanner) endLine() {
	crlf := s.last == '\r'
	line := bytes.TrimSuffix(s.line, carriageReturn)
	s.last = 0
	switch {
	case len(line) > 0 && !s.started:
		s.started = true
		s.now.bareLF = !crlf
	case len(line) > 0:
		s.now.bareLF = s.now.bareLF || !crlf
		s.field(line)
	case s.started:
		s.now.bareLF = s.now.bareLF || !crlf
		s.finish()
	} // else an empty line before the request, which net/http forgives after a POST
	s.line = s.line[:0]
}

func (s *scanner) field(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		s.now.folded = true
		return
	}
	name, value, _ := bytes.Cut(line, colon)
	name = bytes.TrimSpace(name)
	switch {
	case bytes.EqualFold(name, contentLength):
		s.now.length = true
		n, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		if err != nil || n < 0 || len(line) == maxLine {
			s.now.tooLong = true
			return
		}
		s.length = n
	case bytes.EqualFold(name, transferEncoding):
		s.now.encoding = true
	}
}

// finish ends a header. A body that follows is skipped.
func (s *scanner) finish() {
	s.done = append(s.done, s.now)
	s.stopped = s.now.encoding || s.now.bareLF || s.now.folded || s.now.tooLong
	s.skip = s.length
	s.now, s.started, s.length = framing{}, false, 0
}
