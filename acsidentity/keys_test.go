package acsidentity

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/acs-solutions/acsauth"
)

const denied = `{"error":{"code":"Denied","message":"Denied by the resource provider."}}`

func keyNamed(name string) string {
	return base64.StdEncoding.EncodeToString([]byte("key named " + name))
}

// A keyed service knows two keys, as ACS does, and verifies each signature by itself.
type keyed struct {
	*httptest.Server
	keys    [2]atomic.Pointer[string] // base64
	refused atomic.Int64
	created atomic.Int64
}

func newKeyed(t testing.TB, first, second string) *keyed {
	s := &keyed{}
	s.keys[0].Store(&first)
	s.keys[1].Store(&second)
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *keyed) regenerate(at int, key string) { s.keys[at].Store(&key) }

func (s *keyed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.signed(r) {
		s.refused.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, denied)
		return
	}
	if strings.HasSuffix(r.URL.Path, ":issueAccessToken") {
		_, _ = io.WriteString(w, tokenBody)
		return
	}
	s.created.Add(1)
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, createdBody)
}

func (s *keyed) signed(r *http.Request) bool {
	_, sent, _ := strings.Cut(r.Header.Get("Authorization"), "&Signature=")
	text := r.Method + "\n" + r.RequestURI + "\n" + r.Header.Get("X-Ms-Date") + ";" + r.Host + ";" + r.Header.Get("X-Ms-Content-Sha256")
	for i := range s.keys {
		key, _ := base64.StdEncoding.DecodeString(*s.keys[i].Load())
		if sent == signature(key, text) {
			return true
		}
	}
	return false
}

func pairClient(t testing.TB, endpoint, first, second string, o *ClientOptions) *Client {
	t.Helper()
	key, err := NewKeyPairCredential(first, second)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClientWithKey(endpoint, key, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func chat() []acsauth.Scope { return []acsauth.Scope{acsauth.ScopeChat} }

// TestRotationUnderLoad regenerates key 1 and then key 2 while requests are under way. None fails, and no create is made twice.
func TestRotationUnderLoad(t *testing.T) {
	s := newKeyed(t, keyNamed("1a"), keyNamed("2a"))
	c := pairClient(t, s.URL, keyNamed("1a"), keyNamed("2a"), fast())
	var creates atomic.Int64
	requests := 0
	passed, stop := make(chan error), make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := 0; ; n++ {
				var err error
				if n%3 == 0 {
					_, err = c.CreateIdentity(t.Context(), nil)
					creates.Add(1)
				} else {
					_, err = c.IssueToken(t.Context(), testID, chat(), nil)
				}
				select {
				case passed <- err:
				case <-stop:
					if err != nil {
						t.Errorf("request failed: %v", err)
					}
					return
				}
			}
		})
	}
	more := func() { // many more requests
		for range 200 {
			if err := <-passed; err != nil {
				t.Errorf("request failed: %v", err)
			}
			requests++
		}
	}
	update := func(first, second string) {
		if err := c.Key().UpdatePair(keyNamed(first), keyNamed(second)); err != nil {
			t.Error(err)
		}
	}
	more()
	s.regenerate(0, keyNamed("1b"))
	more()
	update("1b", "2a")
	more()
	s.regenerate(1, keyNamed("2b"))
	more()
	update("1b", "2b")
	more()
	close(stop)
	wg.Wait()
	if s.created.Load() != creates.Load() {
		t.Errorf("%d identities by %d creates", s.created.Load(), creates.Load())
	}
	if n := s.refused.Load(); n == 0 || n > 8 {
		t.Errorf("%d requests were refused before the other key was tried, want 1 to 8: one for each caller at the moment of the change", n)
	}
	t.Logf("%d requests, %d creates, %d refused once", requests, creates.Load(), s.refused.Load())
}

