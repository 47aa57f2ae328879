package cosmos

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// maxBody bounds the body of a request, in bytes.
const maxBody = 4 << 20

// A target is what the path of a request names.
type target struct {
	kind                string // resource type as it is signed: "", dbs, colls, docs
	link                string // resource link as it is signed
	database, container string
	id                  string // of the item
	feed                bool   // the path ends with the kind
}

// parse reads a path such as /dbs/a/colls/b/docs/c.
func parse(path string) (t target, ok bool) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 1 && parts[0] == "" {
		return target{}, true
	}
	names := []*string{&t.database, &t.container, &t.id}
	for i, kind := range []string{"dbs", "colls", "docs"} {
		if len(parts) <= 2*i {
			break
		}
		if parts[2*i] != kind {
			return t, false
		}
		t.kind = kind
		if len(parts) > 2*i+1 {
			*names[i] = parts[2*i+1]
		}
	}
	t.feed = len(parts)%2 == 1
	t.link = strings.Join(parts[:len(parts)-len(parts)%2], "/")
	return t, len(parts) <= 6
}

// A request is one that is being served.
type request struct {
	*http.Request
	target
	op     string
	body   []byte
	isKey  bool
	second bool
}

// operation names what a request wants; "" if the stand-in does not know it.
func operation(r *http.Request, t target) string {
	is := func(header string) bool { return strings.EqualFold(r.Header.Get(header), "true") }
	switch {
	case t.kind == "" && r.Method == http.MethodGet:
		return OpAccount
	case t.kind == "dbs":
		return map[string]string{"POST true": OpCreateDatabase, "GET false": OpReadDatabase}[fmt.Sprint(r.Method, " ", t.feed)]
	case t.kind == "colls":
		return map[string]string{"POST true": OpCreateContainer, "GET false": OpReadContainer}[fmt.Sprint(r.Method, " ", t.feed)]
	case t.kind == "docs" && t.feed && r.Method == http.MethodPost:
		switch {
		case is("x-ms-cosmos-is-batch-request"):
			return OpBatch
		case is("x-ms-documentdb-isquery"), is("x-ms-documentdb-query"):
			return OpQuery
		case is("x-ms-documentdb-is-upsert"):
			return OpUpsert
		}
		return OpCreate
	case t.kind == "docs" && !t.feed:
		return map[string]string{"GET": OpRead, "PUT": OpReplace, "DELETE": OpDelete}[r.Method]
	}
	return ""
}

// serve handles one request, or lets it meet a fault.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, second bool) {
	t, ok := parse(r.URL.Path)
	op := operation(r, t)
	key, _ := partitionKey(r)
	noted := Request{Op: op, Key: key, ID: t.id, Second: second}
	fault := s.fault(op)
	if fault != nil && (fault.Kind == LoseRequest || fault.Kind == Hang) {
		if s.note(noted); fault.Kind == Hang {
			s.hang(r)
		}
		hangUp(w)
		return
	}
	if fault != nil && fault.Kind == Delay {
		time.Sleep(fault.Delay)
	}
	var a *answer
	if fault != nil && fault.Kind == Status {
		a = fault.answer()
	} else {
		a = s.handle(r, request{Request: r, target: t, op: op, second: second}, ok)
	}
	if fault != nil && fault.Kind == LoseAnswer {
		s.note(noted)
		hangUp(w)
		return
	}
	noted.Status = a.status
	s.note(noted)
	h := w.Header()
	h.Set("Date", s.options.Now().UTC().Format(http.TimeFormat))
	h.Set("x-ms-activity-id", r.Header.Get("x-ms-activity-id"))
	h.Set("x-ms-request-charge", "1")
	h.Set("x-ms-gatewayversion", "version=stand-in")
	a.write(w)
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// handle checks what all requests have in common and does the work.
func (s *Server) handle(r *http.Request, q request, known bool) *answer {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return badRequest("the body could not be read")
	}
	if len(body) > maxBody {
		return refuse(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Request size is too large")
	}
	q.body = body
	if !known {
		return refuse(http.StatusNotFound, "NotFound", "the stand-in does not know this path")
	}
	var refusal *answer
	if q.isKey, refusal = s.authorize(r, q.target); refusal != nil {
		return refusal
	}
	switch {
	case q.op == "":
		return refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "the stand-in does not know "+r.Method+" of this resource")
	case r.Header.Get("x-ms-version") == "":
		return badRequest("the x-ms-version header is missing")
	case r.URL.RawQuery != "":
		return badRequest("the stand-in knows no query parameters")
	}
	for _, name := range []string{"If-None-Match", "A-IM", "x-ms-documentdb-pre-trigger-include", "x-ms-documentdb-post-trigger-include", "x-ms-indexing-directive"} {
		if r.Header.Get(name) != "" {
			return badRequest("the stand-in does not know the header " + name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.do(q)
}

// do calls the operation.
func (s *Server) do(q request) *answer {
	switch q.op {
	case OpAccount:
		return s.account()
	case OpCreateDatabase:
		return s.createDatabase(q)
	case OpReadDatabase:
		return s.readDatabase(q)
	case OpCreateContainer:
		return s.createContainer(q)
	}
	c := s.container(q.target)
	if c == nil {
		if q.op == OpReadContainer && s.databases[q.database] != nil {
			return notFound()
		}
		return ownerNotFound()
	}
	if q.op == OpReadContainer {
		return reply(http.StatusOK, c.properties)
	}
	if q.second && q.op != OpRead && q.op != OpQuery {
		a := refuse(http.StatusForbidden, "Forbidden", "The requested operation cannot be performed at this region")
		a.substatus = 3
		return a
	}
	switch q.op {
	case OpBatch:
		return s.batch(q, c)
	case OpQuery:
		return s.query(q, c)
	}
	return s.item(q, c)
}
