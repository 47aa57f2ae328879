package doctor

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/internal/config"
	"github.com/acs-solutions/acsauth/internal/store/postgres"
)

// The document has every check of the program, and no other.
func TestDocumentListsTheChecks(t *testing.T) {
	text, err := os.ReadFile("../../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, have []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "| `") || strings.HasPrefix(line, "| `--") {
			continue
		}
		cell, _, _ := strings.Cut(line[2:], "|")
		for _, m := range regexp.MustCompile("`([a-z.-]+)`").FindAllStringSubmatch(cell, -1) {
			documented = append(documented, m[1])
		}
	}
	for _, c := range Checks() {
		have = append(have, c.ID)
	}
	if !slices.Equal(documented, have) {
		t.Errorf("documented: %v\nin the program: %v", documented, have)
	}
}

// Whatever is noted is in the catalogue, and with bare settings every check has a result.
func TestEveryCheckHasAResult(t *testing.T) {
	r := Run(t.Context(), Options{Mode: config.Production, Timeout: time.Second, Canary: true, Token: "no.token.it"})
	seen := map[string]bool{}
	for _, x := range r.Results {
		if x.Name == "" || x.Seen == "" {
			t.Errorf("%s: no name, or nothing seen", x.ID)
		}
		seen[x.ID] = true
	}
	if len(seen) != len(Checks()) || r.Passed || r.Faults == 0 {
		t.Errorf("%d of %d checks, %d faults", len(seen), len(Checks()), r.Faults)
	}
	var out strings.Builder
	if err := r.WriteText(&out); err != nil || !strings.Contains(out.String(), "ACSAUTH_TENANT_IDS") || !strings.HasSuffix(out.String(), " s\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// Each reason for no answer is told apart, since each has another remedy.
func TestUnreached(t *testing.T) {
	seen := map[string]bool{}
	for want, err := range map[string]error{
		"does not exist in DNS": &net.DNSError{Name: "a.example", IsNotFound: true},
		"DNS server gives no":   &net.DNSError{Name: "a.example", IsTimeout: true},
		"refused":               &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"no route":              &net.OpError{Op: "dial", Err: syscall.ENETUNREACH},
		"in time":               context.DeadlineExceeded,
		"cut":                   &net.OpError{Op: "read", Err: syscall.ECONNRESET},
		"another name":          x509.HostnameError{Host: "a.example", Certificate: &x509.Certificate{}},
		"does not know":         x509.UnknownAuthorityError{},
		"expired":               x509.CertificateInvalidError{Reason: x509.Expired},
		"strange":               errors.New("strange"),
	} {
		text, what := unreached(&url.Error{Op: "Get", URL: "https://a.example/?secret", Err: fmt.Errorf("wrapped: %w", err)}, "ACSAUTH_X")
		if !strings.Contains(text, want) || what.change == "" || what.where == "" || strings.Contains(text, "secret") || seen[text] {
			t.Errorf("%v: %q, %+v", err, text, what)
		}
		seen[text] = true
	}
}

// A proxy for other programs is mentioned, and its address, which may hold a password, is not.
func TestUnreachedTellsOfAProxy(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://user:password@proxy:3128")
	if text, _ := unreached(syscall.ECONNREFUSED, "X"); !strings.Contains(text, "HTTPS_PROXY is set, but the service uses no proxy") || strings.Contains(text, "password") {
		t.Error(text)
	}
}

func TestRolesOf(t *testing.T) {
	token := func(claims string) string { return "h." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".s" }
	if roles, ok := rolesOf(token(`{"roles":["User.ReadWrite.All"]}`)); !ok || !slices.Equal(roles, []string{"User.ReadWrite.All"}) {
		t.Error(roles, ok)
	}
	if roles, ok := rolesOf(token(`{}`)); !ok || len(roles) != 0 {
		t.Error(roles, ok)
	}
	for _, bad := range []string{"", "a.b", "a.b.c", token("[]")} {
		if _, ok := rolesOf(bad); ok {
			t.Errorf("%q is read", bad)
		}
	}
}

// A token of the application without the role is named as such, without a call of Graph.
func TestPermissionWithoutTheRole(t *testing.T) {
	graph := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("Graph was asked") }))
	defer graph.Close()
	e := &exam{Options: Options{Timeout: time.Second}, cfg: &config.Config{GraphURL: graph.URL}, http: newHTTP()}
	e.permission(t.Context(), "tenant", "h."+base64.RawURLEncoding.EncodeToString([]byte(`{"roles":["User.Read.All"]}`))+".s")
	if r := e.report(0).with(Fault); len(r) != 1 || r[0].ID != "app.permission" || !strings.Contains(r[0].Change, "User.ReadWrite.All") {
		t.Errorf("%+v", r)
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine(" a\n\tb\x1b[31m " + strings.Repeat("ä", maxLine)); strings.ContainsAny(got, "\n\x1b") || len(got) > maxLine+3 || !strings.HasPrefix(got, "a b?[31m") {
		t.Errorf("%q", got)
	}
}

// What was seen of a database, and the verdict on it. A migration that is due is left to the service.
func TestDatabaseFacts(t *testing.T) {
	good := postgres.Facts{Schema: 2, Program: 2, Local: true, MaxConnections: 100, Pool: 11}
	for name, c := range map[string]struct {
		change        func(*postgres.Facts)
		id, verdict   string // "": nothing is wrong
		says          string
		opensAfterAll bool
	}{
		"good":              {func(*postgres.Facts) {}, "", "", "", true},
		"migration due":     {func(f *postgres.Facts) { f.Schema = 1 }, "store.schema", Warning, "a migration is pending", false},
		"newer, and usable": {func(f *postgres.Facts) { f.Schema = 3 }, "", "", "", true},
		"newer":             {func(f *postgres.Facts) { f.Schema, f.Refused = 3, errors.New("run a newer acsauth") }, "store.schema", Fault, "newer", false},
		"no tables":         {func(f *postgres.Facts) { f.Schema, f.MayCreate = 0, true }, "", "", "", false},
		"no right to make":  {func(f *postgres.Facts) { f.Schema = 0 }, "store.rights", Fault, "may not make", false},
		"not verified":      {func(f *postgres.Facts) { f.Local, f.TLS = false, true }, "store.tls", Warning, "not verified", true},
		"verified":          {func(f *postgres.Facts) { f.Local, f.TLS, f.Verified = false, true, true }, "", "", "", true},
		"few connections":   {func(f *postgres.Facts) { f.MaxConnections = 10 }, "store.connections", Warning, "need 11", true},
		"not heard":         {func(f *postgres.Facts) { f.Hears = errors.New("no notification came") }, "store.notify", Fault, "pooler", false},
		"its clock":         {func(f *postgres.Facts) { f.Skew = -time.Hour }, "store.clock", Fault, "behind", true},
	} {
		e := &exam{cfg: &config.Config{Replicas: 1}}
		f := good
		c.change(&f)
		opens := e.facts(f)
		r := e.report(0)
		bad := append(r.with(Fault), r.with(Warning)...)
		switch {
		case opens != c.opensAfterAll:
			t.Errorf("%s: opens %v", name, opens)
		case c.id == "" && len(bad) == 0:
		case len(bad) != 1 || bad[0].ID != c.id || bad[0].Verdict != c.verdict || !strings.Contains(bad[0].Seen, c.says) || bad[0].Change == "" || bad[0].Where == "":
			t.Errorf("%s: %+v", name, bad)
		}
	}
}
