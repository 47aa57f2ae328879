package authn

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// equalThere fails if encoding/json reads an accepted document differently.
func equalThere(t *testing.T, data []byte) {
	t.Helper()
	v, err := parseObject(data, maxValues)
	if err != nil {
		return
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var theirs any
	if err := d.Decode(&theirs); err != nil {
		t.Fatalf("%q: accepted here, not by encoding/json: %v", data, err)
	}
	if d.More() {
		t.Fatalf("%q: encoding/json sees more than one value", data)
	}
	equalValue(t, v, theirs)
}

func equalValue(t *testing.T, ours jsonValue, theirs any) {
	t.Helper()
	same := false
	switch x := theirs.(type) {
	case nil:
		same = ours.kind == jsonNull
	case bool:
		same = ours.kind == jsonBool && (ours.text == "true") == x
	case json.Number:
		same = ours.kind == jsonNumber && ours.text == x.String()
	case string:
		same = ours.kind == jsonString && ours.text == x
	case []any:
		if same = ours.kind == jsonArray && len(ours.items) == len(x); same {
			for i := range x {
				equalValue(t, ours.items[i], x[i])
			}
		}
	case map[string]any:
		if same = ours.kind == jsonObject && len(ours.members) == len(x); same {
			for _, m := range ours.members {
				there, ok := x[m.name]
				if !ok {
					t.Fatalf("encoding/json has no member %q", m.name)
				}
				equalValue(t, m.value, there)
			}
		}
	}
	if !same {
		t.Fatalf("here %+v, by encoding/json %#v", ours, theirs)
	}
}

func FuzzStrictJSON(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":[1,-2.5e+3,"\u00e9\ud83d\ude00",null,true,{"b":{}}]}`, `{"a":1,"\u0061":2}`, `{"a":"\ud800"}`, `{"exp":1e400}`, "{\"a\":\"\xff\"}", `{"":"\/\b"} `, `{"K":1,"k":2}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { equalThere(t, data) })
}

// fuzzVerifier has a tenant whose keys were never loaded, and may not be.
func fuzzVerifier(f *testing.F) *Verifier {
	v, err := New(Options{Transport: noTransport{f}, Issuers: []Issuer{
		{AuthorityHost: publicAuthority, TenantIDs: []string{"aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"}, Audiences: []string{"12345678-aaaa-4bbb-8ccc-1234567890ab"}, AllowedClients: []string{"*"}},
		{Kind: OIDC, IssuerURL: "https://id.example.com", Audiences: []string{"api"}, AllowedClients: []string{"*"}, Algorithms: []string{"RS256", "PS256", "ES256"}},
	}})
	if err != nil {
		f.Fatal(err)
	}
	return v
}

type noTransport struct{ t testing.TB }

func (n noTransport) RoundTrip(*http.Request) (*http.Response, error) {
	n.t.Error("a request was made")
	return nil, http.ErrServerClosed
}

func FuzzCompact(f *testing.F) {
	v := fuzzVerifier(f)
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	signature := base64.RawURLEncoding.EncodeToString(make([]byte, 256))
	f.Add(part(`{"alg":"RS256","kid":"k"}`) + "." + part(`{"aud":"x","ver":"2.0","exp":1}`) + "." + signature)
	f.Add(part(`{"alg":"RS256","nonce":"k"}`) + "." + part(`{"aud":"00000003-0000-0000-c000-000000000000"}`) + "." + signature)
	f.Add("a.b.c")
	f.Add("....")
	f.Add("QQ.QR.QQ")
	f.Fuzz(func(t *testing.T, token string) {
		k := &check{v: v, token: token, now: time.Now()}
		for n := range tokenSteps {
			s := &tokenSteps[n]
			if s.rule == "key" || s.rule == "signature" { // no key may be asked for; the rest of the check on unverified claims must not panic either
				continue
			}
			e := s.do(t.Context(), k)
			switch {
			case s.rule == "form" && e != nil:
				return
			case s.rule == "form":
				raw := k.raw
				again := strictBase64.EncodeToString(raw.header) + "." + strictBase64.EncodeToString(raw.payload) + "." + strictBase64.EncodeToString(raw.signature)
				if again != token || !strings.HasPrefix(token, raw.signed+".") {
					t.Fatalf("a second spelling of %q", again)
				}
				if len(token) > MaxToken || k.c.kind != jsonObject || strings.Count(token, ".") != 2 || k.iss == nil || (k.src == nil) != (k.chosen != nil) {
					t.Fatalf("accepted: %q", token)
				}
			case s.rule == "header" && e == nil && k.kid == "":
				t.Fatal("no kid and no error")
			}
		}
		_ = v.Explain(t.Context(), token, ExplainOptions{Offline: true})
	})
}

func FuzzKeySet(f *testing.F) {
	modulus := make([]byte, 256)
	if _, err := rand.Read(modulus); err != nil {
		f.Fatal(err)
	}
	modulus[0], modulus[255] = 0x80, 1
	n := base64.RawURLEncoding.EncodeToString(modulus)
	f.Add([]byte(`{"keys":[{"kty":"RSA","use":"sig","kid":"k","n":"` + n + `","e":"AQAB","issuer":"https://i/{tenantid}/v2.0"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","use":"sig","kid":"k","n":"` + n + `","e":"AQAB","key_ops":["verify"],"alg":"RS256"},{"kty":"EC"},null,1]}`))
	f.Add([]byte(`{"keys":{}}`))
	f.Add([]byte(`{"keys":[[]],"issuer":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := parseObject(data, maxDocumentValues)
		if err != nil {
			return
		}
		keys, err := parseKeys(v, keyRules{tenant: "t", profile: v2, issuers: []string{"https://i/t/v2.0"}, cloud: "c", algs: []string{"RS256", "ES256"}})
		if (err == nil) == (len(keys) == 0) || len(keys) > maxKeys {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		for id, public := range keys {
			algorithms[id.alg].verify(public, compact{signature: make([]byte, 256)})
			key, ok := public.(*rsa.PublicKey)
			if !ok {
				continue
			}
			if bits := key.N.BitLen(); id.tenant != "t" || id.profile != v2 || !isKeyName(id.kid) || key.E != 65537 || bits < 2048 || bits > 4096 {
				t.Fatalf("key %v of %d bits", id, bits)
			}
		}
	})
}

func FuzzAuthorization(f *testing.F) {
	for _, s := range []string{"Bearer a.b.c", "bearer  x", "Bearer", "Basic x", "Bearer a b", "BEARER é", "Bearer a,Bearer b", "\x00"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		if token, err := BearerToken(http.Header{"Authorization": {one, two}}); err == nil || token != "" {
			t.Fatal("two values accepted")
		}
		token, err := BearerToken(http.Header{"Authorization": {one}})
		if (err == nil) == (token == "") {
			t.Fatalf("%q, %v", token, err)
		}
		if err != nil {
			return
		}
		scheme, rest, _ := strings.Cut(one, " ")
		if !strings.EqualFold(scheme, "bearer") || len(scheme) != 6 || rest != token || len(token) > MaxToken || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != "" {
			t.Fatalf("%q gives %q", one, token)
		}
	})
}
