package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"testing"
)

const forged = `{"level":"ERROR","msg":"forged"}`

// breakers are texts that end a line, begin a header, draw on a terminal, or look like something else. Sixty of them.
func breakers() []string {
	list := []string{
		"\r", "\n", "\r\n", "\n\n", "\r\n\r\n", "a\rb", "a\nb", "a\r\nSet-Cookie: x=y", "a\nSet-Cookie: x=y", "\r\nX-Forged: 1\r\n\r\nbody", "\n" + forged, "a\n" + forged + "\n", "\x00", "a\x00b", "\x0b", "\x0c", "\x08\x08\x08", "\x7f", "\t", "\x1f",
		"\x1b[2J", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b[1A\x1b[2K", "\x9b2J", "\x1b(0", "\x07", "\x90",
		"\u0085", "\u2028", "\u2029", "a\u2028b", "\u202egnp.exe", "\u200b", "\ufeff", "\u2066x\u2069", "\u00a0", "\u0301", "e\u0301", "\U0001f600", "\U000e0041", "\ufffd", "\uff1a", "\u010d\u010a", "嘊嘍",
		"%0d%0aSet-Cookie:x=y", "%0a", "%0D", "%00", "%E2%80%A8", "%u000d", "\\r\\n", "\\u000a", "&#10;", "=?utf-8?q?=0A?=", "\xc0\x8a", "\xe5\x98\x8a\xe5\x98\x8d", "\xff", "\xed\xa0\x80", "\"}\n" + forged,
	}
	return list
}

// A line is one line of the log.
type logLine struct {
	Level, Msg, Route, Code string
	ID                      string `json:"request_id"`
	Status                  int
}

// K-03: whatever ends lines elsewhere, in a header, the path, the query or the body: one answer comes back, with the
// header fields of a plain one, and one line of the log, which is JSON without any control character.
func TestNothingBreaksLines(t *testing.T) {
	s := startTarget(t, map[string]string{"ACSAUTH_ALLOWED_ORIGINS": "https://app.contoso.com", "ACSAUTH_TRUSTED_PROXIES": "loopback", "ACSAUTH_LIMIT_ADDRESS": "off"})
	list := breakers()
	if len(list) != 60 {
		t.Errorf("there are %d texts, want 60", len(list))
	}
	plain, earlier := s.shapes(t)
	token := s.good(s.getToken())
	reached, sent, ids := 0, 0, map[string]bool{}
	for _, text := range list {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		base := s.message(s.getToken(), token)
		post := s.message(s.at("POST", "/getToken"), token)
		messages := map[string]message{
			"query name": base.to("GET", "/getToken?"+url.QueryEscape(text)+"=1"), "query value": base.to("GET", "/getToken?scopes="+url.QueryEscape(text)), "path": base.to("GET", "/getToken/"+url.PathEscape(text)),
			"raw query": base.to("GET", "/getToken?scopes="+text), "raw path": base.to("GET", "/getToken/"+text), "method": base.to("GET"+text, "/getToken"),
			"member": post.sending(`{` + string(quoted) + `:1}`), "scope": post.sending(`{"scopes":[` + string(quoted) + `]}`), "raw body": post.sending(`{"scopes":["` + text + `"]}`), "body alone": post.sending(text + "x"),
		}
		for _, name := range []string{"X-Request-Id", "User-Agent", "Origin", "Referer", "X-Forwarded-For", "Accept", "Authorization", "Content-Type", "teams-user-aad-token", "Host", "Traceparent"} {
			m := base.with(name + ": " + text)
			if name == "Host" || name == "Authorization" {
				m = base.without(name).with(name + ": " + text)
			}
			messages["header "+name] = m
		}
		for place, m := range messages {
			w := &wire{addr: s.addr}
			a, err := w.once(m.String())
			sent++
			if err != nil {
				w.close()
				t.Errorf("%q in %s: %v", text, place, err)
				continue
			}
			for _, one := range append(w.rest(), a) { // what a text ends may be followed by a request of its own
				if id := one.header.Get("X-Request-Id"); id != "" {
					reached++
					ids[id] = true
				}
				s.shaped(t, fmt.Sprintf("%q in %s", text, place), one, plain)
			}
		}
	}
	s.kill()
	lines, written := s.requestLines(t), 0
	for _, l := range lines {
		switch {
		case ids[l.ID]:
			written++
		case !earlier[l.ID] && l.Status != 201: // the one 201 is that of the user who is there from the start
			t.Errorf("a line without an answer: %+v", l)
		}
	}
	if written != reached {
		t.Errorf("%d requests reached the service, and %d lines were written", reached, written)
	}
	for _, l := range lines {
		if l.Level == "ERROR" || l.Status == 0 || strings.ContainsFunc(l.Route, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("line %+v", l)
		}
	}
	s.checkLog(t)
	t.Logf("%d requests, %d of them reached the service", sent, reached)
	if reached < sent/3 {
		t.Error("too few reached the service: the test shows little")
	}
}

// rest reads all answers that still come, and closes the connection.
func (w *wire) rest() (list []answer) {
	defer w.close()
	c, ok := w.conn.(*net.TCPConn)
	if !ok {
		return nil // closed by the server
	}
	_ = c.CloseWrite()
	for {
		a, _, err := readAnswer(w.in, "GET")
		if err != nil {
			return list
		}
		list = append(list, a)
	}
}

// shapes are the header fields of plain answers, and the ids of their requests.
func (s *target) shapes(t *testing.T) (known, earlier map[string]bool) {
	t.Helper()
	known, earlier = map[string]bool{}, map[string]bool{}
	token := s.good(s.getToken())
	for _, m := range []message{
		s.message(s.getToken(), token), s.message(s.getToken()), s.message(s.getToken(), "a.b.c"), s.message(s.getToken(), token).to("GET", "/getToken?x=1"), s.message(s.getToken(), token).to("GET", "/nowhere"), s.message(s.getToken(), token).to("PUT", "/getToken"),
		s.message(s.at("POST", "/getToken"), token).sending("x"), s.message(s.getToken(), token).with("Origin: https://app.contoso.com"), s.message(s.getToken(), token).with("Content-Length: 1").sending("x"),
	} {
		w := &wire{addr: s.addr}
		a, err := w.once(m.String())
		w.close()
		if err != nil {
			t.Fatal(err)
		}
		for name := range a.header {
			known[name] = true
		}
		earlier[a.header.Get("X-Request-Id")] = true
	}
	for _, name := range []string{"Set-Cookie", "X-Forged", "Location"} {
		if known[name] {
			t.Errorf("a plain answer has %s", name)
		}
	}
	return known, earlier
}

// shaped fails unless an answer has known header fields, each once, and visible characters in them.
func (s *target) shaped(t *testing.T, name string, a answer, known map[string]bool) {
	t.Helper()
	for _, field := range slices.Sorted(maps.Keys(a.header)) {
		values := a.header[field]
		if !known[field] || len(values) != 1 || strings.ContainsFunc(values[0], func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s: the answer has %s: %q", name, field, values)
		}
	}
	if strings.ContainsAny(string(a.body), "\x00\x1b\x07\x7f\u2028\u2029\u202e\u0085") || strings.Contains(string(a.body), "forged") && strings.Contains(string(a.body), "\n{") {
		t.Errorf("%s: body %q", name, a.body)
	}
}

// requestLines reads the log. Each line must be JSON, in visible characters.
func (s *target) requestLines(t *testing.T) (list []logLine) {
	t.Helper()
	for line := range strings.Lines(s.log.String()) {
		text := strings.TrimSuffix(line, "\n")
		var l logLine
		if strings.ContainsFunc(text, func(r rune) bool {
			return r < ' ' || r == 0x7f || r >= 0x80 && r <= 0x9f || r == 0x2028 || r == 0x2029 || r == 0x202e
		}) || json.Unmarshal([]byte(text), &l) != nil {
			t.Errorf("log line %q", text)
		}
		if l.Msg == "forged" {
			t.Errorf("a forged line: %q", text)
		}
		if l.Msg == "request" {
			list = append(list, l)
		}
	}
	return list
}
