package entra

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestIssued(t *testing.T) {
	now := at2026()
	s := newTestService(now)
	body := tokens(t, s, tidA, webID, "api://api/use openid", "ann")
	answerOf(t, call(s, "POST", "/"+tidB+"/oauth2/v2.0/token", url.Values{
		"grant_type": {grantClient}, "client_id": {apiID}, "client_secret": {"s"}, "scope": {"api://api/.default"},
	}))
	if _, _, err := s.Mint(MintRequest{User: "cat"}); err != nil {
		t.Fatal(err)
	}
	list := s.Issued()
	if len(list) != 4 {
		t.Fatalf("%d tokens: %+v", len(list), list)
	}
	for i, want := range []IssuedToken{
		{Grant: "authorization_code", Kind: "access", Client: webID, User: oid("11"), Tenant: tidA, Audience: apiID},
		{Grant: "authorization_code", Kind: "id", Client: webID, User: oid("11"), Tenant: tidA, Audience: webID},
		{Grant: "client_credentials", Kind: "access", Client: apiID, Tenant: tidB, Audience: apiID},
		{Grant: "minted", Kind: "access", Client: b2cWeb, User: oid("31"), Tenant: tidC, Audience: b2cAPI},
	} {
		got := list[i]
		if got.Grant != want.Grant || got.Kind != want.Kind || got.Client != want.Client || got.User != want.User || got.Tenant != want.Tenant ||
			got.Audience != want.Audience || !got.Time.Equal(*now) || got.Expires.Before(now.Add(59*time.Minute)) {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
	if first := list[0]; len(first.Scopes) != 1 || first.Scopes[0] != "use" || len(first.Roles) != 1 || first.Roles[0] != "Boss" {
		t.Errorf("rights %v %v", first.Scopes, first.Roles)
	}
	access := body["access_token"].(string)
	sum := sha256.Sum256([]byte(access))
	if list[0].SHA256 != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not that of the token")
	}
	if b, err := json.Marshal(list); err != nil || strings.Contains(string(b), access[strings.LastIndexByte(access, '.')+1:]) {
		t.Errorf("the list holds a signature: %v", err)
	}
	s.Reset()
	if list := s.Issued(); len(list) != 0 {
		t.Errorf("%d tokens after a reset", len(list))
	}
}
