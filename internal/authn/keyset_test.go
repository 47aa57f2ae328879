package authn_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/internal/authn"
)

// perLoad is the number of requests of one load: two documents for each profile.
const perLoad = 4

// oneTenant is a world whose loads can be counted.
func oneTenant(t *testing.T) (*authority, *authn.Verifier) {
	t.Helper()
	a := plainWorld()
	opt := options(a)
	opt.Issuers[0].TenantIDs = []string{tenantA}
	return a, newVerifier(t, opt)
}

func (a *authority) loads() int { return a.count() / perLoad }

// rotate publishes v2 keys by kid, as indexes of the key ring.
func (a *authority) rotate(keys map[string]int) {
	var list []map[string]any
	for kid, i := range keys {
		list = append(list, v2Key(kid, keyRing()[i]))
	}
	a.publish(tenantA, list, []map[string]any{v1Key("k-v1", keyRing()[1])})
}

// signedBy is a token of the ring's key i under a kid.
func signedBy(kid string, i int) string { return mint(baseV2(), hset("kid", kid), by(keyRing()[i])) }

func expect(t *testing.T, v *authn.Verifier, name, jwt, want string) *acsauth.Error {
	t.Helper()
	_, code, err := outcome(v, jwt)
	if code != want {
		t.Errorf("%s: %q, want %q (%v)", name, code, want, err)
	}
	e, _ := errors.AsType[*acsauth.Error](err)
	return e
}

// status answers every request with a code.
func status(code int) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answer(code, "{}"), nil }
}

// run starts v.Run and returns what ends it.
func run(t *testing.T, v *authn.Verifier) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { v.Run(ctx) })
	return func() { cancel(); wg.Wait() }
}

func TestColdStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		if err := v.Ready(); codeOf(err) != "keys_unavailable" || a.count() != 0 {
			t.Errorf("before the first load: %v, %d requests", err, a.count())
		}
		expect(t, v, "bad token", "a.b.c", "token_invalid")
		expect(t, v, "token of a foreign tenant", mint(baseV2(), set("tid", tenantX), set("iss", publicHost+"/"+tenantX+"/v2.0")), "token_tenant")
		expect(t, v, "token of a foreign issuer", mint(baseV2(), set("iss", "https://evil.example/")), "token_issuer")
		if a.count() != 0 {
			t.Errorf("tokens that cannot be ours caused %d requests", a.count())
		}
		expect(t, v, "first token", mint(baseV2()), "")
		expect(t, v, "second token", mint(baseV1()), "")
		if a.count() != perLoad || v.Ready() != nil {
			t.Errorf("%d requests, %v", a.count(), v.Ready())
		}
	})
}

// The first tokens share one load.
func TestColdStartIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.setHook(func(*http.Request) (*http.Response, error) { time.Sleep(time.Second); return nil, nil })
		jwt, start := mint(baseV2()), time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { expect(t, v, "parallel", jwt, "") })
		}
		wg.Wait()
		if d := time.Since(start); a.count() != perLoad || d != 2*time.Second {
			t.Errorf("%d requests in %v", a.count(), d)
		}
	})
}

func TestColdStartFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.setHook(status(503))
		for range 50 { // time stands still: the first token tries, the others fail at once
			if e := expect(t, v, "authority down", mint(baseV2()), "keys_unavailable"); e.Kind != acsauth.Unavailable || e.RetryAfter < time.Second {
				t.Fatalf("%+v", e)
			}
		}
		if a.count() != 2 { // of each profile the first document
			t.Errorf("%d requests", a.count())
		}
		a.setHook(nil)
		time.Sleep(1200 * time.Millisecond)
		expect(t, v, "authority up again", mint(baseV2()), "")
	})
}

// Run brings the keys without any traffic, soon after the authority is back.
func TestRunRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		var mu sync.Mutex
		var tries []time.Time
		a.setHook(func(r *http.Request) (*http.Response, error) {
			if mu.Lock(); strings.Contains(r.URL.Path, "/v2.0/") {
				tries = append(tries, time.Now())
			}
			mu.Unlock()
			return nil, errors.New("no route")
		})
		defer run(t, v)()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if v.Ready() == nil {
			t.Error("ready")
		}
		for i := range len(tries) - 1 { // a load is due when either profile's pause is over
			gap, want := tries[i+1].Sub(tries[i]), min(time.Second<<i, time.Minute)
			if gap < want*9/10 || gap > want*11/10 {
				t.Errorf("pause %d is %v, want about %v", i, gap, want)
			}
		}
		a.setHook(nil)
		time.Sleep(67 * time.Second)
		if err := v.Ready(); err != nil {
			t.Error(err)
		}
		a.setHook(status(500))
		expect(t, v, "token", mint(baseV2()), "")
	})
}

func TestRunRefreshesTwiceADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		defer run(t, v)()
		time.Sleep(30 * 24 * time.Hour)
		synctest.Wait()
		if n := a.loads(); n < 56 || n > 66 {
			t.Errorf("%d loads in 30 days", n)
		}
	})
}

func TestOverlappingRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.rotate(map[string]int{"old": 0})
		expect(t, v, "old key", signedBy("old", 0), "")
		a.rotate(map[string]int{"old": 0, "new": 2})
		expect(t, v, "new key", signedBy("new", 2), "")
		expect(t, v, "old key beside it", signedBy("old", 0), "")
		if a.loads() != 2 {
			t.Errorf("%d loads", a.loads())
		}
		a.rotate(map[string]int{"new": 2})
		expect(t, v, "old key before the next load", signedBy("old", 0), "")
		time.Sleep(2 * time.Minute)
		expect(t, v, "stray key", signedBy("stray", 3), "token_key_unknown")
		expect(t, v, "removed key after one load", signedBy("old", 0), "token_key_unknown")
		expect(t, v, "new key", signedBy("new", 2), "")
	})
}

func TestAbruptRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.rotate(map[string]int{"k": 0})
		expect(t, v, "old key", signedBy("k", 0), "")
		a.rotate(map[string]int{"k": 2}) // the same kid
		expect(t, v, "another key under the same kid, before a load", signedBy("k", 2), "token_signature")
		expect(t, v, "stray key causes a load", signedBy("stray", 3), "token_key_unknown")
		expect(t, v, "new key", signedBy("k", 2), "")
		expect(t, v, "old key", signedBy("k", 0), "token_signature")
	})
}

// A removed key is refused after one scheduled load, without any traffic.
func TestRemovedKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.rotate(map[string]int{"keep": 0, "gone": 2})
		defer run(t, v)()
		synctest.Wait()
		expect(t, v, "key", signedBy("gone", 2), "")
		a.rotate(map[string]int{"keep": 0})
		time.Sleep(13*time.Hour + 13*time.Minute)
		synctest.Wait()
		a.setHook(status(500))
		expect(t, v, "removed key", signedBy("gone", 2), "token_key_unknown")
		expect(t, v, "kept key", signedBy("keep", 0), "")
	})
}

// 10,000 unknown keys cause two loads, and one a minute more while they go on.
// A real rotation comes through within the minute.
func TestUnknownKeyFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		a.rotate(map[string]int{"old": 0})
		expect(t, v, "known key", signedBy("old", 0), "")
		stray := mint(baseV2(), signing(func(*token, string) []byte { return make([]byte, 256) }))
		_, rest, _ := strings.Cut(stray, ".")
		flood := func(n int) {
			for range n {
				head := b64(fmt.Appendf(nil, `{"alg":"RS256","kid":%q}`, rand.Text()))
				if e := expect(t, v, "stray", head+"."+rest, "token_key_unknown"); e.RetryAfter < time.Second || e.RetryAfter > time.Minute {
					t.Fatalf("retry after %v", e.RetryAfter)
				}
			}
		}
		base := a.loads()
		flood(10000)
		if n := a.loads() - base; n != 2 {
			t.Errorf("10,000 unknown keys at once: %d loads, want 2", n)
		}
		a.rotate(map[string]int{"new": 2})
		expect(t, v, "new key in the flood", signedBy("new", 2), "token_key_unknown")
		time.Sleep(time.Minute)
		expect(t, v, "new key a minute later", signedBy("new", 2), "")
		base = a.loads()
		for range 59 { // 59 minutes and 10 s apart
			for range 6 {
				flood(3)
				time.Sleep(10 * time.Second)
			}
		}
		if n := a.loads() - base; n < 59 || n > 59+12 {
			t.Errorf("an hour of flood: %d loads, want one a minute and one more every five", n)
		}
		t.Logf("10,000 unknown keys: 2 loads; 59 min of flood: %d loads", a.loads()-base)
	})
}

