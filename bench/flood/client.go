package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

const answerLimit = 30 * time.Second

// A wire is one HTTP/1.1 connection that is kept, and that does as little as can be.
type wire struct {
	host string
	c    net.Conn
	r    *bufio.Reader
	buf  []byte
}

// dial connects. The connection is closed when ctx ends.
func dial(ctx context.Context, host string) (*wire, error) {
	c, err := (&net.Dialer{Timeout: answerLimit}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	return &wire{host: host, c: c, r: bufio.NewReaderSize(c, 16<<10)}, nil
}

// get sends GET /getUser with a token, reads the answer whole and returns its
// status. If the server closes the connection, the next call needs a new one.
func (w *wire) get(token []byte) (status int, last bool, err error) {
	w.buf = append(w.buf[:0], "GET /getUser HTTP/1.1\r\nHost: "...)
	w.buf = append(w.buf, w.host...)
	w.buf = append(w.buf, "\r\nAuthorization: Bearer "...)
	w.buf = append(w.buf, token...)
	w.buf = append(w.buf, "\r\n\r\n"...)
	if err := w.c.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return 0, true, err
	}
	if _, err := w.c.Write(w.buf); err != nil {
		return 0, true, err
	}
	return w.answer()
}

func (w *wire) answer() (status int, last bool, err error) {
	line, err := w.r.ReadString('\n')
	if err != nil {
		return 0, true, err
	}
	if len(line) < 12 || !strings.HasPrefix(line, "HTTP/1.1 ") {
		return 0, true, fmt.Errorf("not HTTP/1.1: %.40q", line)
	}
	if status, err = strconv.Atoi(line[9:12]); err != nil {
		return 0, true, err
	}
	length := -1
	for {
		if line, err = w.r.ReadString('\n'); err != nil {
			return 0, true, err
		}
		if line == "\r\n" {
			break
		}
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); {
		case strings.EqualFold(name, "Content-Length"):
			if length, err = strconv.Atoi(value); err != nil {
				return 0, true, err
			}
		case strings.EqualFold(name, "Connection"):
			last = strings.EqualFold(value, "close")
		}
	}
	if length < 0 {
		return 0, true, errors.New("an answer has no Content-Length")
	}
	_, err = io.CopyN(io.Discard, w.r, int64(length))
	return status, last, err
}
