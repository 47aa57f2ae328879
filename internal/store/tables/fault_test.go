package tables

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A step is one write of the life of a user, and how to see whether it happened.
type step struct {
	name string
	do   func(ctx context.Context, s *Store) error
	done func(v *view) bool
}

// overdue is the row with a lease that ended long ago, so that it is unfinished at once.
func overdue(row acsauth.Mapping) acsauth.Mapping {
	row.Lease = -time.Hour
	return row
}

// life is a life with every kind of write.
func life(name string) []step {
	a := overdue(pendingRow(name))
	b := a
	b.Attempt, b.Generation = "b"+name, 2
	active := in(acsauth.Active, b)
	deleting := in(acsauth.Deleting, active)
	suspect, left := suspectOf(a), suspectOf(b)
	left.Kind, left.Identity = acsauth.Left, active.Identity
	orphan := orphanOf(a)
	hasRow := func(want acsauth.Mapping) func(v *view) bool {
		return func(v *view) bool { return v.row != nil && v.row.Fenced(want) }
	}
	hasLine := func(want acsauth.JournalLine) func(v *view) bool {
		return func(v *view) bool {
			for _, l := range v.lines {
				if l.Attempt == want.Attempt {
					return l.Kind == want.Kind
				}
			}
			return false
		}
	}
	return []step{
		{"insert", func(ctx context.Context, s *Store) error { return s.Insert(ctx, a) }, hasRow(a)},
		{"take over", func(ctx context.Context, s *Store) error { return s.Replace(ctx, a, b, &suspect) },
			func(v *view) bool { return hasRow(b)(v) && hasLine(suspect)(v) }},
		{"orphan", func(ctx context.Context, s *Store) error { return s.PutLine(ctx, orphan) }, hasLine(orphan)},
		{"commit", func(ctx context.Context, s *Store) error { return s.Replace(ctx, b, active, nil) }, hasRow(active)},
		{"drop", func(ctx context.Context, s *Store) error { return s.DropLine(ctx, orphan.User, orphan.Attempt) },
			func(v *view) bool { return !hasLine(orphan)(v) }},
		{"delete", func(ctx context.Context, s *Store) error { return s.Replace(ctx, active, deleting, nil) }, hasRow(deleting)},
		{"remove", func(ctx context.Context, s *Store) error { return s.Remove(ctx, deleting, &left) },
			func(v *view) bool { return v.row == nil && hasLine(left)(v) }},
	}
}

// TestEveryRequestFails lives the life of a user again and again, and each time
// another request of it fails, in each way, after which the writer is dead. Each
// write must be whole or nothing and say the truth about itself, and nothing may be missing from the indexes.
func TestEveryRequestFails(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	healthy := open(t, Options{Endpoint: o.Endpoint, AccountName: o.AccountName, AccountKey: o.AccountKey, Table: o.Table, AllowHTTP: true})
	cases := 0
	for _, f := range []fate{requestLost, answerLost} {
		for n, failed := 1, true; failed; n++ {
			name := fmt.Sprint("user", f, " ", n)
			failed = false
			first := 0
			w.set(func(w *wire) {
				first = len(w.sent)
				w.plan = func(i int, _ string) fate { // from then on nothing goes out any more: the process is dead
					switch at := i - first; {
					case at == n:
						failed = true
						return f
					case at > n:
						return requestLost
					}
					return delivered
				}
			})
			liveUntilDeath(t, s, healthy, name)
			s.quiet()
			cases++
		}
	}
	t.Logf("%d deaths", cases)
	w.set(func(w *wire) { w.plan = nil })
	wantFound(t, healthy)
}

// liveUntilDeath stops at the first error and judges it.
func liveUntilDeath(t *testing.T, s, healthy *Store, name string) {
	t.Helper()
	user := pendingRow(name).Key.Hash()
	for _, st := range life(name) {
		err := st.do(t.Context(), s)
		s.quiet()
		v, lookErr := healthy.inspect(t.Context(), user)
		must(t, lookErr)
		switch {
		case errors.Is(err, acsauth.ErrConflict), errors.Is(err, acsauth.ErrNotFound):
			t.Errorf("%s, %s: nobody else is there, and the answer is the sentinel %q", name, st.name, err)
		case err == nil && !st.done(v):
			t.Errorf("%s, %s: it returned nil and did not happen", name, st.name)
		}
		if err != nil {
			return
		}
	}
}

// TestLostAnswer: a row write whose answer alone is lost is recognized as our own.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	lose := func(what string) {
		lost := false
		w.set(func(w *wire) {
			w.plan = func(_ int, is string) fate {
				if is == what && !lost {
					lost = true
					return answerLost
				}
				return delivered
			}
		})
	}
	a, active := pendingRow("alice"), activeRow("alice")
	b := a
	b.Attempt = "b"
	active.Attempt = "b"
	line := suspectOf(a)
	lose("POST row")
	must(t, s.Insert(t.Context(), a))
	lose("POST transaction")
	must(t, s.Replace(t.Context(), a, b, &line))
	lose("PUT row")
	must(t, s.Replace(t.Context(), b, active, nil))
	lose("PUT claim")
	must(t, s.PutLine(t.Context(), line))
	lose("DELETE row")
	err := s.Remove(t.Context(), active, nil)
	if err == nil || errors.Is(err, acsauth.ErrConflict) {
		t.Errorf("a Remove whose answer was lost: got %v, want an error that means unknown", err)
	}
	lose("POST line")
	if err := s.PutLine(t.Context(), suspectOf(pendingRow("bob"))); err == nil {
		t.Error("a PutLine whose answer was lost returned nil")
	}
}

