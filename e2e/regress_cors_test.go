package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOrigins sends 60 origins, as a preflight and as a simple request (K-08). Exactly the two on the list may read the answer.
func TestOrigins(t *testing.T) {
	allowed := []string{"https://app.contoso.com", "http://localhost:3000"}
	s := startTarget(t, map[string]string{"ACSAUTH_ALLOWED_ORIGINS": strings.Join(allowed, ",")})
	origins := slices.Concat(allowed, []string{"null", "", "*", "https://", "https:", "app.contoso.com", "//app.contoso.com", "https://app.contoso.com/", "https://app.contoso.com/x", "https://app.contoso.com:443", "https://app.contoso.com:8443", "https://app.contoso.com:0", "http://app.contoso.com",
		"HTTPS://app.contoso.com", "https://APP.contoso.com", "https://app.contoso.com.", "https://app.contoso.com.evil.example", "https://evil.example/app.contoso.com", "https://evil.example#app.contoso.com", "https://evil.example?app.contoso.com", "https://app.contoso.com@evil.example", "https://user@app.contoso.com",
		"https://evilapp.contoso.com", "https://evil-app.contoso.com", "https://x.app.contoso.com", "https://contoso.com", "https://app.contoso.co", "https://app.contoso.com2", "https://app-contoso.com", "https://appxcontoso.com", "https://app.contosoXcom", "https://аpp.contoso.com", "https://xn--pp-6kc.contoso.com", "https://app。contoso.com",
		"https://app.contoso.com%00", "https://app.contoso.com%2eevil.example", "https://app.contoso.com\t", "https://app.contoso.com https://app.contoso.com", "https://app.contoso.com,https://evil.example", "https://app.contoso.com, https://app.contoso.com", "file://", "file:///app.contoso.com", "chrome-extension://app.contoso.com", "moz-extension://x", "ftp://app.contoso.com",
		"data:text/html,x", "javascript:alert(1)", "blob:https://app.contoso.com", "about:blank", "http://localhost", "http://localhost:3001", "http://localhost:30000", "https://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000", "http://localhost.evil.example:3000", "http://LOCALHOST:3000", "http://localhost:3000/", "http://localhost:03000", "https://" + strings.Repeat("a", 300) + ".com",
	})
	if len(origins) < 60 {
		t.Errorf("there are %d origins", len(origins))
	}
	for _, origin := range origins {
		may := slices.Contains(allowed, strings.TrimRight(origin, " \t")) // blanks at the end are not part of a field
		for _, preflight := range []bool{true, false} {
			s.origin(t, origin, preflight, may)
		}
	}
	s.origins(t, allowed)
	t.Logf("%d origins, with and without preflight", len(origins))
}

// origin checks one answer.
func (s *target) origin(t *testing.T, origin string, preflight, may bool) {
	t.Helper()
	w := &wire{addr: s.addr}
	defer w.close()
	r := s.getUser()
	m := s.message(r, s.good(r)).with("Origin: " + origin)
	if preflight {
		m = s.message(r).to("OPTIONS", r.path).with("Origin: "+origin, "Access-Control-Request-Method: GET", "Access-Control-Request-Headers: authorization")
	}
	a, err := w.send(m.String())
	if err != nil {
		t.Errorf("%q: %v", origin, err)
		return
	}
	want := ""
	if may {
		want = strings.TrimRight(origin, " \t")
	}
	status := map[bool]map[bool]int{true: {true: 204, false: 405}, false: {true: 200, false: 200}}[preflight][may]
	if !preflight && a.status == 201 {
		a.status = 200 // the first request makes the identity
	}
	h := a.header
	if h.Get("Access-Control-Allow-Origin") != want || !slices.Contains(h.Values("Vary"), "Origin") || h.Get("Access-Control-Allow-Credentials") != "" || a.status != status {
		t.Errorf("%q, preflight %v: status %d, header %v", origin, preflight, a.status, h)
	}
	if preflight && !may && (h.Get("Access-Control-Allow-Methods") != "" || h.Get("Access-Control-Allow-Headers") != "") {
		t.Errorf("%q: the preflight tells methods", origin)
	}
}

// origins sends more than one, which no browser does.
func (s *target) origins(t *testing.T, allowed []string) {
	t.Helper()
	w := &wire{addr: s.addr}
	defer w.close()
	r := s.getUser()
	for i, pair := range [][2]string{{allowed[0], allowed[0]}, {allowed[0], "https://evil.example"}, {"https://evil.example", allowed[0]}} {
		a, err := w.send(s.message(r, s.good(r)).with("Origin: "+pair[0], "Origin: "+pair[1]).String())
		if err != nil || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v, %v", fmt.Sprint("pair ", i), a.header, err)
		}
	}
}
