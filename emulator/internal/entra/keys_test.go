package entra

import (
	"net/url"
	"testing"
	"time"
)

// The next key is published before it signs, and a retired one some time after.
func TestKeyRollover(t *testing.T) {
	now := at2026()
	s := newTestService(now)
	published := func() map[string]bool {
		set := make(map[string]bool)
		for _, k := range s.keys.jwks("") {
			set[k.Kid] = true
		}
		return set
	}
	before := published()
	old := s.keys.current().kid
	token, _, err := s.Mint(MintRequest{ExpiresIn: 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RotateKeys(false); err != nil {
		t.Fatal(err)
	}
	if next := s.keys.current().kid; next == old || !before[next] {
		t.Errorf("%s signs without having been published", next)
	}
	if after := published(); len(after) != 3 || !after[old] {
		t.Errorf("published %v, want %s still", after, old)
	}
	*now = now.Add(keyRetired - time.Second)
	if _, err := s.Verify(token); err != nil {
		t.Errorf("a token of a retired key: %v", err)
	}
	*now = now.Add(time.Second)
	if _, err := s.Verify(token); err != errSignature || len(published()) != 2 {
		t.Errorf("a key retired a week ago: %v, %d published", err, len(published()))
	}
	*now = now.Add(-time.Hour) // the clock can be set back
	if _, err := s.Verify(token); err != nil {
		t.Errorf("the clock was set back: %v", err)
	}
	if err := s.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(token); err != errSignature || len(published()) != 2 {
		t.Errorf("after an emergency: %v, %d published", err, len(published()))
	}
}

// A key signs for its own tenants only: one that is published by B2C makes no token of Entra ID.
func TestKeysBelongToTenants(t *testing.T) {
	s := newTestService(at2026())
	own, err := newKeyring()
	if err != nil {
		t.Fatal(err)
	}
	s.rings.made[tidC+"/b2c_1_in"] = own
	ann, _, err := s.Mint(MintRequest{})
	if err != nil {
		t.Fatal(err)
	}
	key := own.current()
	forged, err := key.sign(header{Typ: "JWT", Alg: "RS256", Kid: key.kid}, claimsOf(t, ann))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(forged); err != errSignature {
		t.Errorf("signed by a key of B2C: %v", err)
	}
	cat, _, err := s.Mint(MintRequest{User: "cat"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(cat); err != errIssuer {
		t.Errorf("a token of B2C: %v", err)
	}
	foreign, _, err := s.Mint(MintRequest{Flaw: "tenant"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(foreign); err != errIssuer {
		t.Errorf("ann in a tenant without her: %v", err)
	}
}

func TestMintNamesATenant(t *testing.T) {
	s := newTestService(at2026())
	for name, tt := range map[string]struct {
		in       MintRequest
		oid, iss any
	}{
		"first user of the first tenant": {MintRequest{}, oid("11"), "http://emulator.invalid/" + tidA + "/v2.0"},
		"first user of another tenant":   {MintRequest{Tenant: "B.example"}, oid("21"), "http://emulator.invalid/" + tidB + "/v2.0"},
		"user of another tenant":         {MintRequest{User: "ben"}, oid("21"), "http://emulator.invalid/" + tidB + "/v2.0"},
		"B2C":                            {MintRequest{Tenant: tidC, Policy: "b2c_1_IN"}, oid("31"), "http://emulator.invalid/" + tidC + "/v2.0/"},
		"application there":              {MintRequest{Tenant: tidB, AppOnly: true}, derivedGUID(oid("51"), tidB), "http://emulator.invalid/" + tidB + "/v2.0"},
	} {
		token, _, err := s.Mint(tt.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c := claimsOf(t, token); c["oid"] != tt.oid || c["iss"] != tt.iss {
			t.Errorf("%s: oid %v, iss %v", name, c["oid"], c["iss"])
		}
	}
	for name, in := range map[string]MintRequest{
		"no tenant": {Tenant: "nowhere.example"}, "common": {Tenant: "common"}, "user of another tenant": {User: "ben", Tenant: tidA},
		"no policy": {User: "cat", Policy: "B2C_1_none"}, "policy of Entra ID": {Policy: "B2C_1_in"},
	} {
		if _, _, err := s.Mint(in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A path of B2C leads to its policy in two ways, and nowhere without one.
func TestLocate(t *testing.T) {
	s := newTestService(at2026())
	for target, want := range map[string]int{
		"/" + tidC + "/b2c_1_IN/discovery/v2.0/keys":       200,
		"/C.example/discovery/v2.0/keys?p=b2c_1_in":        200,
		"/" + tidC + "/discovery/v2.0/keys":                400,
		"/" + tidC + "/discovery/v2.0/keys?p=":             400,
		"/" + tidC + "/b2c_1_out/discovery/v2.0/keys":      404,
		"/" + tidA + "/b2c_1_in/discovery/v2.0/keys":       404,
		"/" + tidB + "/discovery/v2.0/keys?p=b2c_1_in":     200,
		"/" + oid("99") + "/discovery/v2.0/keys":           400,
		"/consumers/v2.0/.well-known/openid-configuration": 400,
	} {
		if w := call(s, "GET", target, nil); w.Code != want {
			t.Errorf("%s: %d, want %d", target, w.Code, want)
		}
	}
	if w := call(s, "POST", "/"+tidC+"/B2C_1_in/oauth2/v2.0/devicecode", url.Values{"client_id": {b2cWeb}, "scope": {"openid"}}); w.Code != 404 {
		t.Errorf("B2C has no device code: %d", w.Code)
	}
	if w := call(s, "POST", "/"+tidB+"/oauth2/v2.0/devicecode", url.Values{"client_id": {b2cWeb}, "scope": {"openid"}}); w.Code != 400 {
		t.Errorf("a client of another tenant: %d", w.Code)
	}
}
