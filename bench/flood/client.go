package main

import (
	"context"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/load"
)

const answerLimit = 30 * time.Second

// A wire is one connection that is kept, with the request that it sends.
type wire struct {
	*load.Conn
	host string
	buf  []byte
}

// dial connects.
func dial(ctx context.Context, host string) (*wire, error) {
	c, err := load.Dial(ctx, host)
	if err != nil {
		return nil, err
	}
	return &wire{Conn: c, host: host}, nil
}

// get sends GET /getUser with a token, reads the answer whole and returns its
// status. If the server closes the connection, the next call needs a new one.
func (w *wire) get(token []byte) (status int, last bool, err error) {
	w.buf = append(w.buf[:0], "GET /getUser HTTP/1.1\r\nHost: "...)
	w.buf = append(w.buf, w.host...)
	w.buf = append(w.buf, "\r\nAuthorization: Bearer "...)
	w.buf = append(w.buf, token...)
	w.buf = append(w.buf, "\r\n\r\n"...)
	if err := w.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return 0, true, err
	}
	return w.Send(w.buf)
}
