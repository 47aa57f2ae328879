package emulator

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	maxRequests = 200
	maxPath     = 256
)

// Request is a request that a protocol listener answered. Query, headers and body are not kept.
type Request struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`   // at most 256 bytes
	Status int       `json:"status"` // 0: the connection was dropped without an answer
}

// requestLog keeps the last requests.
type requestLog struct {
	now  func() time.Time
	mu   sync.Mutex
	last []Request
}

func newRequestLog(now func() time.Time) *requestLog { return &requestLog{now: now} }

// add notes a request once it is answered.
func (l *requestLog) add(r *http.Request, rec *recorder) {
	path := r.URL.EscapedPath()
	if len(path) > maxPath {
		path = path[:maxPath]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == maxRequests {
		l.last = slices.Delete(l.last, 0, 1)
	}
	l.last = append(l.last, Request{Time: l.now().UTC(), Method: r.Method, Path: path, Status: rec.status})
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Request{}, l.last...)
}

func (l *requestLog) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = nil
}

// Requests returns the last 200 requests of the protocol listeners, oldest first.
func (e *Emulator) Requests() []Request { return e.log.all() }
