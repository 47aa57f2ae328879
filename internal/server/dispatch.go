package server

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"

	"github.com/acs-solutions/acsauth"
)

// serve walks the line from request to answer.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	x, r := s.begin(w, r)
	defer s.end(x, r)
	defer s.recover(x, r)
	if err := s.dispatch(x, r); err != nil {
		s.fail(x, r, err)
	}
}

// dispatch finds the handler. Paths match exactly as they were sent: nothing is
// cleaned, decoded or redirected, so no two spellings mean the same route.
func (s *Server) dispatch(x *exchange, r *http.Request) error {
	if err := checkFraming(x, r); err != nil {
		return err
	}
	rt, found := s.table[r.URL.EscapedPath()]
	s.allowOrigin(x, r)
	if !found {
		return errNoRoute()
	}
	x.route = r.URL.EscapedPath()
	if s.preflight(x, r, rt) {
		return nil
	}
	h, ok := rt[r.Method]
	if !ok {
		x.Header().Set("Allow", rt.allow())
		return errMethod(rt.allow())
	}
	if r.Method != http.MethodPost && (r.ContentLength != 0 || len(r.TransferEncoding) > 0) {
		x.Header().Set("Connection", "close")
		return errRequest("A "+r.Method+" request must not have a body.", "Send the members as query parameters, or use POST where the route has it.")
	}
	return h(x, r)
}

// recover turns a panic into an answer, and logs its stack but nothing of the request.
func (s *Server) recover(x *exchange, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		panic(v)
	}
	s.metrics.Panic()
	stack := debug.Stack()
	x.stack = string(stack[:min(len(stack), 8<<10)])
	sent := x.status != 0
	s.fail(x, r, &acsauth.Error{Kind: acsauth.Internal, Code: "internal", Op: "server", Err: fmt.Errorf("panic: %s", panicText(v))})
	if sent { // the answer is cut short: let the client notice
		panic(http.ErrAbortHandler)
	}
}

// panicText describes a panic. Only errors of the runtime hold no data of a request.
func panicText(v any) string {
	if e, ok := v.(runtime.Error); ok {
		return e.Error()
	}
	return fmt.Sprintf("%T", v)
}
