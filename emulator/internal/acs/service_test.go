package acs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

const (
	testResource = "2dee53b4-368b-45b4-ab52-8493fb117652"
	testKey      = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA=="
	testKey2     = "c2Vjb25kYXJ5LXNlY29uZGFyeS1zZWNvbmRhcnk="
	testHost     = "contoso.communication.azure.com"
	stable       = "2023-10-01"
)

// clock is a settable time.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// fakeVerify takes JSON claims for a valid token.
func fakeVerify(token string) (emu.Claims, error) {
	var c emu.Claims
	if err := json.Unmarshal([]byte(token), &c); err != nil || c == nil {
		return nil, errors.New("not a token")
	}
	return c, nil
}

type fixture struct {
	*Service
	t     testing.TB
	clock *clock
}

func newFixture(t testing.TB, change func(*Options)) *fixture {
	t.Helper()
	clk := &clock{t: time.Date(2026, 1, 5, 9, 8, 7, 150_151_900, time.UTC)}
	o := Options{
		ResourceID: testResource, Keys: [2]string{testKey, testKey2},
		Verify: fakeVerify, Now: clk.now,
	}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &fixture{Service: s, t: t, clock: clk}
}

// sign signs a request as section "HMAC authentication" of the service's
// documentation says; it shares no code with the check.
func sign(r *http.Request, key, body string, now time.Time) {
	sum := sha256.Sum256([]byte(body))
	hash := base64.StdEncoding.EncodeToString(sum[:])
	date := now.UTC().Format(http.TimeFormat)
	secret, _ := base64.StdEncoding.DecodeString(key)
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(strings.Join([]string{r.Method, r.RequestURI, date + ";" + r.Host + ";" + hash}, "\n")))
	r.Header.Set("x-ms-date", date)
	r.Header.Set("x-ms-content-sha256", hash)
	r.Header.Set("Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature="+
		base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func (f *fixture) request(method, target, body string) *http.Request {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = testHost
	sign(r, testKey, body, f.clock.now())
	return r
}

func (f *fixture) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// do sends a signed request of the stable api-version.
func (f *fixture) do(method, path, body string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.serve(f.request(method, path+"?api-version="+stable, body))
}

func (f *fixture) preview(method, path, body string) *httptest.ResponseRecorder {
	f.t.Helper()
	return f.serve(f.request(method, path+"?api-version=2025-03-02-preview", body))
}

// read decodes an answer after checking its status.
func read[T any](t testing.TB, w *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var v T
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("body %q: %v", w.Body, err)
	}
	return v
}

func wantRefusal(t testing.TB, w *httptest.ResponseRecorder, status int, code, target string) {
	t.Helper()
	got := read[envelope](t, w, status)
	if got.Error.Code != code || got.Error.Target != target || got.Error.Message == "" {
		t.Errorf("refused with %+v, want code %q target %q", got.Error, code, target)
	}
}

func wantEmpty(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != http.StatusNoContent || w.Body.Len() != 0 || w.Header().Get("Content-Type") != "" {
		t.Errorf("got %d %q %q, want an empty 204", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
}

func (f *fixture) createOne() string {
	f.t.Helper()
	return read[createReply](f.t, f.do("POST", "/identities", ""), 201).Identity.ID
}

func (f *fixture) issueOne(id string) string {
	f.t.Helper()
	return read[accessToken](f.t, f.do("POST", pathOf(id)+"/:issueAccessToken", `{"scopes":["chat"]}`), 200).Token
}

// pathOf writes an id as the vendor's clients do.
func pathOf(id string) string { return "/identities/" + strings.ReplaceAll(id, ":", "%3A") }

func TestNewRefusesBadOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"resource": func(o *Options) { o.ResourceID = "contoso" },
		"key":      func(o *Options) { o.Keys[0] = "not base64!" },
		"no key":   func(o *Options) { o.Keys = [2]string{} },
		"second":   func(o *Options) { o.Keys[1] = "not base64!" },
		"verify":   func(o *Options) { o.Verify = nil },
		"file":     func(o *Options) { o.DataFile = t.TempDir() },
	} {
		o := Options{ResourceID: testResource, Keys: [2]string{testKey, testKey2}, Verify: fakeVerify}
		change(&o)
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		} else if strings.Contains(err.Error(), "not base64!") {
			t.Errorf("%s: the error tells the key: %v", name, err)
		}
	}
}

func TestSecondKeyMayBeEmpty(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Keys[1] = "" })
	f.createOne()
	r := f.request("POST", "/identities?api-version="+stable, "")
	sign(r, "", "", f.clock.now())
	wantRefusal(t, f.serve(r), 401, "Denied", "")
}
