package tables

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fate is what becomes of a request.
type fate int

const (
	delivered fate = iota
	requestLost
	answerLost
)

var errWire = errors.New("the connection broke")

// A wire is a transport that counts requests, tells what they were, and can
// lose them, answer them itself, hold them, or set the clock of the service.
type wire struct {
	mu    sync.Mutex
	sent  []string
	plan  func(n int, what string) fate                 // n counts from 1
	reply func(n int, what string) *http.Response       // in place of the service, nil: the service
	hold  func(n int, what string, req *http.Request)   // before it is sent
	tamp  func(n int, what string, resp *http.Response) // with the answer
	ahead time.Duration                                 // of the clock of the service
	next  *http.Client
}

// newWire makes the transport of o a wire.
func newWire(t testing.TB, o *Options) *wire {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	w := &wire{next: &http.Client{Transport: transport}}
	o.Transport = w
	return w
}

// what names a request: the method and the kind of its entity.
func what(req *http.Request) string {
	path := req.URL.Path[strings.LastIndexByte(req.URL.Path, '/')+1:]
	kind := "table"
	switch {
	case path == "$batch":
		kind = "transaction"
	case path == "Tables":
	case !strings.Contains(path, "PartitionKey='"):
		kind = partitionKind(body(req))
		if filter := req.URL.Query().Get("$filter"); req.Method == http.MethodGet {
			kind = "query " + queryKind(filter)
		}
	default:
		kind = partitionKind(path)
	}
	return req.Method + " " + kind
}

func queryKind(filter string) string {
	if strings.Contains(filter, "PartitionKey gt") {
		return "rows"
	}
	return strings.ReplaceAll(strings.ReplaceAll(partitionKind(filter), "row", "user"), "line", "user")
}

// partitionKind reads it from a path, a filter or a body.
func partitionKind(s string) string {
	for _, name := range []string{openPartition, leftPartition, lockPartition, metaPartition} {
		if strings.Contains(s, "'"+name+"'") || strings.Contains(s, `"PartitionKey":"`+name+`"`) {
			return name
		}
	}
	switch {
	case strings.Contains(s, claimPrefix):
		return "claim"
	case strings.Contains(s, "RowKey='"+linePrefix) || strings.Contains(s, `"RowKey":"`+linePrefix):
		return "line"
	}
	return "row"
}

func body(req *http.Request) string {
	if req.Body == nil {
		return ""
	}
	b, _ := io.ReadAll(req.Body)
	req.Body = io.NopCloser(strings.NewReader(string(b)))
	return string(b)
}

func (w *wire) Do(req *http.Request) (*http.Response, error) {
	name := what(req)
	w.mu.Lock()
	w.sent = append(w.sent, name)
	n, plan, reply, hold, tamp, ahead := len(w.sent), w.plan, w.reply, w.hold, w.tamp, w.ahead
	w.mu.Unlock()
	if hold != nil {
		hold(n, name, req)
	}
	f := delivered
	if plan != nil {
		f = plan(n, name)
	}
	if f == requestLost {
		return nil, &url.Error{Op: "send", URL: req.URL.String(), Err: errWire}
	}
	if reply != nil {
		if resp := reply(n, name); resp != nil {
			resp.Request = req
			return resp, nil
		}
	}
	resp, err := w.next.Do(req)
	if err != nil {
		return nil, err
	}
	if f == answerLost {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return nil, &url.Error{Op: "send", URL: req.URL.String(), Err: errWire}
	}
	if now, err := http.ParseTime(resp.Header.Get("Date")); err == nil && ahead != 0 {
		resp.Header.Set("Date", now.Add(ahead).Format(http.TimeFormat))
	}
	if tamp != nil {
		tamp(n, name, resp)
	}
	return resp, nil
}

// set changes the wire while it is in use.
func (w *wire) set(change func(w *wire)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(w)
}

// during returns the requests that do sends, cleaning included.
func (w *wire) during(s *Store, do func()) []string {
	s.quiet()
	w.set(func(w *wire) { w.sent = nil })
	do()
	s.quiet()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// answer is an answer of the service that the test made up.
func answer(status int, code string, header ...string) *http.Response {
	resp := &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}, "Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(`{"odata.error":{"code":"` + code + `","message":{"lang":"en","value":"no"}}}`))}
	for i := 0; i+1 < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}
