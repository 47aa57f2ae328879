package probe

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The life of an ACS token that the server may hand out: a kept one has 15 minutes left at least, none lives longer than a day.
const (
	leastLife = 15 * time.Minute
	mostLife  = 24 * time.Hour
	tolerance = 2 * time.Minute // for the clocks of prober and server
)

// plain asks what needs no token.
func (p *positive) plain(ctx context.Context, check, path string) {
	if a, ok := p.ask(ctx, check, "GET "+path, request{http.MethodGet, path, headers()}, 200); ok {
		p.conclude(a, "")
	}
}

// user asks who the user is.
func (p *positive) user(ctx context.Context) {
	a, ok := p.ask(ctx, checkUser, "GET /getUser", p.bearingAt(http.MethodGet, "/getUser"), 200, 201)
	if !ok {
		return
	}
	var u struct{ ACSUserIdentity, ID, CommunicationUserID, RawID string }
	wrong := ""
	switch {
	case !a.decode(&u):
		wrong = "the answer is not JSON"
	case !strings.HasPrefix(u.ID, "8:acs:") || u.ACSUserIdentity != u.ID || u.CommunicationUserID != u.ID || u.RawID != u.ID:
		wrong = "the four names of the identity are not all there and the same"
	default:
		p.id = u.ID
	}
	p.conclude(a, wrong)
	p.cache("GET /getUser", a)
}

// tokens asks for a token, which may be a kept one, and for a fresh one, which ACS has to issue.
func (p *positive) tokens(ctx context.Context) {
	for _, c := range []struct{ check, path string }{{checkToken, "/getToken"}, {checkRefresh, "/refreshToken"}} {
		name := "POST " + c.path
		a, ok := p.ask(ctx, c.check, name, p.bearingAt(http.MethodPost, c.path), 200)
		if !ok {
			continue
		}
		var t issued
		if !a.decode(&t) {
			p.conclude(a, "the answer is not JSON")
			continue
		}
		p.conclude(a, t.fault(p.id))
		p.note(t.life(name, time.Now()), 0)
		p.cache(name, a)
	}
	for _, check := range []string{checkLife, checkCache} {
		if !slices.ContainsFunc(p.report.Results, func(r Timed) bool { return r.Control == check }) {
			p.untested(check, "no token was issued")
		}
	}
}

// issued is the answer with an ACS token.
type issued struct {
	Token, ExpiresOn, RefreshAfter, Kind, Endpoint string
	ExpiresOnTimestamp                             int64
	Scopes                                         []string
	User                                           struct{ ID, CommunicationUserID, RawID string }
}

// fault says which member is not as it must be. The token is opaque: it is there, and that is all.
func (t issued) fault(id string) string {
	expires, err := time.Parse(time.RFC3339, t.ExpiresOn)
	refresh, rerr := time.Parse(time.RFC3339, t.RefreshAfter)
	switch {
	case t.Token == "":
		return "no token"
	case t.Kind != "communicationUser":
		return "kind is not communicationUser"
	case err != nil || t.ExpiresOnTimestamp/1000 != expires.Unix():
		return "expiresOn and expiresOnTimestamp are not the same time"
	case rerr != nil || refresh.After(expires):
		return "refreshAfter is not before the end"
	case !strings.HasPrefix(t.Endpoint, "http") || len(t.Scopes) == 0:
		return "no endpoint or no scopes"
	case t.User.ID == "" || t.User.RawID != t.User.ID || t.User.CommunicationUserID != t.User.ID:
		return "the three names of the identity are not all there and the same"
	case id != "" && t.User.ID != id:
		return "another identity than /getUser says"
	}
	return ""
}

// life judges how long the token is good for.
func (t issued) life(name string, now time.Time) Result {
	r := Result{Control: checkLife, Case: name, Expected: "15m to 24h", Got: "no time", Verdict: WrongAnswer}
	if t.ExpiresOnTimestamp == 0 {
		return r
	}
	left := time.UnixMilli(t.ExpiresOnTimestamp).Sub(now)
	r.Got = left.Round(time.Minute).String()
	if left >= leastLife-tolerance && left <= mostLife+tolerance {
		r.Verdict = Accepted
	}
	return r
}

