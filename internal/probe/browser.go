package probe

import (
	"net/http"
	"strings"
)

// notCached wants an answer that no cache keeps.
func notCached(a answer) string {
	if !strings.Contains(a.header.Get("Cache-Control"), "no-store") {
		return "no Cache-Control: no-store"
	}
	return ""
}

// browserCases are about what pages of other origins may do, and what caches keep.
func browserCases(token string) []testCase {
	origin := "https://" + newGUID() + ".invalid" // never a real one (RFC 6761 section 6.4)
	closed := func(a answer) string {
		if a.header.Get("Access-Control-Allow-Origin") != "" {
			return "Access-Control-Allow-Origin is given to any origin"
		}
		return ""
	}
	simple := bearing(token)
	simple.header.Set("Origin", origin)
	null := bearing(token)
	null.header.Set("Origin", "null")
	preflight := request{http.MethodOptions, "/api/user", headers("Origin", origin, "Access-Control-Request-Method", "GET", "Access-Control-Request-Headers", "authorization")}
	return []testCase{
		{control: "cors", name: "a foreign origin", req: simple, good: served, check: closed},
		{control: "cors", name: "origin null", req: null, good: served, check: closed},
		{control: "cors", name: "preflight of a foreign origin", req: preflight, status: 405, codes: []string{"method_not_allowed"}, check: closed},
		{control: "no-store", name: "a good answer", req: bearing(token), good: served, check: notCached},
		{control: "no-store", name: "a refusal", req: get(), good: []string{"401 token_missing"}, check: notCached},
		{control: "redirect", name: "a good request", req: bearing(token), good: served, check: stays},
		{control: "redirect", name: "a closing slash", req: request{http.MethodGet, "/api/user/", headers("Authorization", "Bearer "+token)}, status: 404, codes: []string{"route_not_found"}, check: stays},
	}
}

// stays wants an answer that sends the client, and its token, nowhere else.
func stays(a answer) string {
	if a.header.Get("Location") != "" || a.status/100 == 3 {
		return "a redirect"
	}
	return ""
}
