package tables

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// noCredential gives no token.
type noCredential struct{}

func (noCredential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("no token today")
}

// wantRefused fails unless Open fails with all of these words in its error, and without the key.
func wantRefused(t *testing.T, o Options, words ...string) {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err == nil {
		_ = s.Close()
		t.Errorf("it was opened; want an error with %q", words)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error is %q, want %q in it", err, word)
		}
	}
	if o.AccountKey != "" && strings.Contains(err.Error(), o.AccountKey) {
		t.Errorf("the error shows the key: %q", err)
	}
}

// TestRefusedOptions: nothing is sent for options that cannot be right.
func TestRefusedOptions(t *testing.T) {
	t.Parallel()
	sent := 0
	for _, c := range []struct {
		change func(o *Options)
		want   string
	}{
		{func(o *Options) { o.AllowHTTP = false }, "http"},
		{func(o *Options) { o.Endpoint = "http://example.test/devstoreaccount1" }, "loopback"},
		{func(o *Options) { o.Endpoint = "http://127.0.0.1.example.test/x" }, "loopback"},
		{func(o *Options) { o.Endpoint = "ftp://127.0.0.1/x" }, "ftp"},
		{func(o *Options) { o.Endpoint = "" }, "not a URL"},
		{func(o *Options) { o.Endpoint = "example.table.core.windows.net" }, "not a URL"},
		{func(o *Options) { o.Endpoint = "https://x.table.core.windows.net/?sv=2019&sig=SECRET" }, "shared access signatures"},
		{func(o *Options) { o.Endpoint = "https://user:SECRET@x.table.core.windows.net" }, "user"},
		{func(o *Options) { o.Endpoint = "https://x-secondary.table.core.windows.net" }, "primary"},
		{func(o *Options) { o.Endpoint += "-secondary/" }, "primary"},
		{func(o *Options) { o.AccountKey = "" }, "neither"},
		{func(o *Options) { o.AccountName = "" }, "account name"},
		{func(o *Options) { o.AccountKey = "SECRET no base64!" }, "base64"},
		{func(o *Options) { o.Credential = noCredential{} }, "both"},
		{func(o *Options) { o.AccountKey, o.Credential = "", noCredential{} }, "https"},
		{func(o *Options) { o.Table = "a" }, "table name"},
		{func(o *Options) { o.Table = "1abc" }, "table name"},
		{func(o *Options) { o.Table = "a-b-c" }, "table name"},
		{func(o *Options) { o.Table = "Tables" }, "table name"},
		{func(o *Options) { o.Table = strings.Repeat("a", 64) }, "table name"},
	} {
		o := newTable()
		w := newWire(t, &o)
		w.hold = func(int, string, *http.Request) { sent++ }
		c.change(&o)
		wantRefused(t, o, c.want)
		if _, err := Open(t.Context(), o); err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("the error shows a secret: %q", err)
		}
	}
	if sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

// TestRefusedByTheService: what a wrong set-up looks like.
func TestRefusedByTheService(t *testing.T) {
	t.Parallel()
	o := newTable()
	o.AccountKey = "d3Jvbmcga2V5IHdyb25nIGtleSB3cm9uZyBrZXk="
	wantRefused(t, o, "name and key are not accepted", "403")
	o = newTable()
	o.Endpoint, o.AllowHTTP = "https://no-such-account.invalid", false
	wantRefused(t, o, "cannot be reached", "endpoint")
	o.AccountKey, o.Credential = "", noCredential{}
	wantRefused(t, o, "no token today")
	for _, c := range []struct {
		what, code string
		status     int
		want       string
	}{
		{"POST table", "AuthorizationPermissionMismatch", 403, "may not create it"},
		{"POST table", "TableBeingDeleted", 409, "being deleted"},
		{"GET meta", "AuthorizationFailure", 403, "firewall"},
		{"GET meta", "AuthenticationFailed", 403, "clock of this machine"},
		{"GET meta", "KeyBasedAuthenticationNotPermitted", 403, "use a credential"},
		{"POST meta", "AuthorizationPermissionMismatch", 403, "403 AuthorizationPermissionMismatch"},
		{"GET meta", "ServerBusy", 503, "503 ServerBusy"},
	} {
		o := newTable()
		w := newWire(t, &o)
		w.reply = func(_ int, is string) *http.Response {
			if is == c.what {
				return answer(c.status, c.code)
			}
			return nil
		}
		wantRefused(t, o, c.want, o.Table)
	}
}

