package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

const (
	dialLimit  = 30 * time.Second
	bufferSize = 16 << 10 // a line of a header has to fit
	maxLines   = 100      // of a header
	maxBody    = 16 << 20 // bytes
)

// A Conn is one HTTP/1.1 connection that is kept, and that does as little as can be:
// it knows answers with a Content-Length only. It is for one goroutine.
type Conn struct {
	c net.Conn
	r *bufio.Reader
}

// Dial connects to host:port, within 30 seconds.
func Dial(ctx context.Context, host string) (*Conn, error) {
	c, err := (&net.Dialer{Timeout: dialLimit}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &Conn{c: c, r: bufio.NewReaderSize(c, bufferSize)}, nil
}

// SetDeadline is the time after which Send fails.
func (c *Conn) SetDeadline(t time.Time) error { return c.c.SetDeadline(t) }

// Close closes the connection.
func (c *Conn) Close() error { return c.c.Close() }

// Send sends a whole request, reads the answer whole and returns its status. After an
// error, and if the answer is the last one, the next request needs a new connection.
func (c *Conn) Send(request []byte) (status int, last bool, err error) {
	if _, err := c.c.Write(request); err != nil {
		return 0, true, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, true, err
	}
	if len(line) < len("HTTP/1.1 200\r\n") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, true, fmt.Errorf("not HTTP/1.1: %.40q", line)
	}
	if status = digits(line[9:12]); status < 100 {
		return 0, true, fmt.Errorf("not a status: %.40q", line)
	}
	length, last, err := c.header()
	if status == 204 {
		length = max(length, 0)
	}
	switch {
	case err != nil:
		return 0, true, err
	case length < 0:
		return 0, true, errors.New("an answer has no Content-Length")
	case length > maxBody:
		return 0, true, fmt.Errorf("an answer of %d bytes is too long", length)
	}
	if _, err = c.r.Discard(length); err != nil {
		return 0, true, err
	}
	return status, last, nil
}

// header reads to the end of the header. length is -1 if there is none.
func (c *Conn) header() (length int, last bool, err error) {
	length = -1
	for range maxLines {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, true, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			return length, last, nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length = digits(value); length < 0 {
				return 0, true, errors.New("Content-Length is " + strconv.Quote(string(value)))
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(value, []byte("close"))
		}
	}
	return 0, true, errors.New("a header has too many lines")
}

// digits reads a number of up to nine digits, without an allocation. -1: it is none.
func digits(text []byte) (n int) {
	if len(text) == 0 || len(text) > 9 {
		return -1
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}