// One stray key is asked for once a minute only, however often it comes.
func TestUnknownKeyIsRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		expect(t, v, "known key", mint(baseV2()), "")
		for range 100 {
			expect(t, v, "stray", signedBy("stray", 3), "token_key_unknown")
		}
		if n := a.loads(); n != 2 {
			t.Errorf("%d loads, want the first and one for the stray key", n)
		}
		a.rotate(map[string]int{"k-v2": 0, "stray": 3})
		time.Sleep(59 * time.Second)
		expect(t, v, "still remembered", signedBy("stray", 3), "token_key_unknown")
		time.Sleep(time.Second)
		expect(t, v, "published meanwhile", signedBy("stray", 3), "")
	})
}

// A slow authority parks a request for one load at most, and a request that gives up leaves at once.
func TestSlowAuthority(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		expect(t, v, "known key", mint(baseV2()), "")
		a.setHook(func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := v.Verify(ctx, signedBy("stray-0", 3))
		if d := time.Since(start); codeOf(err) != "keys_unavailable" || !errors.Is(err, context.DeadlineExceeded) || d != 300*time.Millisecond {
			t.Errorf("caller gave up: %v after %v", err, d)
		}
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() { expect(t, v, "waiting", signedBy(fmt.Sprint("stray-", i), 3), "token_key_unknown") })
		}
		expect(t, v, "known keys do not wait", mint(baseV2()), "")
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("a known key waited %v", d)
		}
		wg.Wait()
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("waited %v for one load", d)
		}
	})
}

func TestOldKeysLastADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := plainWorld()
		var log bytes.Buffer
		opt := options(a)
		opt.Issuers[0].TenantIDs = []string{tenantA}
		opt.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))
		v := newVerifier(t, opt)
		stop := run(t, v)
		synctest.Wait()
		a.setHook(status(500))
		start, warned := time.Now(), time.Duration(0)
		for time.Since(start) < 24*time.Hour-time.Minute {
			time.Sleep(time.Minute)
			synctest.Wait()
			if warned == 0 && strings.Contains(log.String(), "are old") {
				warned = time.Since(start)
			}
			if err := v.Ready(); err != nil {
				t.Fatalf("after %v: %v", time.Since(start), err)
			}
		}
		expect(t, v, "old keys", mint(baseV2()), "")
		if warned < 13*time.Hour || warned > 13*time.Hour+20*time.Minute {
			t.Errorf("warned after %v", warned)
		}
		time.Sleep(time.Minute)
		if e := expect(t, v, "keys of a day", mint(baseV2()), "keys_unavailable"); e == nil || e.RetryAfter < time.Second || e.RetryAfter > 70*time.Second {
			t.Errorf("%+v", e)
		}
		if v.Ready() == nil {
			t.Error("still ready")
		}
		a.setHook(nil)
		time.Sleep(70 * time.Second)
		expect(t, v, "authority back", mint(baseV2()), "")
		stop()
		if n := strings.Count(log.String(), "are old"); n != 2 { // once for each profile
			t.Errorf("warned %d times", n)
		}
	})
}

// A body without end is read up to the limit, no further.
func TestEndlessBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		var read atomic.Int64
		a.setHook(func(*http.Request) (*http.Response, error) {
			resp := answer(200, "")
			resp.Body = &endless{&read}
			return resp, nil
		})
		expect(t, v, "endless", mint(baseV2()), "keys_unavailable")
		if n := read.Load(); n > 2*(1<<20+1) {
			t.Errorf("%d bytes read of two documents", n)
		}
	})
}

// endless is a body of spaces, 64 MiB long, so that a missing limit shows.
type endless struct{ read *atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.read.Add(int64(len(p))) > 64<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func (e *endless) Close() error { return nil }

// v2 works without the v1 documents, and the other way round.
func TestOneProfileFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		isV2 := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/v2.0/") }
		var failing atomic.Bool
		a.setHook(func(r *http.Request) (*http.Response, error) {
			if isV2(r) == failing.Load() {
				return answer(404, "{}"), nil
			}
			return nil, nil
		})
		expect(t, v, "v2", mint(baseV2()), "")
		expect(t, v, "v1", mint(baseV1()), "keys_unavailable")
		if err := v.Ready(); err != nil {
			t.Error(err)
		}
		failing.Store(true)
		time.Sleep(2 * time.Second)
		expect(t, v, "v1", mint(baseV1()), "")
		expect(t, v, "v2 by the old keys", mint(baseV2()), "")
	})
}