// TestWritesAreSentOnce: whatever the answer, no row or line is written twice by one call.
func TestWritesAreSentOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		code   string
	}{{http.StatusServiceUnavailable, "ServerBusy"}, {http.StatusTooManyRequests, "TooManyRequests"}, {http.StatusInternalServerError, "InternalError"},
		{http.StatusInternalServerError, "OperationTimedOut"}, {http.StatusRequestTimeout, ""}, {http.StatusBadGateway, ""}, {http.StatusGatewayTimeout, ""},
		{http.StatusNotFound, "TableNotFound"}, {http.StatusConflict, "TableBeingDeleted"}, {http.StatusTemporaryRedirect, ""}, {http.StatusBadRequest, "InvalidInput"}} {
		t.Run(fmt.Sprint(c.status, c.code), func(t *testing.T) {
			o := newTable()
			w := newWire(t, &o)
			s := open(t, o)
			row := pendingRow("old")
			must(t, s.Insert(t.Context(), row))
			line := suspectOf(row)
			for name, do := range map[string]func() error{
				"POST row":         func() error { return s.Insert(t.Context(), pendingRow("new")) },
				"PUT row":          func() error { return s.Replace(t.Context(), row, activeRow("old"), nil) },
				"POST transaction": func() error { return s.Remove(t.Context(), row, &line) },
				"DELETE row":       func() error { return s.Remove(t.Context(), row, nil) },
				"POST line":        func() error { return s.PutLine(t.Context(), line) },
			} {
				w.set(func(w *wire) {
					w.reply = func(_ int, is string) *http.Response {
						if is == name {
							return answer(c.status, c.code, "Retry-After", "0", "Location", shared.endpoint)
						}
						return nil
					}
				})
				var err error
				sent := w.during(s, func() { err = do() })
				if n := strings.Count(strings.Join(sent, "\n")+"\n", name+"\n"); err == nil || errors.Is(err, acsauth.ErrConflict) || n != 1 {
					t.Errorf("%s: sent %d times, error %v; want once, and an error that means unknown", name, n, err)
				}
			}
		})
	}
}

// TestReadsAreRepeated: a few times, as the service asks, and not for long.
func TestReadsAreRepeated(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	must(t, s.Insert(t.Context(), pendingRow("alice")))
	get := func(failures int, resp func() *http.Response) (int, error) {
		w.set(func(w *wire) {
			left := failures
			w.reply = func(int, string) *http.Response {
				if left--; left >= 0 {
					return resp()
				}
				return nil
			}
		})
		var err error
		sent := w.during(s, func() { _, err = s.Get(t.Context(), pendingRow("alice").Key) })
		return len(sent), err
	}
	for _, resp := range []func() *http.Response{
		func() *http.Response { return answer(503, "ServerBusy", "Retry-After", "1") },
		func() *http.Response { return answer(429, "TooManyRequests", "x-ms-retry-after-ms", "20") },
	} {
		if n, err := get(1, resp); n != 2 || err != nil {
			t.Errorf("after one refusal: %d requests, %v", n, err)
		}
	}
	if n, err := get(99, func() *http.Response { return answer(503, "ServerBusy", "Retry-After", "3600") }); n != 1 || err == nil || errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("told to wait an hour: %d requests, %v; want one and an error", n, err)
	}
	if n, err := get(99, func() *http.Response { return answer(500, "InternalError") }); n != 3 || err == nil || !strings.Contains(err.Error(), "500 InternalError") {
		t.Errorf("a service that fails always: %d requests, %v; want 3 and an error with the code", n, err)
	}
}

// TestRefusedAlways: a storm of 412 ends, and is not taken for a lost race.
func TestRefusedAlways(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	row := pendingRow("alice")
	must(t, s.Insert(t.Context(), row))
	w.set(func(w *wire) {
		w.reply = func(_ int, is string) *http.Response {
			if is == "PUT row" {
				return answer(412, "UpdateConditionNotSatisfied")
			}
			return nil
		}
	})
	var err error
	sent := w.during(s, func() { err = s.Replace(t.Context(), row, activeRow("alice"), nil) })
	if !errors.Is(err, errBusy) || errors.Is(err, acsauth.ErrConflict) || len(sent) > 2*maxTries+2 {
		t.Errorf("%d requests, error %v", len(sent), err)
	}
}

