package entra

import (
	"fmt"
	"net/url"
	"reflect"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
)

func TestGroupsAndOverage(t *testing.T) {
	s := newTestService(at2026())
	s.SetBase("http://127.0.0.1:1")
	for _, n := range []int{0, 1, maxGroups, maxGroups + 1} {
		u := newUser(fmt.Sprintf("in-%d", n))
		for i := range n {
			u.Groups = append(u.Groups, fmt.Sprintf("00000000-0000-4000-9000-%012d", i))
		}
		if err := s.AddUser(u); err != nil {
			t.Fatal(err)
		}
		c := claimsOf(t, tokens(t, s, tidA, webID, "api://api/use", u.Name)["access_token"].(string))
		groups, _ := c["groups"].([]any)
		_, names := c["_claim_names"]
		if want := n; n > maxGroups && (len(groups) != 0 || !names) || n <= maxGroups && (len(groups) != want || names) {
			t.Errorf("%d groups: %d listed, names %v", n, len(groups), names)
		}
		if !names {
			continue
		}
		source := c["_claim_sources"].(map[string]any)[c["_claim_names"].(map[string]any)["groups"].(string)].(map[string]any)
		if want := "http://127.0.0.1:1/v1.0/users/" + text(c, "oid") + "/getMemberObjects"; source["endpoint"] != want {
			t.Errorf("source %v, want %s", source, want)
		}
	}
	// Only an API that asks for the claim gets it.
	graph := claimsOf(t, tokens(t, s, tidA, webID, "User.Read", "ann")["access_token"].(string))
	if graph["groups"] != nil || graph["roles"] != nil {
		t.Errorf("Graph token %v", graph)
	}
}

func TestRoles(t *testing.T) {
	s := newTestService(at2026())
	c := claimsOf(t, tokens(t, s, tidA, webID, "api://api/use", "ann")["access_token"].(string))
	if !reflect.DeepEqual(c["roles"], []any{"Boss"}) || c["scp"] != "use" {
		t.Errorf("roles %v beside scp %v", c["roles"], c["scp"])
	}
	if c := claimsOf(t, tokens(t, s, tidB, webID, "api://api/use", "ben")["access_token"].(string)); c["roles"] != nil {
		t.Errorf("ben has no role: %v", c["roles"])
	}
}

// Each optional claim of a manifest, for a member and for a guest.
func TestOptionalClaims(t *testing.T) {
	s := newTestService(at2026())
	member := person("ann", oid("11"), tidA, "a.example")
	member.GivenName, member.Surname = "Ann", "Archer"
	guest := member
	guest.Guest, guest.UPN = true, "ann_b.example#EXT#@a.example"
	for _, tt := range []struct {
		claim       OptionalClaim
		facts       claimFacts
		forMember   any
		forTheGuest any
	}{
		{OptionalClaim{Name: "acct"}, claimFacts{}, 0, 1},
		{OptionalClaim{Name: "email"}, claimFacts{}, "ann@a.example", "ann@a.example"},
		{OptionalClaim{Name: "given_name"}, claimFacts{}, "Ann", "Ann"},
		{OptionalClaim{Name: "family_name"}, claimFacts{}, "Archer", "Archer"},
		{OptionalClaim{Name: "upn"}, claimFacts{}, "ann@a.example", nil},
		{OptionalClaim{Name: "upn", Properties: []string{"include_externally_authenticated_upn"}}, claimFacts{}, "ann@a.example", "ann_b.example#EXT#@a.example"},
		{OptionalClaim{Name: "upn", Properties: []string{"include_externally_authenticated_upn_without_hash"}}, claimFacts{}, "ann@a.example", "ann_b.example_EXT_@a.example"},
		{OptionalClaim{Name: "idtyp"}, claimFacts{}, nil, nil},
		{OptionalClaim{Name: "idtyp", Properties: []string{"include_user_token"}}, claimFacts{}, "user", "user"},
		{OptionalClaim{Name: "xms_cc"}, claimFacts{}, nil, nil},
		{OptionalClaim{Name: "xms_cc"}, claimFacts{cae: true}, []string{"cp1"}, []string{"cp1"}},
		{OptionalClaim{Name: "ipaddr"}, claimFacts{}, "127.0.0.1", "127.0.0.1"},
		{OptionalClaim{Name: "not_known"}, claimFacts{}, nil, nil},
	} {
		for u, want := range map[*User]any{&member: tt.forMember, &guest: tt.forTheGuest} {
			c := emu.Claims{}
			s.addOptional(c, []OptionalClaim{tt.claim}, u, tt.facts)
			if got, present := c[tt.claim.Name]; !reflect.DeepEqual(got, want) || present != (want != nil) {
				t.Errorf("%+v of guest %v: %v, want %v", tt.claim, u.Guest, got, want)
			}
		}
	}
	empty := User{}
	c := emu.Claims{}
	s.addOptional(c, []OptionalClaim{{Name: "email"}, {Name: "given_name"}}, &empty, claimFacts{})
	if len(c) != 0 {
		t.Errorf("what a user has not got is left out: %v", c)
	}
}

func TestUserInfo(t *testing.T) {
	s := newTestService(at2026())
	body := tokens(t, s, tidA, webID, "openid profile email User.Read", "ann")
	w := call(s, "GET", "/OIDC/UserInfo", nil, "Authorization", "Bearer "+body["access_token"].(string))
	info := answerOf(t, w)
	if id := claimsOf(t, body["id_token"].(string)); info["sub"] != id["sub"] || info["email"] != "ann@a.example" || info["name"] != "ann" {
		t.Errorf("userinfo %v, id_token %v", info, id)
	}
	if h := w.Header(); h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cache-Control") == "" {
		t.Errorf("headers %v", h)
	}
	few := answerOf(t, call(s, "POST", userInfoPath, url.Values{}, "Authorization", "bearer "+tokens(t, s, tidA, webID, "openid User.Read", "ann")["access_token"].(string)))
	if len(few) != 1 || few["sub"] != info["sub"] {
		t.Errorf("with openid alone: %v", few)
	}
	api := tokens(t, s, tidA, webID, "api://api/use openid", "ann")["access_token"].(string)
	bare := tokens(t, s, tidA, webID, "User.Read", "ann")["access_token"].(string)
	for name, header := range map[string]string{"nothing": "", "another scheme": "Basic " + api, "token for the API": "Bearer " + api, "without openid": "Bearer " + bare, "garbage": "Bearer x"} {
		if w := call(s, "GET", userInfoPath, nil, "Authorization", header); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := call(s, "DELETE", userInfoPath, nil); w.Code != 405 {
		t.Errorf("DELETE: %d", w.Code)
	}
}