// What the authority must not be able to do to us. Each fault leaves the old keys, and comes before any foreign request.
func TestBadDocuments(t *testing.T) {
	meta := publicHost + "/" + tenantA + "/v2.0/.well-known/openid-configuration"
	keys := publicHost + "/" + tenantA + "/discovery/v2.0/keys"
	doc := func(issuer, jwks any) string { return marshal(map[string]any{"issuer": issuer, "jwks_uri": jwks}) }
	iss, withUser := publicHost+"/"+tenantA+"/v2.0", strings.Replace(keys, "https://", "https://x@", 1)
	for name, c := range map[string]struct {
		url    string
		status int
		body   string
		header http.Header
	}{
		"wrong issuer":            {meta, 200, doc(publicHost+"/"+tenantB+"/v2.0", keys), nil},
		"issuer template":         {meta, 200, doc(publicHost+"/{tenantid}/v2.0", keys), nil},
		"issuer with slash":       {meta, 200, doc(iss+"/", keys), nil},
		"issuer missing":          {meta, 200, `{"jwks_uri":"` + keys + `"}`, nil},
		"issuer twice":            {meta, 200, `{"issuer":"x","issuer":"` + iss + `","jwks_uri":"` + keys + `"}`, nil},
		"foreign keys":            {meta, 200, doc(iss, "https://evil.example/keys"), nil},
		"keys on another port":    {meta, 200, doc(iss, strings.Replace(keys, ".com/", ".com:8443/", 1)), nil},
		"keys over http":          {meta, 200, doc(iss, "http"+keys[5:]), nil},
		"keys with user":          {meta, 200, doc(iss, withUser), nil},
		"keys at a look-alike":    {meta, 200, doc(iss, strings.Replace(keys, ".com/", ".com.evil.example/", 1)), nil},
		"keys by another scheme":  {meta, 200, doc(iss, "file:///etc/passwd"), nil},
		"keys by a relative path": {meta, 200, doc(iss, "/keys"), nil},
		"keys address a number":   {meta, 200, doc(iss, 1), nil},
		"no JSON":                 {meta, 200, "<html>", nil},
		"an array":                {meta, 200, "[]", nil},
		"two documents":           {meta, 200, doc(iss, keys) + doc(iss, keys), nil},
		"not found":               {meta, 404, doc(iss, keys), nil},
		"created":                 {meta, 201, doc(iss, keys), nil},
		"redirect 301":            {meta, 301, "", http.Header{"Location": {"https://evil.example/"}}},
		"redirect 302":            {meta, 302, "", http.Header{"Location": {keys}}},
		"redirect 307":            {meta, 307, "", http.Header{"Location": {"https://evil.example/"}}},
		"redirect 308 of keys":    {keys, 308, "", http.Header{"Location": {"https://evil.example/"}}},
		"redirect 303 of keys":    {keys, 303, "", http.Header{"Location": {meta}}},
		"huge metadata":           {meta, 200, doc(iss, keys) + strings.Repeat(" ", 1<<20), nil},
		"huge keys":               {keys, 200, `{"keys":[]` + strings.Repeat(" ", 1<<20) + "}", nil},
		"no keys":                 {keys, 200, `{"keys":[]}`, nil},
		"keys missing":            {keys, 200, `{}`, nil},
		"keys not a list":         {keys, 200, `{"keys":{"kid":"k"}}`, nil},
		"no usable key":           {keys, 200, marshal(map[string]any{"keys": []any{jwk("k", &keyRing()[0].PublicKey, map[string]any{"use": "enc"}), 1, nil, []int{}}}), nil},
		"too many values":         {keys, 200, `{"keys":[` + strings.Repeat("0,", 30000) + "0]}", nil},
		"keys too deep":           {keys, 200, `{"keys":` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + "}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, v := oneTenant(t)
				expect(t, v, "before", mint(baseV2()), "")
				a.rotate(map[string]int{"new": 2})
				for _, address := range []string{"https://evil.example/keys", withUser, "https://login.microsoftonline.com:8443/" + tenantA + "/discovery/v2.0/keys"} {
					a.docs[address] = a.docs[keys] // what must not be asked would answer well
				}
				a.setHook(func(r *http.Request) (*http.Response, error) {
					if r.URL.String() != c.url {
						return nil, nil
					}
					resp := answer(c.status, c.body)
					resp.Header = c.header
					return resp, nil
				})
				expect(t, v, "new key", signedBy("new", 2), "token_key_unknown")
				expect(t, v, "old key", mint(baseV2()), "")
				if a.foreign != 0 {
					t.Errorf("%d foreign requests", a.foreign)
				}
				a.setHook(nil)
				time.Sleep(time.Minute)
				expect(t, v, "new key, good documents", signedBy("new", 2), "")
			})
		})
	}
}

func TestManyKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, v := oneTenant(t)
		var list []map[string]any
		for i := range 150 {
			list = append(list, v2Key(fmt.Sprint("k-", i), keyRing()[0]))
		}
		a.publish(tenantA, list, list)
		expect(t, v, "the hundredth", signedBy("k-99", 0), "")
		expect(t, v, "the one after it", signedBy("k-100", 0), "token_key_unknown")
	})
}

// Another authority tells its v1 issuer in its metadata, one fixed URL of the tenant.
func TestOwnV1Issuer(t *testing.T) {
	const host = "http://127.0.0.1:5000"
	for name, c := range map[string]struct {
		issuer string
		want   string
	}{
		"emulator":       {host + "/sts/" + tenantA + "/", ""},
		"sovereign":      {"https://sts.chinacloudapi.cn/" + tenantA + "/", ""},
		"template":       {host + "/{tenantid}/", "keys_unavailable"},
		"other tenant":   {host + "/" + tenantB + "/", "keys_unavailable"},
		"part of a name": {host + "/x" + tenantA + "/", "keys_unavailable"},
		"twice":          {host + "/" + tenantA + "/" + tenantA + "/", "keys_unavailable"},
		"in the query":   {host + "/?tid=" + tenantA, "keys_unavailable"},
		"the v2 issuer":  {host + "/" + tenantA + "/v2.0", "keys_unavailable"},
		"http":           {"http://sts.windows.net/" + tenantA + "/", "keys_unavailable"},
		"no URL":         {tenantA, "keys_unavailable"},
		"missing":        {"", "keys_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, opt := newAuthority(), options(nil)
				base := host + "/" + tenantA
				a.put(base+"/v2.0/.well-known/openid-configuration", map[string]any{"issuer": base + "/v2.0", "jwks_uri": base + "/keys"})
				a.put(base+"/.well-known/openid-configuration", map[string]any{"issuer": c.issuer, "jwks_uri": base + "/keys"})
				a.put(base+"/keys", map[string]any{"keys": []any{jwk("k", &keyRing()[0].PublicKey, nil)}})
				opt.Transport, opt.AllowLoopback, opt.Issuers[0].AuthorityHost, opt.Issuers[0].TenantIDs = a, true, host, []string{tenantA}
				cold := newVerifier(t, opt)
				if c.want == "" { // the issuer of the first token is not known yet
					expect(t, cold, "first token, other issuer", mint(baseV1(), hset("kid", "k"), by(keyRing()[0])), "token_issuer")
				}
				v := newVerifier(t, opt)
				one := mint(baseV1(), set("iss", c.issuer), hset("kid", "k"), by(keyRing()[0]))
				expect(t, v, "v1", one, c.want)
				two := mint(baseV2(), set("iss", base+"/v2.0"), hset("kid", "k"))
				expect(t, v, "v2", two, "")
				if c.want == "" {
					expect(t, v, "v1 of the public cloud", mint(baseV1(), hset("kid", "k"), by(keyRing()[0])), "token_issuer")
					expect(t, v, "v1 without an issuer", mint(baseV1(), set("iss", ""), hset("kid", "k"), by(keyRing()[0])), "token_issuer")
					a.put(base+"/.well-known/openid-configuration", map[string]any{"issuer": host + "/moved/" + tenantA + "/", "jwks_uri": base + "/keys"})
					expect(t, v, "a load", mint(baseV2(), set("iss", base+"/v2.0"), hset("kid", "stray")), "token_key_unknown")
					expect(t, v, "the issuer stays", one, "")
				}
			})
		})
	}
}
