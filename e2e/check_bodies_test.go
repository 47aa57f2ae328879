package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// knownMember is a member that the body of a route may have, with a good value, or "".
func knownMember(r route) string {
	switch {
	case r.admin:
		member := strings.Trim(r.body, "{}")
		if strings.HasPrefix(member, `"user"`) {
			return member + "}"
		}
		return member
	case r.teams:
		return `"teamsUserAadToken":""`
	case strings.HasSuffix(r.path, "oken") || strings.HasSuffix(r.path, "/token"):
		return `"expiresInMinutes":60`
	}
	return ""
}

// K-04: an unknown member, one that is there twice, a wrong type, another kind of content and scopes beyond those of the
// service are refused with 400, 403 or 415 on every route that takes a body; its twin passes.
func TestBodiesAreStrict(t *testing.T) {
	s := startTarget(t, map[string]string{"ACSAUTH_SCOPES": "chat"})
	w := &wire{addr: s.addr}
	defer w.close()
	requests := 0
	for _, r := range s.routes {
		if r.body == "" {
			continue
		}
		good := s.message(r, s.good(r))
		try := func(name, code string, m message) {
			t.Helper()
			requests++
			a, err := w.send(m.String())
			switch {
			case err != nil:
				t.Errorf("%s, %s: %v", r, name, err)
			case code == "":
				if !passed(a) {
					t.Errorf("%s, %s: %s", r, name, a)
				}
			default:
				status := statusOf[code]
				if code == "scope_invalid" {
					status = 400
				}
				if code == "scope_not_allowed" {
					status = 403
				}
				if a.code != code || a.status != status || !a.isProblem() {
					t.Errorf("%s, %s: %s, want %d %s", r, name, a, status, code)
				}
			}
		}
		member := knownMember(r)
		with := func(more string) string { return "{" + strings.Trim(member+","+more, ",") + "}" }
		bad := map[string]string{
			"unknown member": with(`"unknown":1`), "another case": with(`"SCOPES":["chat"]`), "prototype": with(`"__proto__":{}`), "user of another": with(`"userId":"x"`), "escaped unknown": with(`"\u0061dmin":true`),
			"no object": "[]", "null": "null", "a text": `"x"`, "a number": "1", "two objects": "{}{}", "half": "{", "trailing comma": `{"a":1,}`, "comment": "{/**/}", "single quotes": "{'a':1}", "not UTF-8": "{\"a\":\"\xff\"}", "UTF-16": "\xff\xfe{\x00}\x00", "BOM": "\xef\xbb\xbf{}",
		}
		if member != "" {
			name, _, _ := strings.Cut(member, ":")
			bad["twice"] = "{" + member + "," + member + "}"
			bad["twice, escaped"] = "{" + member + "," + `"\u00` + fmt.Sprintf("%02x", name[1]) + name[2:] + member[len(name):] + "}"
			for _, value := range []string{"null", "true", "{}", "[1]", `["x",null]`, "1.5", "-1e999"} {
				if !(r.teams && value == "null") {
					bad["wrong type "+value] = "{" + name + ":" + value + "}"
				}
			}
		}
		for name, body := range bad {
			try(name, "body_invalid", good.sending(body))
		}
		for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16", "application/xml", "multipart/form-data; boundary=x", "application/json, text/plain", "json", "application/problem+json"} {
			try("content "+kind, "media_type_unsupported", good.without("Content-Type").with("Content-Type: "+kind))
		}
		try("no content type", "media_type_unsupported", good.without("Content-Type"))
		try("compressed", "media_type_unsupported", good.with("Content-Encoding: gzip"))
		if member == `"expiresInMinutes":60` {
			for body, code := range map[string]string{`{"scopes":["chat","voip"]}`: "scope_not_allowed", `{"scopes":["voip.join"]}`: "scope_not_allowed", `{"scopes":["admin"]}`: "scope_invalid", `{"scopes":["chat","chat.everything"]}`: "scope_invalid",
				`{"scopes":[]}`: "scope_invalid", `{"scopes":["Chat"]}`: "scope_invalid", `{"scopes":["chat voip"]}`: "scope_invalid", `{"scopes":["chat\u0000"]}`: "scope_invalid", `{"scopes":["chat","chat","chat","chat","chat","chat"]}`: "scope_invalid"} {
				try(body, code, good.sending(body))
			}
			try("narrower", "", good.sending(`{"scopes":["chat.join"]}`))
		}
		try("its twin", "", good)
	}
	t.Logf("%d requests", requests)
	s.health(t)
}
