package acsidentity

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync/atomic"
)

// A connTrace finds out whether a try may have left: whether the HTTP client
// ever got hold of a connection for it.
//
// GetConn (a connection is wanted) and GotConn (one is there) both run on the
// goroutine of RoundTrip, before any byte is handed to the connection. So when
// RoundTrip has failed and GetConn was the last of the two, nothing was written.
// WroteHeaders would not do: it runs on the goroutine that writes, and may come
// after RoundTrip has given up.
//
// A later GetConn takes an earlier GotConn back, because the HTTP/1 client asks
// for a second connection only if nothing was written to the first: our requests
// are POST and DELETE, which it does not replay otherwise. HTTP/2 replays more;
// there GotConn is final.
type connTrace struct {
	state atomic.Uint32
}

// The states of a connTrace.
const (
	traceSilent uint32 = iota // no hook was called: the transport does not trace
	traceWanted               // waiting for a connection
	traceGot                  // got an HTTP/1 connection
	traceGotH2                // got an HTTP/2 connection
)

func (t *connTrace) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) {
			if t.state.Load() != traceGotH2 {
				t.state.Store(traceWanted)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if speaksH2(info) {
				t.state.Store(traceGotH2)
			} else {
				t.state.CompareAndSwap(traceWanted, traceGot)
			}
		},
	}
}

// sent reports whether a try that failed may have left. It is true unless the
// trace proves otherwise, so also for a transport without trace.
func (t *connTrace) sent() bool { return t.state.Load() != traceWanted }

// h2 reports whether the try got an HTTP/2 connection.
func (t *connTrace) h2() bool { return t.state.Load() == traceGotH2 }

func speaksH2(info httptrace.GotConnInfo) bool {
	c, ok := info.Conn.(interface{ ConnectionState() tls.ConnectionState })
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}
