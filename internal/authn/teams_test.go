package authn_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

// teamsToken is a good Teams token of Alice.
func teamsToken() *token {
	k := baseV1()
	k.claims["aud"], k.claims["scp"] = teamsURL+"/", "Teams.ManageCalls Teams.ManageChats"
	return k
}

var aliceCaller = acsauth.Caller{Kind: acsauth.User, Tenant: tenantA, Client: spaID,
	Key: acsauth.UserKey{Issuer: publicHost + "/" + tenantA + "/v2.0", Subject: alice}}

func TestTeamsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		v := newVerifier(t, options(a))
		now := time.Now().Unix()
		for name, e := range map[string]edit{
			"as it is":           set("uti", "x"),
			"without slash":      set("aud", teamsURL),
			"GUID":               set("aud", teamsID),
			"US Government":      set("aud", "https://auth.msft.communication.azure.us"),
			"other order":        set("scp", "openid Teams.ManageChats profile Teams.ManageCalls"),
			"v2":                 all(set("ver", "2.0"), del("appid"), set("azp", spaID)),
			"header nonce":       hset("nonce", "x"),
			"no kid":             hdel("kid"),
			"upper case ids":     all(set("oid", strings.ToUpper(alice)), set("tid", strings.ToUpper(tenantA)), set("appid", strings.ToUpper(spaID))),
			"60 s left":          set("exp", now+60),
			"28 h":               set("exp", now+28*3600),
			"signed by nobody":   by(keyRing()[3]),
			"unknown issuer":     set("iss", "https://sts.windows.net/future/"),
			"unknown claims too": set("xms_future", []int{1}),
		} {
			jwt := mint(teamsToken(), e)
			got, err := v.CheckTeams(aliceCaller, jwt)
			if err != nil || got.Token != jwt || got.Client != spaID || got.Expires.Before(time.Now()) {
				t.Errorf("%s: %v, %v", name, got, err)
			}
		}
		if a.count() != 0 {
			t.Errorf("%d requests", a.count())
		}
	})
}

// teamsCorpus is class N: pairs of a caller and a Teams token.
func teamsCorpus() corpus {
	var c corpus
	now := time.Now().Unix()
	bad := func(want, name string, e edit) { c.add('N', want, name, e) }
	for _, aud := range []any{apiID, apiURI, graphID, "https://graph.microsoft.com", teamsURL + "//", teamsURL + ".evil.example", strings.ToUpper(teamsURL), "http" + teamsURL[5:], "https://communication.azure.com", strings.ToUpper(teamsID), "api://" + teamsID, "", nil, 1, []string{teamsURL}} {
		bad("teams_token_audience", fmt.Sprintf("aud %v", aud), set("aud", aud))
	}
	bad("teams_token_audience", "aud missing", del("aud"))
	for _, exp := range []int64{0, now - 3600, now - 1, now, now + 59} {
		bad("teams_token_expired", fmt.Sprint("exp ", exp-now, " s ahead"), set("exp", exp))
	}
	for _, exp := range []any{now + 29*3600, int64(1) << 53, "946688400", 1.5, nil, -1} {
		bad("teams_token_invalid", fmt.Sprintf("exp %v", exp), set("exp", exp))
	}
	bad("teams_token_invalid", "exp missing", del("exp"))
	for _, tid := range []any{tenantB, tenantX, "", nil, 1, []string{tenantA}, "common"} {
		bad("teams_token_tenant", fmt.Sprintf("tid %v", tid), set("tid", tid))
	}
	bad("teams_token_tenant", "tid missing", del("tid"))
	for _, oid := range []any{bob, "", nil, 1, []string{alice}, alice + " ", "{" + alice + "}"} {
		bad("teams_token_user", fmt.Sprintf("oid %v", oid), set("oid", oid))
	}
	bad("teams_token_user", "oid missing", del("oid"))
	for _, id := range []any{strangerID, "", nil, 1, []string{spaID}, apiID, "*"} {
		bad("teams_token_client", fmt.Sprintf("appid %v", id), set("appid", id))
	}
	bad("teams_token_client", "appid missing", del("appid"))
	bad("teams_token_client", "appid and azp", set("azp", spaID))
	bad("teams_token_client", "azp of a stranger", all(del("appid"), set("azp", strangerID)))
	for _, scp := range []any{"Teams.ManageCalls", "Teams.ManageChats", "", "Teams.ManageCallsTeams.ManageChats", "Teams.ManageCalls,Teams.ManageChats", "teams.managecalls teams.managechats", "Teams.ManageCalls\tTeams.ManageChats",
		"Teams.ManageCalls2 Teams.ManageChats", "access_as_user", nil, 1, []string{"Teams.ManageCalls", "Teams.ManageChats"}} {
		bad("teams_token_scope", fmt.Sprintf("scp %q", scp), set("scp", scp))
	}
	bad("teams_token_scope", "roles instead", all(del("scp"), set("roles", []string{"Teams.ManageCalls", "Teams.ManageChats"})))
	text := func(name, s string) {
		bad("teams_token_invalid", name, wrap(func(string) string { return s }))
	}
	text("opaque", "0.AXoA.x")
	text("list of tokens", "["+mint(teamsToken())+"]")
	text("17 KiB", strings.Repeat("A", 17<<10))
	text("two tokens", mint(teamsToken())+" "+mint(teamsToken()))
	bad("teams_token_missing", "nothing", wrap(func(string) string { return "" }))
	bad("teams_token_invalid", "no signature", part(2, func(string) string { return "" }))
	bad("teams_token_invalid", "alg none", hset("alg", "None"))
	bad("teams_token_invalid", "alg missing", hdel("alg"))
	bad("teams_token_invalid", "duplicate oid", payload(first(`"oid":"`+bob+`"`)))
	bad("teams_token_invalid", "OID beside oid", payload(first(`"OID":"`+bob+`"`)))
	bad("teams_token_invalid", "trailing text", payload(func(s string) string { return s + "x" }))
	bad("teams_token_invalid", "JSON extras", payload(first(`"x":[1,]`)))
	bad("teams_token_audience", "the bearer itself", func(k *token) { *k = *baseV2() })
	bad("teams_token_user", "Bob's token", all(set("oid", bob), set("name", "Bob")))
	return c
}

func TestTeamsCorpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		v := newVerifier(t, options(a))
		attacks := teamsCorpus()
		for _, k := range attacks {
			if _, err := v.CheckTeams(aliceCaller, mint(teamsToken())); err != nil {
				t.Fatal(err)
			}
			jwt := mint(teamsToken(), k.edit)
			got, err := v.CheckTeams(aliceCaller, jwt)
			if codeOf(err) != k.want || got != (acsauth.TeamsToken{}) {
				t.Errorf("%s: %v, want %s", k.name, err, k.want)
				continue
			}
			checkText(t, k.name, jwt, err)
		}
		if a.count() != 0 {
			t.Errorf("%d requests", a.count())
		}
		t.Logf("class N: %d attacks", len(attacks))
	})
}

func TestTeamsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, options(newAuthority()))
		for name, c := range map[string]struct {
			change func(*acsauth.Caller)
			want   string
		}{
			"Alice":          {func(*acsauth.Caller) {}, ""},
			"Alice as guest": {func(c *acsauth.Caller) { c.Kind = acsauth.Guest }, ""},
			"Bob":            {func(c *acsauth.Caller) { c.Key.Subject = bob }, "teams_token_user"},
			"other tenant":   {func(c *acsauth.Caller) { c.Tenant = tenantB }, "teams_token_tenant"},
			"nobody":         {func(c *acsauth.Caller) { *c = acsauth.Caller{} }, "teams_token_tenant"},
			"program":        {func(c *acsauth.Caller) { c.Kind = acsauth.App }, "teams_token_user"},
		} {
			caller := aliceCaller
			c.change(&caller)
			if _, err := v.CheckTeams(caller, mint(teamsToken())); codeOf(err) != c.want {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
		}
	})
}

func TestTeamsClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			allowed, teams []string
			appid, want    string
		}{
			"allowed client":              {[]string{spaID}, nil, spaID, ""},
			"stranger":                    {[]string{spaID}, nil, strangerID, "teams_token_client"},
			"any client, none for Teams":  {[]string{"*"}, nil, spaID, "teams_not_configured"},
			"any client, one for Teams":   {[]string{"*"}, []string{spaID}, spaID, ""},
			"any client, other for Teams": {[]string{"*"}, []string{strangerID}, spaID, "teams_token_client"},
			"allowed, but not for Teams":  {[]string{spaID}, []string{strangerID}, spaID, "teams_token_client"},
			"for Teams only":              {[]string{spaID}, []string{strangerID}, strangerID, ""},
		} {
			opt := options(newAuthority())
			opt.Issuer.AllowedClients, opt.Issuer.TeamsClients = c.allowed, c.teams
			_, err := newVerifier(t, opt).CheckTeams(aliceCaller, mint(teamsToken(), set("appid", c.appid)))
			if codeOf(err) != c.want {
				t.Errorf("%s: %v, want %q", name, err, c.want)
			}
			if e, ok := errors.AsType[*acsauth.Error](err); ok && (e.Code == "teams_not_configured") != (e.Kind == acsauth.Rejected) {
				t.Errorf("%s: kind %v", name, e.Kind)
			}
		}
	})
}