// TestRedirect: the service never redirects, and a signature is for one address.
func TestRedirect(t *testing.T) {
	t.Parallel()
	var followed atomic.Bool
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer first.Close()
	o := newTable()
	o.Endpoint = first.URL + "/" + o.AccountName
	wantRefused(t, o, "307")
	if followed.Load() {
		t.Error("the redirection was followed")
	}
}

// TestForeignTable: a table of another program, or of a later version, is left as it is.
func TestForeignTable(t *testing.T) {
	t.Parallel()
	for name, properties := range map[string]map[string]any{
		"no mark":       nil,
		"newer version": {"Version": 2, "Database": strings.Repeat("x", databaseLen)},
		"odd mark":      {"Version": "1", "Database": strings.Repeat("x", databaseLen)},
		"no id":         {"Version": schemaVersion},
	} {
		o := newTable()
		s, err := newStore(o)
		must(t, err)
		must(t, s.createTable(t.Context(), o))
		partition := metaPartition
		if properties == nil {
			partition = "customers"
		}
		content, err := entity(partition, schemaRow, properties)
		must(t, err)
		_, err = s.add(t.Context(), content)
		must(t, err)
		wantRefused(t, o, "cannot be used")
		if e, err := s.get(t.Context(), partition, schemaRow); err != nil || len(e.Properties) != len(properties) {
			t.Errorf("%s: the entity was changed: %v, %v", name, e.Properties, err)
		}
		must(t, s.Close())
	}
}