// TestSwitchIsRemembered: one event for a switch, no second try after it, and back when the other key is refused in its turn.
func TestSwitchIsRemembered(t *testing.T) {
	s := newKeyed(t, keyNamed("1b"), keyNamed("2a"))
	var events []KeyEvent
	c := pairClient(t, s.URL, keyNamed("1a"), keyNamed("2a"), fast())
	c.Key().Notify(func(e KeyEvent) { events = append(events, e) })
	issue := func() {
		t.Helper()
		if _, err := c.IssueToken(t.Context(), testID, chat(), nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 {
		issue()
	}
	if s.refused.Load() != 1 || len(events) != 1 || events[0] != (KeyEvent{Refused: 1, Using: 2}) {
		t.Errorf("%d refused, events %v", s.refused.Load(), events)
	}
	s.regenerate(0, keyNamed("1a"))
	s.regenerate(1, keyNamed("2b"))
	for range 5 {
		issue()
	}
	if s.refused.Load() != 2 || len(events) != 2 || events[1] != (KeyEvent{Refused: 2, Using: 1}) {
		t.Errorf("%d refused, events %v", s.refused.Load(), events)
	}
}

// TestBothRefused: the error is Denied, the service is not asked twice each time, and a replaced key helps at once.
func TestBothRefused(t *testing.T) {
	s := newKeyed(t, keyNamed("1b"), keyNamed("2b"))
	var events []KeyEvent
	key, err := NewKeyPairCredential(keyNamed("1a"), keyNamed("2a"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c, err := newKeyClient(s.URL, key, fast(), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	key.Notify(func(e KeyEvent) { events = append(events, e) })
	for range 4 {
		_, err := c.IssueToken(t.Context(), testID, chat(), nil)
		if e := asError(t, err); e.Code != CodeDenied || e.StatusCode != http.StatusUnauthorized {
			t.Fatalf("got %v", err)
		}
	}
	if n := s.refused.Load(); n != 5 || len(events) != 1 || events[0] != (KeyEvent{Refused: 1}) {
		t.Errorf("%d refused calls for 4 requests, want 5; events %v", n, events)
	}
	issue := func() error {
		_, err := c.IssueToken(t.Context(), testID, chat(), nil)
		return err
	}
	s.regenerate(1, keyNamed("2a"))
	if issue() == nil {
		t.Error("the pause is not kept")
	}
	now = now.Add(bothRefusedPause)
	if err := issue(); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	s.regenerate(1, keyNamed("2b"))
	if issue() == nil {
		t.Fatal("both keys are wrong again")
	}
	if err := c.Key().UpdatePair(keyNamed("1b"), keyNamed("2a")); err != nil {
		t.Fatal(err)
	}
	if err := issue(); err != nil {
		t.Errorf("a replaced key is held up by the pause: %v", err)
	}
}

// TestOtherKeyIsTriedForDeniedOnly: any other answer, and Denied while the clocks are apart, stands as it is.
// A create above all goes out once.
func TestOtherKeyIsTriedForDeniedOnly(t *testing.T) {
	late := time.Now().Add(10 * time.Minute).UTC().Format(http.TimeFormat)
	for name, c := range map[string]struct {
		first transportFunc
		tries int
		sent  bool
	}{
		"denied":              {always(401, denied), 2, true},
		"denied by header":    {always(401, "", "X-Ms-Error-Code", "Denied"), 2, true},
		"not owned":           {always(401, `{"error":{"code":"IdentityNotOwned"}}`), 1, true},
		"bare 401":            {always(401, ""), 1, true},
		"a proxy's 401":       {always(401, "<h1>Denied</h1>", "X-Ms-Error-Code", "Denied"), 1, true},
		"clock skew":          {always(401, denied, "Date", late), 1, true},
		"forbidden":           {always(403, denied), 1, true},
		"server error":        {always(500, denied), 1, true},
		"made, badly told":    {always(201, denied), 1, true},
		"redirect":            {always(307, denied), 1, true},
		"connection is reset": {func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(c.first, always(401, denied))
			client := pairClient(t, testHost, keyNamed("1"), keyNamed("2"), with(p))
			_, err := client.CreateIdentity(t.Context(), nil)
			if e := asError(t, err); p.tries != c.tries || e.Sent != c.sent {
				t.Errorf("%d tries, want %d; %v", p.tries, c.tries, err)
			}
		})
	}
}

// TestSecondTryDecides: what became of a create is what the second try tells.
func TestSecondTryDecides(t *testing.T) {
	lost := transportFunc(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF })
	create := func(second transportFunc) (*script, *Client, CreateIdentityResponse, error) {
		p := play(always(401, denied), second, always(201, createdBody))
		c := pairClient(t, testHost, keyNamed("1"), keyNamed("2"), with(p))
		out, err := c.CreateIdentity(t.Context(), &CreateIdentityOptions{Scopes: chat()})
		return p, c, out, err
	}
	if p, _, out, err := create(always(201, createdBody)); err != nil || out.Identity != testID || p.tries != 2 {
		t.Errorf("%v %v after %d tries", out.Identity, err, p.tries)
	}
	p, _, _, err := create(lost)
	if e := asError(t, err); p.tries != 2 || e.StatusCode != 0 || !e.Sent {
		t.Errorf("a lost second try: %v after %d tries; want it unknown, and no third", err, p.tries)
	}
	p, c, _, err := create(always(503, ""))
	if e := asError(t, err); p.tries != 2 || e.StatusCode != 503 {
		t.Errorf("a broken second answer: %v after %d tries", err, p.tries)
	}
	if string(c.Key().get()) != "key named 1" {
		t.Error("a 503 proves nothing about the key, and yet it was kept")
	}
}

// TestGreedyPolicy: a policy of the caller's that repeats by itself gets one extra try of a create at the most.
func TestGreedyPolicy(t *testing.T) {
	p := play(always(401, denied), always(500, ""), always(201, createdBody))
	o := with(p)
	o.PerRetryPolicies = []policy.Policy{policyFunc(func(req *policy.Request) (*http.Response, error) {
		var resp *http.Response
		var err error
		for range 3 {
			resp, err = req.Next()
		}
		return resp, err
	})}
	c := pairClient(t, testHost, keyNamed("1"), keyNamed("2"), o)
	_, err := c.CreateIdentity(t.Context(), nil)
	if e := asError(t, err); p.tries != 2 || e.StatusCode != 500 {
		t.Errorf("%d tries, %v", p.tries, err)
	}
}

func TestKeyPairs(t *testing.T) {
	for name, pair := range map[string][2]string{
		"same": {keyNamed("1"), keyNamed("1")}, "bad first": {"%", keyNamed("1")}, "bad second": {keyNamed("1"), "%"}, "empty": {"", ""},
	} {
		if _, err := NewKeyPairCredential(pair[0], pair[1]); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	k, err := NewKeyPairCredential(keyNamed("1"), keyNamed("2"))
	if err != nil {
		t.Fatal(err)
	}
	if k.UpdatePair(keyNamed("3"), "%") == nil || k.Update("") == nil || string(k.get()) != "key named 1" {
		t.Error("a wrong key has replaced a good one")
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%t"} {
		if got := fmt.Sprintf(verb, k); got != "KeyCredential([redacted])" {
			t.Errorf("%s: %s", verb, got)
		}
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", k, "in", struct{ k *KeyCredential }{k})
	if strings.Contains(log.String(), "named") || !strings.Contains(log.String(), "[redacted]") {
		t.Error(log.String())
	}
}