// TestOddAnswers: no odd answer is taken for an absent row, or for success.
func TestOddAnswers(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	row := pendingRow("alice")
	must(t, s.Insert(t.Context(), row))
	for name, resp := range map[string]func() *http.Response{
		"table gone":    func() *http.Response { return answer(404, "TableNotFound") },
		"404 of others": func() *http.Response { return answer(404, "") },
		"no date":       func() *http.Response { r := answer(200, ""); r.Header.Del("Date"); return r },
		"another body":  func() *http.Response { return answer(200, "") },
		"no json": func() *http.Response {
			r := answer(200, "")
			r.Body = io.NopCloser(strings.NewReader("<html>"))
			return r
		},
		"endless":  func() *http.Response { r := answer(200, ""); r.Body = io.NopCloser(endless{}); return r },
		"redirect": func() *http.Response { return answer(307, "", "Location", "https://example.invalid/") },
	} {
		w.set(func(w *wire) { w.reply = func(int, string) *http.Response { return resp() } })
		if m, err := s.Get(t.Context(), row.Key); err == nil || errors.Is(err, acsauth.ErrNotFound) {
			t.Errorf("%s: got %v, %v", name, m.State, err)
		}
	}
	w.set(func(w *wire) { w.reply = nil })
	line := suspectOf(row)
	for _, text := range []string{"", "-", "--x", "--x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n--x--", "--x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Cont",
		"--x\r\nHTTP/1.1 204 a\r\nHTTP/1.1 302 b\r\n--x--", "{}", "HTTP/1.1 2"} {
		w.set(func(w *wire) {
			w.tamp = func(_ int, is string, resp *http.Response) {
				if is == "POST transaction" {
					resp.Body = io.NopCloser(strings.NewReader(text))
				}
			}
			w.plan = func(_ int, is string) fate {
				if is == "POST transaction" {
					return delivered
				}
				return delivered
			}
		})
		next := row
		next.Attempt = fmt.Sprint("n", len(text))
		err := s.Replace(t.Context(), row, next, &line)
		got, getErr := s.Get(t.Context(), row.Key)
		must(t, getErr)
		if errors.Is(err, acsauth.ErrConflict) || err == nil && !got.Fenced(next) {
			t.Errorf("transaction answered with %q: error %v", text, err)
		}
		row = got
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestBatchOutcome: only as many good answers as there were writes are success.
func TestBatchOutcome(t *testing.T) {
	t.Parallel()
	part := "\r\n\r\nHTTP/1.1 204 No Content\r\n"
	for _, c := range []struct {
		body       string
		status     int
		code       string
		wantsError bool
	}{
		{"--b" + part + "--c" + part + "--b--\r\n", 0, "", false},
		{"--b" + part + "--b--", 0, "", true},
		{"--b" + part + part + part + "--b--", 0, "", true},
		{"--b" + part + part, 0, "", true},
		{"--b\r\nHTTP/1.1 412 Precondition Failed\r\n\r\n{\"odata.error\":{\"code\":\"UpdateConditionNotSatisfied\"}}\r\n--b--", 412, "UpdateConditionNotSatisfied", false},
		{"--b\r\nHTTP/1.1 409 Conflict\r\n", 409, "", false},
		{"--b\r\nHTTP/1.1 xyz\r\n--", 0, "", true},
		{"--b\r\nHTTP/1.1 \r\n--", 0, "", true},
	} {
		status, code, err := batchOutcome([]byte(c.body), 2)
		if status != c.status || code != c.code || (err != nil) != c.wantsError {
			t.Errorf("%q: %d %q %v", c.body, status, code, err)
		}
	}
}

// TestErrorsTellNothing: no error holds the key, a signature, a person or a body.
func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	const person = "Personal-Subject-4711"
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	row := pendingRow(person)
	line := orphanOf(row)
	must(t, s.Insert(t.Context(), row))
	echo := func(int, string) *http.Response { return answer(400, "InvalidInput") }
	for name, change := range map[string]func(w *wire){
		"lost":   func(w *wire) { w.reply, w.plan = nil, func(int, string) fate { return requestLost } },
		"echoed": func(w *wire) { w.reply, w.plan = echo, nil },
		"writes": func(w *wire) {
			w.plan, w.reply = nil, func(n int, is string) *http.Response {
				if strings.HasPrefix(is, "GET") || strings.HasSuffix(is, "open") {
					return nil
				}
				r := echo(n, is)
				text, _ := json.Marshal(row) // a service that shows what it was sent
				r.Body = io.NopCloser(strings.NewReader(`{"odata.error":{"code":"` + person + `","message":` + string(text) + `}}`))
				return r
			}
		},
	} {
		w.set(change)
		for _, err := range []error{
			s.Insert(t.Context(), row), s.Replace(t.Context(), row, in(acsauth.Active, row), nil), s.Remove(t.Context(), row, &line), s.PutLine(t.Context(), line),
			s.DropLine(t.Context(), line.User, line.Attempt), s.Ping(t.Context()),
		} {
			if err == nil {
				continue
			}
			for _, secret := range []string{person, "login.example", o.AccountKey, "SharedKey", "PartitionKey", o.Endpoint} {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
					t.Errorf("%s: the error shows %q: %s", name, secret, text)
				}
			}
		}
	}
}
