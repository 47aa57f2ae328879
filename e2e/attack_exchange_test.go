package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/internal/attack"
)

// A tokenPair is a bearer token and a Teams token that do not belong together, or a request that says so.
type tokenPair struct {
	name   string
	bearer func(s *target) string // nil: the good one of Alice
	change func(m message, s *target) message
	want   want
	post   bool // for POST only
}

const teamsField = "teams-user-aad-token"

// fireExchange is class N: the Teams tokens of the corpus, in the field and in the body, and what pairs, fields and bodies add to that.
func (s *target) fireExchange(t *testing.T, result *scores) {
	t.Helper()
	var routes []route
	for _, r := range s.routes {
		if r.teams {
			routes = append(routes, r)
		}
	}
	before := s.acs.Load()
	cases := s.world.TeamsCases()
	eachOnWire(s, cases, func(w *wire, _ int, c attack.Case) {
		result.add('N', func(n *score) { n.cases++ })
		token := s.world.Bad(c)
		for _, r := range routes {
			m := s.message(r, s.good(r)).without(teamsField)
			a, err := w.send(m.with(teamsField + ": " + token).String())
			result.judge('N', fmt.Sprintf("%s: %s, in the field", r, c), refused(c.Want), a, err, token)
			if r.method == "POST" {
				a, err = w.send(m.sending(fmt.Sprintf(`{"teamsUserAadToken":%q}`, token)).String())
				w := refused(c.Want)
				if len(token) > 16<<10 {
					w = refused("body_too_large")
				}
				result.judge('N', fmt.Sprintf("%s: %s, in the body", r, c), w, a, err, token)
			}
		}
	})
	eachOnWire(s, pairs(), func(w *wire, _ int, p tokenPair) {
		result.add('N', func(n *score) { n.cases++ })
		for _, r := range routes {
			if p.post && r.method != "POST" {
				continue
			}
			bearer := s.good(r)
			if p.bearer != nil {
				bearer = p.bearer(s)
			}
			m := s.message(r).with("Authorization: Bearer " + bearer)
			if p.change != nil {
				m = p.change(m, s)
			}
			a, err := w.send(m.String())
			result.judge('N', fmt.Sprintf("%s: %s", r, p.name), p.want, a, err, bearer, s.teamsFor(nil))
		}
	})
	if n := s.acs.Load() - before; n != 0 {
		t.Errorf("class N: refused requests caused %d requests to ACS", n)
	}
	eachOnWire(s, cases, func(w *wire, i int, c attack.Case) {
		r := routes[i%len(routes)]
		a, err := w.send(s.message(r, s.good(r)).without(teamsField).with(teamsField + ": " + s.world.Good(c)).String())
		result.twin('N', fmt.Sprintf("%s: %s", r, c), a, err)
	})
}

