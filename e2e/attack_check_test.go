package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// statusOf is the status that goes with each code of a refusal, written here a second time.
var statusOf = map[string]int{
	"token_missing": 401, "token_malformed": 400, "token_invalid": 401, "token_too_large": 400, "token_key_unknown": 401, "token_signature": 401,
	"token_expired": 401, "token_not_yet_valid": 401, "token_lifetime": 401, "token_issuer": 401, "token_tenant": 401, "token_audience": 401,
	"token_version": 401, "token_subject": 401, "token_is_id_token": 401, "token_for_graph": 401, "token_kind": 401,
	"token_client": 403, "token_guest": 403, "token_app_only": 403, "token_scope": 403, "admin_role": 403,
	"teams_token_missing": 400, "teams_token_invalid": 400, "teams_token_expired": 403, "teams_token_audience": 403, "teams_token_scope": 403,
	"teams_token_client": 403, "teams_token_user": 403, "teams_token_tenant": 403, "teams_token_rejected": 403,
	"request_malformed": 400, "body_invalid": 400, "body_too_large": 413, "media_type_unsupported": 415,
	"route_not_found": 404, "method_not_allowed": 405,
}

// A want is what a bad request must get.
type want struct {
	code   string // "": an answer of the transport, in plain text, with one of the statuses
	status []int  // of the transport
}

func refused(code string) want { return want{code: code} }

// transport is for what is no HTTP/1.1 that reaches the service.
func transport(status ...int) want { return want{status: status} }

const maxHeaderBytes = 32 << 10

// onWire is what a bad token gets that comes in an Authorization field: before
// the token counts what HTTP makes of its characters (RFC 9110 section 5.5, RFC 6750 section 2.1).
func onWire(code, token string) (w want, harmless bool) {
	bare := strings.TrimRight(token, " \t") // blanks at the end of a field are not part of it
	switch {
	case strings.ContainsAny(token, "\n"):
		return want{code: "request_malformed", status: []int{400}}, false // a bare LF, or a line that is no field
	case strings.ContainsFunc(token, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return transport(400), false
	case len(token) > maxHeaderBytes:
		return transport(431), false
	case len(bare) > 16<<10:
		return refused("token_too_large"), false
	case bare == "" || strings.ContainsFunc(bare, notCompact):
		return refused("token_malformed"), false
	}
	return refused(code), bare != token
}

func notCompact(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
}

// fault says what is wrong with the answer to a bad request, or "".
func (w want) fault(a answer, secrets ...string) string {
	switch {
	case a.code == "" && len(w.status) > 0 && slices.Contains(w.status, a.status):
		return leak(a, secrets) // the transport promises nothing else
	case w.code == "" || a.code != w.code || a.status != statusOf[w.code]:
		return fmt.Sprintf("got %s, want %d %s %v", a, statusOf[w.code], w.code, w.status)
	case !a.isProblem():
		return fmt.Sprintf("no problem document: %s", a)
	case a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Request-Id") == "" || a.header.Get("Location") != "":
		return fmt.Sprintf("header %v", a.header)
	case (a.status == 401 || a.code == "token_scope") && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer realm="):
		return fmt.Sprintf("no challenge: %v", a.header)
	}
	return leak(a, secrets)
}

// leak looks for parts of the tokens, and for what only a success may hold.
func leak(a answer, tokens []string) string {
	text := string(a.body) + fmt.Sprint(a.header)
	for _, token := range tokens {
		for part := range strings.SplitSeq(token, ".") {
			if len(part) > 40 && strings.Contains(text, part[20:40]) {
				return "a part of the token is in the answer: " + text
			}
		}
	}
	if strings.Contains(text, "8:acs:") || strings.Contains(text, "example.com\"") || strings.Contains(text, attack.Alice) {
		return "the answer tells too much: " + text
	}
	return ""
}

// passed reports whether a good request got past every check of the caller. A user whose identity another twin
// has just deleted has none, and that is an answer, too.
func passed(a answer) bool {
	return a.status >= 200 && a.status < 300 || slices.Contains([]string{"identity_not_found", "deletion_in_progress", "identity_pending", "identity_lost"}, a.code)
}

// A score counts for one class.
type score struct{ cases, requests, refused, wrong, twins int }

type scores struct {
	mu     sync.Mutex
	of     map[byte]*score
	faults map[byte][]string
}

func newScores() *scores { return &scores{of: map[byte]*score{}, faults: map[byte][]string{}} }

func (s *scores) add(class byte, f func(*score)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[class] == nil {
		s.of[class] = &score{}
	}
	f(s.of[class])
}

// judge notes the answer to a bad request.
func (s *scores) judge(class byte, name string, w want, a answer, err error, tokens ...string) {
	fault := ""
	if err != nil {
		fault = err.Error()
	} else {
		fault = w.fault(a, tokens...)
	}
	s.add(class, func(c *score) {
		c.requests++
		if fault == "" {
			c.refused++
			return
		}
		c.wrong++
		s.faults[class] = append(s.faults[class], name+": "+fault)
	})
}

// twin notes the answer to a good request.
func (s *scores) twin(class byte, name string, a answer, err error) {
	s.add(class, func(c *score) {
		if err == nil && passed(a) {
			c.twins++
			return
		}
		s.faults[class] = append(s.faults[class], fmt.Sprintf("%s: the twin is refused: %s %v", name, a, err))
	})
}

// table prints the result and fails for every wrong answer.
func (s *scores) table(t *testing.T, began time.Time) {
	t.Helper()
	var b strings.Builder
	var sum score
	fmt.Fprintf(&b, "\n%-6s %6s %9s %8s %6s %13s\n", "class", "cases", "requests", "refused", "wrong", "twins passed")
	line := func(name string, c score) {
		fmt.Fprintf(&b, "%-6s %6d %9d %8d %6d %13d\n", name, c.cases, c.requests, c.refused, c.wrong, c.twins)
	}
	for _, class := range slices.Sorted(maps.Keys(s.of)) {
		c := s.of[class]
		line(string(class), *c)
		sum = score{sum.cases + c.cases, sum.requests + c.requests, sum.refused + c.refused, sum.wrong + c.wrong, sum.twins + c.twins}
	}
	line("all", sum)
	t.Logf("%s%.1f s", b.String(), time.Since(began).Seconds())
	const most = 12 // of one class
	for class, faults := range s.faults {
		for _, f := range faults[:min(most, len(faults))] {
			t.Error(f)
		}
		if n := len(faults) - most; n > 0 {
			t.Errorf("class %c: and %d more", class, n)
		}
	}
}

// eachOnWire calls f for every item, from a few goroutines that have a connection each.
func eachOnWire[T any](s *target, items []T, f func(w *wire, i int, item T)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			w := &wire{addr: s.addr}
			defer w.close()
			for i := range next {
				f(w, i, items[i])
			}
		})
	}
	for i := range items {
		next <- i
	}
	close(next)
	wg.Wait()
}

// quiet fails if ACS was asked for anything while f ran.
func (s *target) quiet(t *testing.T, what string, f func()) {
	t.Helper()
	before := s.acs.Load()
	f()
	if n := s.acs.Load() - before; n != 0 {
		t.Errorf("%s: refused requests caused %d requests to ACS", what, n)
	}
}
