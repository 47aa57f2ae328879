package entra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
)

const (
	tenant     = "11111111-1111-4111-8111-111111111111"
	client     = "22222222-2222-4222-8222-222222222222"
	graphScope = "https://graph.microsoft.com/User.ReadWrite"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newClient(t testing.TB, o Options) *Client {
	t.Helper()
	c, err := New(o)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

// An authority answers token requests as told.
type authority struct {
	*httptest.Server
	calls atomic.Int64
}

func newAuthority(t testing.TB, answer func(n int64, form url.Values, w http.ResponseWriter)) *authority {
	a := &authority{}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/"+tenant+"/oauth2/v2.0/token" || r.ParseForm() != nil {
			t.Errorf("%s %s", r.Method, r.URL.Path)
		}
		answer(a.calls.Add(1), r.PostForm, w)
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) client(t testing.TB, change func(*Options)) *Client {
	o := Options{AuthorityHost: a.URL, Tenants: []string{tenant}, ClientID: client, Secret: "secret", AllowLoopback: true}
	if change != nil {
		change(&o)
	}
	return newClient(t, o)
}

func give(w http.ResponseWriter, token string, seconds any) {
	text, _ := json.Marshal(map[string]any{"token_type": "Bearer", "access_token": token, "expires_in": seconds})
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

func key(n int) acsauth.UserKey {
	return acsauth.UserKey{Issuer: "issuer", Subject: fmt.Sprint("user", n)}
}

// OnBehalfOf and ForApp against the emulated Entra ID, which reads the protocol by itself.
func TestAgainstEmulator(t *testing.T) {
	e := emulator.Start(t, emulator.Options{})
	options := Options{AuthorityHost: e.URL(), Tenants: []string{emulator.TenantID}, ClientID: emulator.APIClientID, Secret: emulator.APIClientSecret, AllowLoopback: true}
	c := newClient(t, options)
	mint := func(r emulator.TokenRequest) string {
		token, err := e.MintToken(r)
		must(t, err)
		return token
	}
	alice := acsauth.UserKey{Issuer: e.Issuer(), Subject: emulator.AliceObjectID}
	obo := func(c *Client, assertion string) (Token, error) {
		return c.OnBehalfOf(t.Context(), emulator.TenantID, alice, assertion, []string{graphScope})
	}
	assertion := mint(emulator.TokenRequest{})
	token, err := obo(c, assertion)
	must(t, err)
	again, err := obo(c, assertion)
	must(t, err)
	if token != again || len(strings.Split(token.Value, ".")) != 3 {
		t.Error("the token is not kept")
	}
	if other, err := obo(c, mint(emulator.TokenRequest{})); err != nil || other.Value == token.Value {
		t.Errorf("a new token of the user gets the old answer: %v", err)
	}
	c.Forget(token)
	if other, err := obo(c, assertion); err != nil || other.Value == token.Value {
		t.Errorf("a forgotten token comes back: %v", err)
	}
	_, err = c.ForApp(t.Context(), emulator.TenantID, "https://graph.microsoft.com/.default")
	must(t, err)
	for name, tc := range map[string]struct {
		request emulator.TokenRequest
		kind    acsauth.Kind
		code    string
	}{
		"expired":   {emulator.TokenRequest{Flaw: emulator.FlawExpired}, acsauth.Unauthenticated, codeAssertion},
		"signature": {emulator.TokenRequest{Flaw: emulator.FlawSignature}, acsauth.Unauthenticated, codeAssertion},
		"audience":  {emulator.TokenRequest{Flaw: emulator.FlawAudience}, acsauth.Rejected, codeClient},
		"program":   {emulator.TokenRequest{AppOnly: true}, acsauth.Forbidden, codeUser},
	} {
		_, err := obo(c, mint(tc.request))
		wantCode(t, name, err, tc.kind, tc.code)
	}
	e.SetOnBehalfOf(emulator.OnBehalfOfObstacle{ConsentWithdrawn: true})
	_, err = obo(c, mint(emulator.TokenRequest{}))
	wantCode(t, "consent", err, acsauth.StepUp, codeConsent)
	e.SetOnBehalfOf(emulator.OnBehalfOfObstacle{Claims: ` {"access_token": {"acrs": {"essential": true, "value": "c1"}}} `})
	_, err = obo(c, mint(emulator.TokenRequest{}))
	if e := wantCode(t, "step up", err, acsauth.StepUp, codeStepUp); e.Claims != `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}` {
		t.Errorf("claims %q", e.Claims)
	}
	e.SetOnBehalfOf(emulator.OnBehalfOfObstacle{})
	options.Secret = "wrong"
	_, err = obo(newClient(t, options), assertion)
	if e := wantCode(t, "secret", err, acsauth.Rejected, codeClient); !strings.Contains(e.Hint, "secret is wrong") {
		t.Errorf("hint %q", e.Hint)
	}
	options.ClientID, options.Secret = emulator.OtherTenantID, "x"
	_, err = obo(newClient(t, options), assertion)
	wantCode(t, "unknown application", err, acsauth.Rejected, codeClient)
	_, err = c.ForApp(t.Context(), emulator.OtherTenantID, "https://graph.microsoft.com/.default")
	wantCode(t, "another tenant", err, acsauth.Rejected, codeClient)
}

func wantCode(t testing.TB, name string, err error, kind acsauth.Kind, code string) *acsauth.Error {
	t.Helper()
	e, ok := errors.AsType[*acsauth.Error](err)
	if !ok || e.Kind != kind || e.Code != code {
		t.Fatalf("%s: got %v, want %s of kind %s", name, err, code, kind)
	}
	return e
}

// TestFormOfRequest: what is sent, to the byte where it matters.
func TestFormOfRequest(t *testing.T) {
	var got url.Values
	a := newAuthority(t, func(_ int64, form url.Values, w http.ResponseWriter) { got = form; give(w, "t", 3600) })
	c := a.client(t, nil)
	_, err := c.OnBehalfOf(t.Context(), tenant, key(1), "assertion", []string{"b", "a"})
	must(t, err)
	want := url.Values{"grant_type": {grantOBO}, "requested_token_use": {"on_behalf_of"}, "assertion": {"assertion"},
		"scope": {"a b"}, "client_id": {client}, "client_secret": {"secret"}}
	if got.Encode() != want.Encode() {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestAnswers: every answer is a token or an error of a kind, and never text of the upstream.
func TestAnswers(t *testing.T) {
	failure := func(code int, oauth, more string) string {
		return fmt.Sprintf(`{"error":%q,"error_codes":[%d],"error_description":"AADSTS%d: SECRET TEXT of alice@contoso.example"%s}`, oauth, code, code, more)
	}
	for name, tc := range map[string]struct {
		status int
		body   string
		header string
		kind   acsauth.Kind
		code   string
	}{
		"MFA":                   {400, failure(50076, "interaction_required", `,"claims":"{}"`), "", acsauth.StepUp, codeStepUp},
		"MFA without claims":    {400, failure(50079, "interaction_required", ""), "", acsauth.StepUp, codeStepUp},
		"policy with claims":    {400, failure(53003, "access_denied", `,"claims":"{\"a\":1}"`), "", acsauth.StepUp, codeStepUp},
		"policy":                {400, failure(53003, "access_denied", ""), "", acsauth.Forbidden, codeUser},
		"disabled":              {400, failure(50057, "invalid_grant", ""), "", acsauth.Forbidden, codeUser},
		"consent":               {400, failure(65001, "invalid_grant", `,"suberror":"consent_required"`), "", acsauth.StepUp, codeConsent},
		"admin consent":         {400, failure(90094, "invalid_grant", ""), "", acsauth.StepUp, codeConsent},
		"expired":               {400, failure(500133, "invalid_grant", ""), "", acsauth.Unauthenticated, codeAssertion},
		"revoked":               {400, failure(50173, "invalid_grant", ""), "", acsauth.Unauthenticated, codeAssertion},
		"unknown grant":         {400, failure(1, "invalid_grant", ""), "", acsauth.Unauthenticated, codeAssertion},
		"audience":              {400, failure(500131, "invalid_grant", ""), "", acsauth.Rejected, codeClient},
		"secret over":           {401, failure(7000222, "invalid_client", ""), "", acsauth.Rejected, codeClient},
		"certificate":           {401, failure(700027, "invalid_client", ""), "", acsauth.Rejected, codeClient},
		"scope":                 {400, failure(70011, "invalid_scope", ""), "", acsauth.Rejected, codeClient},
		"number in the text":    {400, `{"error":"invalid_client","error_description":"AADSTS7000215: SECRET TEXT"}`, "", acsauth.Rejected, codeClient},
		"no JSON":               {400, "SECRET TEXT", "", acsauth.Rejected, codeClient},
		"empty":                 {403, "", "", acsauth.Rejected, codeClient},
		"throttled":             {429, "SECRET TEXT", "7", acsauth.Throttled, codeThrottled},
		"loop":                  {400, failure(50196, "invalid_grant", ""), "", acsauth.Throttled, codeThrottled},
		"passing":               {400, failure(90033, "temporarily_unavailable", ""), "", acsauth.Unavailable, codeUnavailable},
		"down":                  {503, "SECRET TEXT", "3", acsauth.Unavailable, codeUnavailable},
		"redirect":              {302, "", "", acsauth.Unavailable, codeUnavailable},
		"200 without a token":   {200, `{"token_type":"Bearer","expires_in":3600}`, "", acsauth.Unavailable, codeUnavailable},
		"200 line break":        {200, `{"token_type":"Bearer","expires_in":3600,"access_token":"a\r\nb"}`, "", acsauth.Unavailable, codeUnavailable},
		"200 another type":      {200, `{"token_type":"pop","expires_in":3600,"access_token":"a"}`, "", acsauth.Unavailable, codeUnavailable},
		"200 without lifetime":  {200, `{"token_type":"Bearer","access_token":"a"}`, "", acsauth.Unavailable, codeUnavailable},
		"200 negative lifetime": {200, `{"token_type":"Bearer","access_token":"a","expires_in":-1}`, "", acsauth.Unavailable, codeUnavailable},
		"200 no JSON":           {200, "<html>SECRET TEXT", "", acsauth.Unavailable, codeUnavailable},
		"200 too long":          {200, `{"a":"` + strings.Repeat("x", maxAnswer) + `"}`, "", acsauth.Unavailable, codeUnavailable},
	} {
		a := newAuthority(t, func(_ int64, _ url.Values, w http.ResponseWriter) {
			w.Header().Set("Retry-After", tc.header)
			w.Header().Set("Location", "https://evil.example/")
			w.WriteHeader(tc.status)
			_, _ = io.WriteString(w, tc.body)
		})
		_, err := a.client(t, nil).OnBehalfOf(t.Context(), tenant, key(1), "assertion", []string{"s"})
		e := wantCode(t, name, err, tc.kind, tc.code)
		if all := fmt.Sprintf("%v %+v", e, *e); strings.Contains(all, "SECRET") || strings.Contains(all, "alice") || strings.Contains(all, "assertion=") {
			t.Errorf("%s: text of the upstream in %q", name, all)
		}
		if e.Detail == "" || e.Hint == "" {
			t.Errorf("%s: no detail or hint", name)
		}
		if calls := a.calls.Load(); (calls == 2) != (tc.kind == acsauth.Unavailable) {
			t.Errorf("%s: %d requests", name, calls)
		}
		if tc.header == "7" && e.RetryAfter != 7*time.Second {
			t.Errorf("%s: RetryAfter %v", name, e.RetryAfter)
		}
	}
}

// TestHoldsAfter429: while a limit lasts, no more requests are sent.
func TestHoldsAfter429(t *testing.T) {
	a := newAuthority(t, func(_ int64, _ url.Values, w http.ResponseWriter) {
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(429)
	})
	c := a.client(t, nil)
	for n := range 5 {
		_, err := c.OnBehalfOf(t.Context(), tenant, key(n), "assertion", []string{"s"})
		wantCode(t, "held", err, acsauth.Throttled, codeThrottled)
	}
	if n := a.calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestUnreachable: no answer is unavailable, and tells no address.
func TestUnreachable(t *testing.T) {
	a := newAuthority(t, func(int64, url.Values, http.ResponseWriter) { panic(http.ErrAbortHandler) })
	_, err := a.client(t, nil).ForApp(t.Context(), tenant, "s/.default")
	if e := wantCode(t, "dropped", err, acsauth.Unavailable, codeUnavailable); strings.Contains(e.Error(), tenant) {
		t.Errorf("%v", e)
	}
}

// T-37: one cache for many users, with shared requests, cancels and evictions. Each
// answer is made of whom it was asked for, so a mixed-up one shows.
func TestNobodyGetsAnothersToken(t *testing.T) {
	a := newAuthority(t, func(n int64, form url.Values, w http.ResponseWriter) {
		if n%3 == 0 {
			time.Sleep(time.Millisecond) // so that requests meet
		}
		sum := base64.RawURLEncoding.EncodeToString([]byte(form.Get("assertion") + " " + form.Get("scope")))
		give(w, sum, 3600)
	})
	c := a.client(t, func(o *Options) { o.MaxCached = 20 })
	var wg sync.WaitGroup
	var served atomic.Int64
	for worker := range 32 {
		rng := rand.New(rand.NewPCG(uint64(worker), 7))
		wg.Go(func() {
			for range 200 {
				user, version, scope := rng.IntN(15), rng.IntN(2), fmt.Sprint("scope", rng.IntN(2))
				assertion := fmt.Sprint("user", user, "-", version)
				ctx, cancel := context.WithCancel(t.Context())
				if rng.IntN(3) == 0 {
					timer := time.AfterFunc(time.Duration(rng.IntN(2000))*time.Microsecond, cancel)
					defer timer.Stop()
				}
				got, err := c.OnBehalfOf(ctx, tenant, key(user), assertion, []string{scope})
				cancel()
				text, _ := base64.RawURLEncoding.DecodeString(got.Value)
				switch {
				case err == nil && string(text) != assertion+" "+scope:
					t.Errorf("asked for %s %s, got %s", assertion, scope, text)
				case err == nil:
					served.Add(1)
				case !errors.Is(err, context.Canceled):
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if served.Load() < 1000 {
		t.Errorf("only %d calls were served", served.Load())
	}
	t.Logf("%d calls served by %d requests", served.Load(), a.calls.Load())
}

// TestWaitersAreTheirOwn: one request for all, and who gives up leaves the others theirs.
func TestWaitersAreTheirOwn(t *testing.T) {
	release, asked := make(chan struct{}), make(chan struct{}, 1)
	a := newAuthority(t, func(_ int64, _ url.Values, w http.ResponseWriter) {
		asked <- struct{}{}
		<-release
		give(w, "t", 3600)
	})
	c := a.client(t, nil)
	first, cancel := context.WithCancel(t.Context())
	errs := make(chan error, 11)
	ask := func(ctx context.Context) {
		_, err := c.OnBehalfOf(ctx, tenant, key(1), "assertion", []string{"s"})
		errs <- err
	}
	go ask(first)
	<-asked
	for range 10 {
		go ask(t.Context())
	}
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	close(release)
	for range 10 {
		must(t, <-errs)
	}
	if n := a.calls.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

// TestLifetimes: a token is used until its margin, and asked for anew then.
func TestLifetimes(t *testing.T) {
	a := newAuthority(t, func(n int64, _ url.Values, w http.ResponseWriter) { give(w, fmt.Sprint("t", n), "1") })
	c := a.client(t, nil)
	first, err := c.ForApp(t.Context(), tenant, "s")
	must(t, err)
	if left := time.Until(first.Expires); left > 800*time.Millisecond {
		t.Errorf("used for %v of a second", left)
	}
	for first.usable(first.slot, time.Now()) {
		time.Sleep(time.Until(first.Expires))
	}
	second, err := c.ForApp(t.Context(), tenant, "s")
	must(t, err)
	if second.Value == first.Value {
		t.Error("a token that is over is used")
	}
	if m := margin(time.Hour); m != 5*time.Minute {
		t.Errorf("margin %v", m)
	}
	for _, text := range []string{fmt.Sprint(first), fmt.Sprintf("%#v", first), fmt.Sprintf("%+v", []Token{first})} {
		if strings.Contains(text, first.Value) {
			t.Errorf("the token is printed: %s", text)
		}
	}
}

func TestOptions(t *testing.T) {
	good := Options{AuthorityHost: "https://login.microsoftonline.com", Tenants: []string{tenant}, ClientID: client, Secret: "s"}
	newClient(t, good)
	for name, change := range map[string]func(o *Options){
		"http":         func(o *Options) { o.AuthorityHost = "http://login.example"; o.AllowLoopback = true },
		"loopback":     func(o *Options) { o.AuthorityHost = "http://127.0.0.1:1" },
		"path":         func(o *Options) { o.AuthorityHost += "/common" },
		"slash":        func(o *Options) { o.AuthorityHost += "/" },
		"user":         func(o *Options) { o.AuthorityHost = "https://a@login.example" },
		"common":       func(o *Options) { o.Tenants = []string{"common"} },
		"no tenant":    func(o *Options) { o.Tenants = nil },
		"client":       func(o *Options) { o.ClientID = "api" },
		"no proof":     func(o *Options) { o.Secret = "" },
		"two proofs":   func(o *Options) { o.Certificate = []byte("x") },
		"certificate":  func(o *Options) { o.Secret, o.Certificate = "", []byte("x") },
		"cache size":   func(o *Options) { o.MaxCached = -1 },
		"secret's end": func(o *Options) { o.Secret = strings.Repeat("s", maxSecret+1) },
	} {
		o := good
		change(&o)
		if c, err := New(o); err == nil {
			t.Errorf("%s is taken", name)
			must(t, c.Close())
		}
	}
}

// FuzzAnswer: any body is a token that can be sent, or an error of a kind, without a panic.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"token_type":"Bearer","access_token":"a.b.c","expires_in":3599}`, `{"token_type":"bearer","access_token":"a","expires_in":"3599"}`,
		`{"error":"invalid_grant","error_codes":[65001],"suberror":"consent_required","claims":"{\"a\":1}"}`, `{"error_codes":[-1]}`,
		`{"error":"x","error_description":"AADSTS50076: x"}`, `{"expires_in":1e400}`, "[]", "null", "",
	} {
		f.Add(200, seed, "1")
		f.Add(400, seed, "Wed, 21 Oct 2026 07:28:00 GMT")
	}
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		s := slot{tenant: tenant, scopes: "s"}
		if token, err := readToken([]byte(body), s, time.Now()); err == nil {
			if left := time.Until(token.Expires); token.Value == "" || strings.ContainsAny(token.Value, "\r\n ") || left <= 0 || left > maxLifetime {
				t.Fatalf("%q for %v", token.Value, left)
			}
		}
		e := refusal(status, http.Header{"Retry-After": {after}}, []byte(body), time.Now())
		if e.Code == "" || e.Kind == acsauth.Internal || e.Detail == "" || e.RetryAfter < 0 || e.RetryAfter > maxHold {
			t.Fatalf("%+v", *e)
		}
		if e.Claims != "" && !json.Valid([]byte(e.Claims)) {
			t.Fatalf("claims %q", e.Claims)
		}
	})
}