// TestTableGone: without its table, a store finds nobody absent.
func TestTableGone(t *testing.T) {
	t.Parallel()
	o := newTable()
	s := open(t, o)
	row := pendingRow("alice")
	must(t, s.Insert(t.Context(), row))
	_, err := s.client.Delete(t.Context(), nil)
	must(t, err)
	if _, err := s.Get(t.Context(), row.Key); err == nil || errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	for name, err := range map[string]error{"Replace": s.Replace(t.Context(), row, activeRow("alice"), nil), "Remove": s.Remove(t.Context(), row, nil),
		"DropLine": s.DropLine(t.Context(), row.Key.Hash(), row.Attempt), "Ping": s.Ping(t.Context())} {
		if err == nil || errors.Is(err, acsauth.ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	open(t, o) // another replica makes it anew
	if err := s.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "replaced") {
		t.Errorf("Ping with another table: %v", err)
	}
}

// TestOddEntities: what another program has spoilt is an error where it is asked
// for, is told in the log, and does not hide the rest.
func TestOddEntities(t *testing.T) {
	t.Parallel()
	o := newTable()
	var log bytes.Buffer
	o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	s := open(t, o)
	spoilt, good := overdue(pendingRow("spoilt")), overdue(pendingRow("good"))
	must(t, s.Insert(t.Context(), spoilt))
	must(t, s.Insert(t.Context(), good))
	must(t, s.PutLine(t.Context(), suspectOf(spoilt)))
	e, err := s.get(t.Context(), spoilt.Key.Hash(), mappingRow)
	must(t, err)
	for name, change := range map[string]func(properties map[string]any){
		"state":   func(properties map[string]any) { properties["State"] = int32(1) },
		"lease":   func(properties map[string]any) { delete(properties, "Lease") },
		"subject": func(properties map[string]any) { properties["Subject"] = aztables.EDMBinary("another") },
	} {
		properties := maps.Clone(e.Properties)
		change(properties)
		content, err := entity(spoilt.Key.Hash(), mappingRow, properties)
		must(t, err)
		_, err = s.put(t.Context(), content)
		must(t, err)
		_, getErr := s.Get(t.Context(), spoilt.Key)
		_, _, listErr := s.List(t.Context(), "", 10)
		for verb, err := range map[string]error{"Get": getErr, "List": listErr, "Replace": s.Replace(t.Context(), spoilt, spoilt, nil)} {
			if !errors.Is(err, errUnreadable) {
				t.Errorf("%s: %s returns %v", name, verb, err)
			}
		}
		rows, err := s.Unfinished(t.Context(), acsauth.Pending, 0, 10)
		lines, linesErr := s.Lines(t.Context(), acsauth.Suspect, 10)
		if err != nil || linesErr != nil || len(rows) != 1 || !rows[0].Fenced(good) || len(lines) != 1 {
			t.Errorf("%s: %d rows, %v; %d lines, %v", name, len(rows), err, len(lines), linesErr)
		}
	}
	if !strings.Contains(log.String(), "passes over") || strings.Contains(log.String(), spoilt.Key.Issuer) {
		t.Errorf("the log says %q", log.String())
	}
}

// TestOpenAtOnce: many replicas may start on an account without a table.
func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	o := newTable()
	var wg sync.WaitGroup
	var mu sync.Mutex
	ids := map[string]bool{}
	for range 8 {
		wg.Go(func() {
			s, err := Open(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			ids[s.database] = true
			mu.Unlock()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 {
		t.Errorf("%d marks were written", len(ids))
	}
}

// TestCloseEndsCalls: a call that hangs does not keep Close for ever.
func TestCloseEndsCalls(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	entered := make(chan struct{})
	w.set(func(w *wire) {
		w.hold = func(_ int, _ string, req *http.Request) {
			close(entered)
			<-req.Context().Done()
		}
	})
	wait := background(func() error { _, err := s.Get(t.Context(), pendingRow("alice").Key); return err })
	<-entered
	start := time.Now()
	must(t, s.Close())
	if took := time.Since(start); took > 4*closeLimit {
		t.Errorf("Close took %v", took)
	}
	if err := wait(); err == nil || errors.Is(err, acsauth.ErrNotFound) {
		t.Errorf("the call returned %v", err)
	}
	must(t, s.Close())
}

// TestBounds: what the service would not give back as it was is refused before it is sent.
func TestBounds(t *testing.T) {
	t.Parallel()
	o := newTable()
	w := newWire(t, &o)
	s := open(t, o)
	row, line := pendingRow("alice"), suspectOf(pendingRow("alice"))
	bad := func(change func(m *acsauth.Mapping)) error {
		m := row
		change(&m)
		return errors.Join(s.Insert(t.Context(), m), nil)
	}
	badLine := func(change func(l *acsauth.JournalLine)) error {
		l := line
		change(&l)
		return s.PutLine(t.Context(), l)
	}
	long := strings.Repeat("x", acsauth.MaxTextLen+1)
	calls := map[string]func() error{
		"issuer":  func() error { return bad(func(m *acsauth.Mapping) { m.Key.Issuer = long }) },
		"subject": func() error { return bad(func(m *acsauth.Mapping) { m.Key.Subject = long }) },
		"attempt": func() error { return bad(func(m *acsauth.Mapping) { m.Attempt = long[:acsauth.MaxAttemptLen+1] }) },
		"no text": func() error { return bad(func(m *acsauth.Mapping) { m.Attempt = "\xff" }) },
		"control": func() error { return bad(func(m *acsauth.Mapping) { m.Identity = "a\x00" }) },
		"identity": func() error {
			return bad(func(m *acsauth.Mapping) { m.Identity = acsauth.Identity(long[:acsauth.MaxIdentityLen+1]) })
		},
		"resource":   func() error { return bad(func(m *acsauth.Mapping) { m.Resource = long[:acsauth.MaxResourceLen+1] }) },
		"user":       func() error { return badLine(func(l *acsauth.JournalLine) { l.User = "alice" }) },
		"user upper": func() error { return badLine(func(l *acsauth.JournalLine) { l.User = strings.ToUpper(l.User) }) },
		"request id": func() error { return badLine(func(l *acsauth.JournalLine) { l.RequestID = long }) },
		"lock":       func() error { _, err := s.Lock(t.Context(), long, "x", time.Hour); return err },
		"holder":     func() error { _, err := s.Lock(t.Context(), "x", long, time.Hour); return err },
		"line of another user": func() error {
			other := suspectOf(pendingRow("bob"))
			return s.Replace(t.Context(), row, row, &other)
		},
		"another key": func() error { return s.Replace(t.Context(), row, pendingRow("bob"), nil) },
		"state":       func() error { _, err := s.Unfinished(t.Context(), acsauth.Active, 0, 1); return err },
	}
	sent := w.during(s, func() {
		for name, call := range calls {
			if err := call(); err == nil || errors.Is(err, acsauth.ErrConflict) || strings.Contains(fmt.Sprint(err), "xxxxxxxxxx") {
				t.Errorf("%s: %.200v", name, err)
			}
		}
		must(t, s.DropLine(t.Context(), "alice", "a")) // there cannot be such a line
	})
	if len(sent) != 0 {
		t.Errorf("requests were sent: %q", sent)
	}
}
