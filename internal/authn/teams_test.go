package authn_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/acs-solutions/acsauth"
)

var aliceCaller = acsauth.Caller{Issuer: "entra", Kind: acsauth.User, Tenant: tenantA, Client: spaID,
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

func TestTeamsCorpus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthority()
		v := newVerifier(t, options(a))
		w := attackWorld()
		attacks := w.TeamsCases()
		for _, k := range attacks {
			if _, err := v.CheckTeams(aliceCaller, w.Good(k)); err != nil {
				t.Errorf("%s: the twin is refused: %v", k, err)
			}
			jwt := w.Bad(k)
			got, err := v.CheckTeams(aliceCaller, jwt)
			if codeOf(err) != k.Want || got != (acsauth.TeamsToken{}) {
				t.Errorf("%s: %v, want %s", k, err, k.Want)
				continue
			}
			checkText(t, k.String(), jwt, err)
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
			opt.Issuers[0].AllowedClients, opt.Issuers[0].TeamsClients = c.allowed, c.teams
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
