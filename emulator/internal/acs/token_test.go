package acs

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// claimsOf decodes a token as a client would, without checking it.
func claimsOf(t testing.TB, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	body, err := base64.RawStdEncoding.DecodeString(parts[1]) // an old client takes it for standard base64
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestTokenClaims(t *testing.T) {
	f := newFixture(t, nil)
	created := read[createReply](t, f.do("POST", "/identities", `{"createTokenWithScopes":["chat","voip","chat"]}`), 201)
	want := map[string]any{
		"skypeid": strings.TrimPrefix(created.Identity.ID, "8:"), "scp": 1792.0, "csi": "1767604087",
		"exp": 1767604087.0 + 86400, "acsScope": "chat,voip", "resourceId": testResource, "iat": 1767604087.0,
		"emuSerial": 1.0, "emuKey": "primary.1",
	}
	if diff := cmp.Diff(want, claimsOf(t, created.AccessToken.Token)); diff != "" {
		t.Error(diff)
	}
}

func TestTokenIsSigned(t *testing.T) {
	f := newFixture(t, nil)
	parts := strings.Split(f.issueOne(f.createOne()), ".")
	header, err := base64.RawURLEncoding.DecodeString(parts[0])
	if err != nil || !strings.HasPrefix(string(header), `{"alg":"ES256","kid":"1","x5t":"`) {
		t.Errorf("header %s, %v", header, err)
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || len(sig) != 64 {
		t.Fatalf("signature of %d bytes, %v", len(sig), err)
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(&f.minter.key.PublicKey, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		t.Error("the signature is wrong")
	}
}

func TestIntrospect(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	token := f.issueOne(id)
	want := func(state TokenState) {
		t.Helper()
		if got := f.Introspect(token); got != state {
			t.Errorf("token is %s, want %s", got, state)
		}
	}
	want(TokenActive)
	f.clock.advance(24*time.Hour - time.Second)
	want(TokenActive)
	f.clock.advance(time.Second)
	want(TokenExpired)
	token = f.issueOne(id)
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	want(TokenRevoked)
}

func TestIntrospectUnknown(t *testing.T) {
	f, other := newFixture(t, nil), newFixture(t, nil)
	good := f.issueOne(f.createOne())
	parts := strings.Split(good, ".")
	for name, token := range map[string]string{
		"empty": "", "text": "nonsense", "another service": other.issueOne(other.createOne()),
		"no signature":      parts[0] + "." + parts[1] + ".",
		"claims changed":    parts[0] + "." + parts[1] + "AA." + parts[2],
		"header changed":    "e30." + parts[1] + "." + parts[2],
		"signature changed": parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86),
		"four parts":        good + ".x",
		"too long":          strings.Repeat("x", maxToken+1),
	} {
		if got := f.Introspect(token); got != TokenUnknown {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestKeyRotationRevokes(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	primary := f.issueOne(id)
	r := f.request("POST", pathOf(id)+"/:issueAccessToken?api-version="+stable, `{"scopes":["chat"]}`)
	sign(r, testKey2, `{"scopes":["chat"]}`, f.clock.now())
	secondary := read[accessToken](t, f.serve(r), 200).Token
	r = f.request("POST", pathOf(id)+"/:issueAccessToken?api-version="+stable, `{"scopes":["chat"]}`)
	r.Header.Set("Authorization", `Bearer {"aud":"https://communication.azure.com"}`)
	entra := read[accessToken](t, f.serve(r), 200).Token

	if err := f.SetKey(0, base64.StdEncoding.EncodeToString([]byte("a new primary key"))); err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]TokenState{primary: TokenRevoked, secondary: TokenActive, entra: TokenActive} {
		if got := f.Introspect(token); got != want {
			t.Errorf("token minted with %v is %s, want %s", claimsOf(t, token)["emuKey"], got, want)
		}
	}
	wantRefusal(t, f.do("POST", "/identities", ""), 401, "Denied", "")
	for slot, key := range map[int]string{-1: testKey, 2: testKey, 1: "?", 0: ""} {
		if f.SetKey(slot, key) == nil {
			t.Errorf("slot %d, key %q: no error", slot, key)
		}
	}
}