// pairs are the rest of class N.
func pairs() []tokenPair {
	bearer := func(edits ...attack.Edit) func(*target) string {
		return func(s *target) string { return attack.Mint(s.world.V2(), edits...) }
	}
	inB := func(s *target) string {
		return attack.Mint(s.world.V2(), attack.Set("tid", attack.TenantB), attack.Set("iss", s.world.V2Issuer(attack.TenantB)), attack.By(attack.Ring()[2]))
	}
	field := func(f func(s *target) string) func(message, *target) message {
		return func(m message, s *target) message { return m.without(teamsField).with(teamsField + ": " + f(s)) }
	}
	body := func(text string) func(message, *target) message {
		return func(m message, s *target) message {
			return m.without(teamsField).sending(strings.ReplaceAll(text, "TOKEN", s.teamsFor(nil)))
		}
	}
	bobsTeams := func(s *target) string { return s.teamsFor([]string{bearer(attack.Set("oid", attack.Bob))(s)}) }
	list := []tokenPair{
		{name: "Bob with the token of Alice", bearer: bearer(attack.Set("oid", attack.Bob)), want: refused("teams_token_user")},
		{name: "Alice with the token of Bob", change: field(bobsTeams), want: refused("teams_token_user")},
		{name: "Alice of the other tenant", bearer: inB, want: refused("teams_token_tenant")},
		{name: "same oid, token of the other tenant", change: field(func(s *target) string { return attack.Mint(s.world.Teams(), attack.Set("tid", attack.TenantB)) }), want: refused("teams_token_tenant")},
		{name: "guest with her home token", bearer: bearer(attack.Set("idp", "https://sts.windows.net/"+attack.TenantB+"/")), want: refused("token_guest")},
		{name: "swapped", bearer: func(s *target) string { return s.teamsFor(nil) }, change: field(func(s *target) string { return attack.Mint(s.world.V2()) }), want: refused("token_kind")},
		{name: "Teams token twice", bearer: func(s *target) string { return s.teamsFor(nil) }, want: refused("token_kind")},
		{name: "bearer twice", change: field(func(s *target) string { return attack.Mint(s.world.V2()) }), want: refused("teams_token_audience")},
		{name: "v1 bearer as Teams token", change: field(func(s *target) string { return attack.Mint(s.world.V1()) }), want: refused("teams_token_audience")},
		{name: "program with the token of Alice", bearer: bearer(attack.Del("scp"), attack.Set("roles", []string{attack.AdminRole}), attack.Set("idtyp", "app")), want: refused("token_app_only")},
		{name: "expired bearer", bearer: bearer(attack.At("iat", -7200), attack.At("nbf", -7200), attack.At("exp", -3600)), want: refused("token_expired")},
		{name: "bearer of a stranger's client", bearer: bearer(attack.Set("azp", attack.StrangerID)), want: refused("token_client")},
		{name: "bearer without the scope", bearer: bearer(attack.Set("scp", "User.Read")), want: refused("token_scope")},
		{name: "no bearer", change: func(m message, _ *target) message { return m.without("Authorization") }, want: refused("token_missing")},
		{name: "no Teams token", change: func(m message, _ *target) message { return m.without(teamsField) }, want: refused("teams_token_missing")},
		{name: "empty field", change: field(func(*target) string { return "" }), want: refused("teams_token_missing")},
		{name: "field twice", change: func(m message, s *target) message { return m.with(teamsField + ": " + s.teamsFor(nil)) }, want: refused("request_malformed")},
		{name: "two tokens in the field", change: field(func(s *target) string { return s.teamsFor(nil) + "," + s.teamsFor(nil) }), want: refused("teams_token_invalid")},
		{name: "with a scheme", change: field(func(s *target) string { return "Bearer " + s.teamsFor(nil) }), want: refused("teams_token_invalid")},
		{name: "in quotes", change: field(func(s *target) string { return `"` + s.teamsFor(nil) + `"` }), want: refused("teams_token_invalid")},
		{name: "token in the query", change: func(m message, s *target) message {
			method, rest, _ := strings.Cut(m.line, " ")
			at, _, _ := strings.Cut(rest, " ")
			return m.without(teamsField).to(method, at+"?teamsUserAadToken="+s.teamsFor(nil))
		}, want: refused("request_malformed")},
		{name: "token in another field", change: func(m message, s *target) message {
			return m.without(teamsField).with("X-Teams-User-Aad-Token: "+s.teamsFor(nil), "teams_user_aad_token: "+s.teamsFor(nil))
		}, want: refused("teams_token_missing")},
		{name: "other token in the body", post: true, change: func(m message, s *target) message {
			return m.sending(fmt.Sprintf(`{"teamsUserAadToken":%q}`, bobsTeams(s)))
		}, want: refused("request_malformed")},
	}
	for _, text := range []string{`{"teamsUserAadToken":"TOKEN","userId":"` + attack.Bob + `"}`, `{"teamsUserAadToken":"TOKEN","appId":"` + attack.StrangerID + `"}`, `{"teamsUserAadToken":["TOKEN"]}`, `{"teamsUserAadToken":{"token":"TOKEN"}}`,
		`{"teamsUserAadToken":null}`, `{"teamsUserAadToken":1}`, `{"teamsUserAadToken":"TOKEN","teamsUserAadToken":"TOKEN"}`, `{"TeamsUserAadToken":"TOKEN"}`, `{"teamsuseraadtoken":"TOKEN"}`, `{"token":"TOKEN"}`, `["TOKEN"]`, `"TOKEN"`,
		`{"teamsUserAadToken":"TOKEN"}{}`, `{"teamsUserAadToken":"TOKEN",}`, `{"teamsUserAadToken":"TOKEN"`, `{'teamsUserAadToken':'TOKEN'}`, `{"teamsUserAadToken":"TOKEN","scopes":["chat"]}`, `{"teamsUserAadToken":"TOKEN","expiresInMinutes":1440}`} {
		list = append(list, tokenPair{name: "body " + text, post: true, change: body(text), want: refused("body_invalid")})
	}
	return append(list, tokenPair{name: "body without the token", post: true, change: body("{}"), want: refused("teams_token_missing")},
		tokenPair{name: "empty token in the body", post: true, change: body(`{"teamsUserAadToken":""}`), want: refused("teams_token_missing")})
}
