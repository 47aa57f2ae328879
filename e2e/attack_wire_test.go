package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// A wire sends requests byte by byte as they are given, over one connection as long as the server keeps it.
type wire struct {
	addr string
	conn net.Conn
	in   *bufio.Reader
}

// An answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	code   string // of a problem document
}

// isProblem reports whether a is a problem document that agrees with its status line.
func (a answer) isProblem() bool {
	var doc struct {
		Type, Title, Code, Instance string
		Status                      int
	}
	return a.header.Get("Content-Type") == "application/problem+json" && json.Unmarshal(a.body, &doc) == nil &&
		doc.Status == a.status && doc.Code != "" && doc.Title != "" && doc.Type != "" && doc.Instance != ""
}

func (a answer) String() string {
	return fmt.Sprintf("%d %s %.300s", a.status, a.code, a.body)
}

// send sends a request and reads the first answer.
func (w *wire) send(request string) (answer, error) {
	reused := w.conn != nil
	a, err := w.once(request)
	if err != nil && reused { // the server may have closed an idle connection
		w.close()
		a, err = w.once(request)
	}
	if err != nil {
		w.close()
	}
	return a, err
}

func (w *wire) once(request string) (answer, error) {
	if w.conn == nil {
		c, err := net.Dial("tcp", w.addr)
		if err != nil {
			return answer{}, err
		}
		w.conn, w.in = c, bufio.NewReader(c)
	}
	if err := w.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return answer{}, err
	}
	c := w.conn
	go func() { _, _ = io.WriteString(c, request) }() // fails if the server answers before it has read all
	a, again, err := readAnswer(w.in, request)
	if err == nil && !again {
		w.close()
	}
	return a, err
}

// alone sends a request on a connection of its own and fails if more than one answer comes back. If the server keeps the
// connection, a second request with a name of its own shows that nothing was smuggled in between.
func (w *wire) alone(request string) (answer, error) {
	w.close()
	a, err := w.once(request)
	if err != nil || w.conn == nil {
		w.close()
		return a, err
	}
	const name = "after-the-attack"
	next, err := w.once("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: " + name + "\r\n\r\n")
	w.close()
	if err == nil && next.header.Get("X-Request-Id") != name {
		err = fmt.Errorf("a second answer: %s", next)
	}
	return a, err
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// readAnswer reads one answer and reports whether another can follow it.
func readAnswer(in *bufio.Reader, request string) (a answer, again bool, err error) {
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return answer{}, false, err
	}
	defer resp.Body.Close()
	a = answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		return a, false, fmt.Errorf("the answer with status %d is cut off: %w", a.status, err)
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/problem+json") && method != "HEAD" {
		var doc struct{ Code string }
		if err := json.Unmarshal(a.body, &doc); err != nil {
			return a, false, fmt.Errorf("problem document: %w", err)
		}
		a.code = doc.Code
	}
	return a, !resp.Close, nil
}