func (p *positive) cache(name string, a full) {
	r := Result{Control: checkCache, Case: name, Expected: "Cache-Control: no-store", Got: "no-store", Verdict: Accepted}
	if wrong := notCached(a.answer); wrong != "" {
		r.Got, r.Verdict = wrong, WrongAnswer
	}
	p.note(r, 0)
}

// bad sends what must be refused: no token, one that nobody signed, and the good one with a bit changed.
func (p *positive) bad(ctx context.Context) {
	cases := []testCase{
		refused(checkBad, "no token", get(), 401, "token_missing"),
		refused(checkBad, "a token that nobody signed", bearing(forgedToken()), 401, "token_issuer"),
	}
	cases[1].any, cases[1].codes = true, []string{"token_issuer", "token_version", "token_invalid", "token_key_unknown", "token_tenant", "token_signature"}
	if t, err := parse(p.Token); err == nil && p.Err == nil && t.time("exp") > time.Now().Unix() {
		cases = append(cases, refused(checkBad, "one bit of the signature changed", bearing(t.damaged().compact()), 401, "token_signature"))
	}
	for _, k := range cases {
		began := time.Now()
		a, err := send(ctx, p.client, p.URL, k.req)
		r := Result{Control: k.control, Case: k.name, Expected: k.expected(), Verdict: NoAnswer}
		if err == nil {
			r = k.judge(a)
		} else {
			r.Got = err.Error()
		}
		p.note(r, time.Since(began))
	}
}

// metadata reads the two documents that a server with a public URL has.
func (p *positive) metadata(ctx context.Context) {
	const resource, server = "/.well-known/oauth-protected-resource", "/.well-known/oauth-authorization-server"
	a, ok := p.ask(ctx, checkMetadata, "GET "+resource, request{http.MethodGet, resource, headers()}, 200, 404)
	switch {
	case !ok:
		return
	case a.status == http.StatusNotFound && a.code == "route_not_found":
		p.untested(checkMetadata, "the server has no ACSAUTH_PUBLIC_URL")
		return
	case a.status == http.StatusNotFound:
		p.conclude(a, "404, and not from the server")
		return
	}
	var m struct {
		Resource string   `json:"resource"`
		Servers  []string `json:"authorization_servers"`
		Methods  []string `json:"bearer_methods_supported"`
	}
	if !a.decode(&m) || m.Resource == "" || len(m.Servers) == 0 || !slices.Contains(m.Methods, "header") {
		p.conclude(a, "resource, authorization_servers or bearer_methods_supported is missing")
		return
	}
	p.conclude(a, "")
	b, ok := p.ask(ctx, checkMetadata, "GET "+server, request{http.MethodGet, server, headers()}, 200)
	if !ok {
		return
	}
	var s struct {
		Issuer string `json:"issuer"`
		Tokens string `json:"token_endpoint"`
	}
	wrong := ""
	if !b.decode(&s) || s.Issuer != m.Resource || !strings.HasPrefix(s.Tokens, strings.TrimSuffix(s.Issuer, "/")+"/") {
		wrong = "issuer or token_endpoint is not that of the resource"
	}
	p.conclude(b, wrong)
}

// cors asks as a browser does before it lets a page of the origin call.
func (p *positive) cors(ctx context.Context) {
	if p.Origin == "" {
		p.untested(checkCORS, "needs --origin")
		return
	}
	r := request{http.MethodOptions, "/getToken", headers("Origin", p.Origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")}
	a, ok := p.ask(ctx, checkCORS, "preflight of "+p.Origin, r, 200, 204, 405)
	if !ok {
		return
	}
	allowed := a.header.Get("Access-Control-Allow-Origin")
	wrong := ""
	switch {
	case allowed != p.Origin && allowed != "*":
		wrong = "the origin is not allowed"
	case a.status == http.StatusMethodNotAllowed || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "POST"):
		wrong = "POST is not allowed"
	case !strings.Contains(strings.ToLower(a.header.Get("Access-Control-Allow-Headers")), "authorization"):
		wrong = "the header Authorization is not allowed"
	}
	p.conclude(a, wrong)
}
