package emulator

import (
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"
)

const (
	maxRequests = 1000
	maxPath     = 256
	maxMethod   = 32
)

// Request is a request that a protocol listener answered. Query, headers and body are not kept, but for what is named here.
type Request struct {
	Time         time.Time `json:"time"` // by the clock of the services, when it was answered
	Method       string    `json:"method"`
	Path         string    `json:"path"`                      // at most 256 bytes
	Status       int       `json:"status"`                    // 0: the connection was dropped without an answer
	Service      string    `json:"service,omitempty"`         // acs, entra or graph
	Operation    string    `json:"operation,omitempty"`       // as faults name it
	Milliseconds float64   `json:"ms"`                        // of real time, faults included
	ErrorCode    string    `json:"errorCode,omitempty"`       // of a refusal: IdentityNotOwned, AADSTS65001 and others
	ClientID     string    `json:"clientRequestId,omitempty"` // x-ms-client-request-id or client-request-id, if it is a GUID
	APIVersion   string    `json:"apiVersion,omitempty"`      // of ACS
}

// requestLog keeps the last requests.
type requestLog struct {
	now  func() time.Time
	mu   sync.Mutex
	last []Request
}

func newRequestLog(now func() time.Time) *requestLog { return &requestLog{now: now} }

var (
	guidShape    = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	versionShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}(-preview\d?)?$`)
)

// begin notes what is known of a request before it is answered. What has not the form that it should have is left out.
func begin(r *http.Request) Request {
	path := r.URL.EscapedPath()
	if len(path) > maxPath {
		path = path[:maxPath]
	}
	q := Request{Method: r.Method[:min(len(r.Method), maxMethod)], Path: path, Service: serviceOf(r.URL.Path)}
	q.Operation = operationOf(q.Service, r)
	for _, name := range [...]string{"X-Ms-Client-Request-Id", "Client-Request-Id"} {
		if id := r.Header.Get(name); guidShape.MatchString(id) {
			q.ClientID = id
			break
		}
	}
	if q.Service == serviceACS {
		if version := r.URL.Query().Get("api-version"); versionShape.MatchString(version) {
			q.APIVersion = version
		}
	}
	return q
}

// add notes a request once it is answered.
func (l *requestLog) add(q Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.last) == maxRequests {
		l.last = slices.Delete(l.last, 0, 1)
	}
	q.Time = l.now().UTC()
	l.last = append(l.last, q)
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

// Requests returns the last 1000 requests of the protocol listeners, oldest first.
func (e *Emulator) Requests() []Request { return e.log.all() }
