package explain

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A loose is a token read without any rule, to say what it is.
type loose struct{ header, claims map[string]any }

func readLoose(token string) (loose, bool) {
	var l loose
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return l, false
	}
	for i, into := range [...]*map[string]any{&l.header, &l.claims} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(b, into) != nil {
			return l, false
		}
	}
	return l, l.claims != nil
}

func (l loose) has(name string) bool { _, ok := l.claims[name]; return ok }

func (l loose) text(name string) string { s, _ := l.claims[name].(string); return s }

func (l loose) time(name string) (time.Time, bool) {
	sec, ok := l.claims[name].(float64)
	return time.Unix(int64(sec), 0).UTC(), ok && sec >= 0 && sec < 1<<40
}

// A sort is what a token is, and what is usually wrong if it is sent to this service.
type sort struct {
	name  string
	usual string // "": it is of the right kind
	code  string // by which the service refuses it
}

const acsAudience = "https://auth.msft.communication.azure.com"

// sortOf says what a token is, by the claims that only that kind has.
func sortOf(token string) sort {
	l, ok := readLoose(token)
	if !ok {
		return sortOfText(token)
	}
	aud := strings.TrimRight(strings.ToLower(l.text("aud")), "/")
	app := l.text("idtyp") == "app" || !l.has("scp") && !l.has("scope") && l.has("roles")
	switch {
	case l.has("skypeid") || l.has("acsScope"):
		return sort{"an access token of ACS", "This is what this service hands out. Send the token for this API instead.", "token_kind"}
	case l.has("at_hash") || l.has("c_hash") || l.has("nonce") || !l.has("scp") && !l.has("scope") && !app && !l.has("azp") && !l.has("appid"):
		return sort{"an ID token", "Send accessToken of the MSAL result, not idToken, and request the scope of this API for it.", "token_is_id_token"}
	case aud == "00000003-0000-0000-c000-000000000000" || strings.Contains(aud, "//graph.microsoft") || strings.Contains(aud, "//graph.windows"):
		return sort{"an access token for Microsoft Graph", "MSAL gives one token for each API. Request the scope of this API in a call of its own, not together with User.Read.", "token_for_graph"}
	case aud == acsAudience || aud == "1fd5118e-2576-4263-8130-9503064c837a":
		return sort{"a Teams user's token for ACS", "It belongs into the header teams-user-aad-token of /exchangeToken. In Authorization, send a token for this API.", "token_kind"}
	case app:
		return sort{"an app-only access token: a program, no user", "Routes for users need a user's token. The administration routes take it, if its app role and client are allowed (--admin).", "token_app_only"}
	}
	return sort{name: "a user's access token"}
}

func sortOfText(token string) sort {
	const send = "Send accessToken of the MSAL result exactly as it is: three parts with dots between, no quotes."
	switch strings.Count(token, ".") {
	case 4:
		return sort{"an encrypted token (five parts)", "Only the API that it was encrypted for can read it. " + send, "token_invalid"}
	case 2:
		return sort{"three parts, but not a JWT", send, "token_invalid"}
	}
	return sort{"not a JWT; a refresh token, a code or a secret looks like this", send, "token_invalid"}
}

// kindOf is one line about a token: what it is, its version and its time.
func kindOf(token string) string {
	s := sortOf(token)
	l, ok := readLoose(token)
	if !ok {
		return s.name
	}
	name := s.name
	if v := l.text("ver"); v == "1.0" || v == "2.0" {
		name += ", v" + v[:1]
	}
	if exp, ok := l.time("exp"); ok {
		name += ", " + life(exp)
	}
	return name
}

func life(exp time.Time) string {
	left := time.Until(exp).Round(time.Minute)
	switch {
	case left > 0:
		return fmt.Sprintf("expires in %s (%s)", span(left), exp.Format(time.RFC3339))
	case time.Until(exp) > 0:
		return "expires within a minute"
	}
	return fmt.Sprintf("expired %s ago (%s)", span(-left), exp.Format(time.RFC3339))
}

// span is a duration in the two greatest units.
func span(d time.Duration) string {
	h, m := int(d.Hours()), int(d.Minutes())%60
	switch {
	case h >= 48:
		return fmt.Sprintf("%d days", h/24)
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	}
	return fmt.Sprintf("%d min", m)
}

// describe judges a token without any settings.
func (a *answer) describe(token string, teams bool) {
	a.Verdict, a.Offline = plausible, true
	a.Notes = append(a.Notes, "No setting says whose tokens are accepted, so only the kind and the times were looked at. The signature was not checked.")
	s := sortOf(token)
	l, ok := readLoose(token)
	if ok {
		a.Claims = safe(l)
	}
	if teams {
		if s.code == "token_kind" && strings.HasPrefix(s.name, "a Teams") {
			s = sort{}
		} else {
			s = sort{s.name, "Request the scopes " + acsAudience + "/Teams.ManageCalls and /Teams.ManageChats for the Teams user.", "teams_token_audience"}
		}
	}
	exp, timed := l.time("exp")
	switch {
	case s.code != "":
		a.refuse(s.code, "an access token for this API", s.name, s.usual)
	case timed && time.Until(exp) <= 0 && !teams:
		a.refuse("token_expired", "exp in the future", exp.Format(time.RFC3339), "Call acquireTokenSilent before each request; it renews the token in time.")
	case timed && time.Until(exp) <= time.Minute && teams:
		a.refuse("teams_token_expired", "a minute of life", exp.Format(time.RFC3339), "Call acquireTokenSilent for the Teams scopes before each exchange.")
	}
}

func (a *answer) refuse(code, expected, found, change string) {
	a.Verdict, a.Code, a.Expected, a.Found, a.Change = refused, code, expected, found, change
}

// safe lists claims as authn shows them: of those that name a person, whether they are there.
func safe(l loose) (out []claim) {
	for _, name := range [...]string{"iss", "aud", "ver", "tid", "scp", "roles", "azp", "appid", "azpacr", "appidacr", "idtyp"} {
		if v, ok := l.claims[name]; ok {
			out = append(out, claim{name, shown(v)})
		}
	}
	for _, name := range [...]string{"iat", "nbf", "exp"} {
		if t, ok := l.time(name); ok {
			out = append(out, claim{name, t.Format(time.RFC3339)})
		}
	}
	for _, name := range [...]string{"oid", "sub"} {
		state := "missing"
		if l.has(name) {
			state = "present"
		}
		out = append(out, claim{name, state})
	}
	return out
}

// shown is a value fit for a terminal: printable, and at most 100 bytes.
func shown(v any) string {
	b, err := json.Marshal(v)
	if err != nil || len(b) > 100 {
		return "too long to show"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, string(b))
}
