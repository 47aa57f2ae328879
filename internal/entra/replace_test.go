package entra

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// TestReplaceSecret: the next request uses the new secret, kept tokens stay, and a bad secret changes nothing.
func TestReplaceSecret(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) {
		mu.Lock()
		seen = append(seen, form.Get("client_secret"))
		mu.Unlock()
		give(w, "t", 3600)
	})
	c := a.client(t, nil)
	ask := func(scope string) {
		t.Helper()
		_, err := c.ForApp(t.Context(), tenant, scope)
		must(t, err)
	}
	ask("a")
	must(t, c.ReplaceSecret("second"))
	ask("a")
	ask("b")
	for _, bad := range []string{"", strings.Repeat("x", maxSecret+1)} {
		if c.ReplaceSecret(bad) == nil {
			t.Errorf("a secret of %d bytes is taken", len(bad))
		}
	}
	ask("c")
	if got := strings.Join(seen, " "); got != "secret second second" {
		t.Errorf("sent %q", got)
	}
}

// TestReplaceCertificate: from one certificate to another, and from a secret to a certificate.
func TestReplaceCertificate(t *testing.T) {
	var seen []url.Values
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) { seen = append(seen, form); give(w, "t", 3600) })
	first, _, _ := newCertificate(t, 2048)
	second, _, _ := newCertificate(t, 2048)
	c := a.client(t, nil)
	for n, text := range [][]byte{first, second} {
		must(t, c.ReplaceCertificate(text))
		_, err := c.ForApp(t.Context(), tenant, fmt.Sprint("scope", n))
		must(t, err)
	}
	for _, bad := range []string{"", "x"} {
		if c.ReplaceCertificate([]byte(bad)) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	_, err := c.ForApp(t.Context(), tenant, "last")
	must(t, err)
	if len(seen) != 3 || seen[0].Has("client_secret") || seen[0].Get("client_assertion") == seen[1].Get("client_assertion") ||
		seen[1].Get("client_assertion") != seen[2].Get("client_assertion") {
		t.Errorf("%d requests, or the wrong proofs", len(seen))
	}
}

// TestReplaceAtOnce: replacing while requests are under way mixes nothing up (for the race detector, too).
func TestReplaceAtOnce(t *testing.T) {
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) {
		if s := form.Get("client_secret"); s != "one" && s != "two" && s != "secret" {
			t.Errorf("sent %q", s)
		}
		give(w, "t", 3600)
	})
	c := a.client(t, nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 50 {
			if err := errors.Join(c.ReplaceSecret("one"), c.ReplaceSecret("two")); err != nil {
				t.Error(err)
			}
		}
	})
	for n := range 4 {
		wg.Go(func() {
			for i := range 25 {
				if _, err := c.ForApp(t.Context(), tenant, fmt.Sprint(n, "-", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestOptionsHideSecrets(t *testing.T) {
	o := Options{AuthorityHost: "https://login.example", Secret: "hunter2-hunter2", Certificate: []byte("hunter2-hunter2")}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("o", "o", o)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb, o)
		fmt.Fprintf(&log, verb, &o)
	}
	if strings.Contains(log.String(), "hunter2") || strings.Contains(log.String(), "68756e74") || !strings.Contains(log.String(), "[redacted]") {
		t.Error(log.String())
	}
}
