package acs

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const testExpiry24 = "2026-01-06T09:08:07.1501519+00:00"

func TestCreate(t *testing.T) {
	for _, tc := range []struct{ name, body, expires string }{
		{"JS: empty body", "", ""},
		{"NET: empty object", "{}", ""},
		{"null", "null", ""},
		{"no scopes", `{"createTokenWithScopes":[]}`, ""},
		{"lifetime without scopes is ignored", `{"expiresInMinutes":1}`, ""},
		{"customId is ignored", `{"customId":"alice"}`, ""},
		{"unknown field", `{"colour":{"r":1}}`, ""},
		{"token", `{"createTokenWithScopes":["chat","voip"]}`, testExpiry24},
		{"null lifetime", `{"createTokenWithScopes":["chat"],"expiresInMinutes":null}`, testExpiry24},
		{"shortest", `{"createTokenWithScopes":["chat"],"expiresInMinutes":60}`, "2026-01-05T10:08:07.1501519+00:00"},
		{"longest", `{"createTokenWithScopes":["voip.join"],"expiresInMinutes":1440}`, testExpiry24},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, nil)
			got := read[createReply](t, f.do("POST", "/identities", tc.body), 201)
			if !regexp.MustCompile(`^8:acs:` + testResource + `_[0-9a-f-]{36}$`).MatchString(got.Identity.ID) {
				t.Errorf("id %q", got.Identity.ID)
			}
			if (got.AccessToken != nil) != (tc.expires != "") {
				t.Fatalf("token %v, want one: %v", got.AccessToken, tc.expires != "")
			}
			if got.AccessToken != nil && got.AccessToken.ExpiresOn != tc.expires {
				t.Errorf("expiresOn %s, want %s", got.AccessToken.ExpiresOn, tc.expires)
			}
			if got.Identity.CustomID != "" || got.Identity.LastIssued != "" {
				t.Errorf("preview fields in a stable version: %+v", got.Identity)
			}
		})
	}
}

func TestCreateRefusals(t *testing.T) {
	for _, tc := range []struct{ name, body, target, message string }{
		{"too short", `{"createTokenWithScopes":["chat"],"expiresInMinutes":59}`, "ExpiresInMinutes", "ExpiresInMinutes value 59 is invalid. Value must be within the [60, 1440] interval."},
		{"too long", `{"createTokenWithScopes":["chat"],"expiresInMinutes":1441}`, "ExpiresInMinutes", "ExpiresInMinutes value 1441 is invalid. Value must be within the [60, 1440] interval."},
		{"negative", `{"createTokenWithScopes":["chat"],"expiresInMinutes":-60}`, "ExpiresInMinutes", "ExpiresInMinutes value -60 is invalid. Value must be within the [60, 1440] interval."},
		{"unknown scope", `{"createTokenWithScopes":["chat","pstn"]}`, "createTokenWithScopes", "Provided scope 'pstn' is not supported."},
		{"scope in capitals", `{"createTokenWithScopes":["Chat"]}`, "createTokenWithScopes", "Provided scope 'Chat' is not supported."},
		{"null scope", `{"createTokenWithScopes":[null]}`, "createTokenWithScopes", "Provided scope '' is not supported."},
		{"not JSON", `{"createTokenWithScopes":`, "", "The request body is not valid JSON or a field has the wrong type."},
		{"two values", `{} {}`, "", "The request body is not valid JSON or a field has the wrong type."},
		{"an array", `[]`, "", "The request body is not valid JSON or a field has the wrong type."},
		{"a fraction", `{"createTokenWithScopes":["chat"],"expiresInMinutes":60.5}`, "", "The request body is not valid JSON or a field has the wrong type."},
		{"beyond int32", `{"createTokenWithScopes":["chat"],"expiresInMinutes":4294967356}`, "", "The request body is not valid JSON or a field has the wrong type."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFixture(t, nil)
			got := read[envelope](t, f.do("POST", "/identities", tc.body), 400)
			want := envelope{envelopeError{Code: "ValidationError", Message: tc.message, Target: tc.target}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if n := len(f.Identities()); n != 0 {
				t.Errorf("%d identities were made", n)
			}
		})
	}
}

func TestIssue(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	for _, path := range []string{pathOf(id), "/identities/" + id, "//identities/" + id} {
		got := read[accessToken](t, f.do("POST", path+"/:issueAccessToken", `{"scopes":["chat"],"expiresInMinutes":120}`), 200)
		if got.ExpiresOn != "2026-01-05T11:08:07.1501519+00:00" || got.Token == "" {
			t.Errorf("%s: %+v", path, got)
		}
	}
	if n := f.Identities()[0].TokensIssued; n != 3 {
		t.Errorf("%d tokens counted, want 3", n)
	}
}

func TestIssueRefusals(t *testing.T) {
	f := newFixture(t, nil)
	path := pathOf(f.createOne()) + "/:issueAccessToken"
	for body, target := range map[string]string{
		"":                     "scopes",
		"{}":                   "scopes",
		`{"scopes":[]}`:        "scopes",
		`{"scopes":["email"]}`: "scopes",
		`{"scopes":["chat"],"expiresInMinutes":59}`: "ExpiresInMinutes",
		`{"scopes":"chat"}`:                         "",
	} {
		wantRefusal(t, f.do("POST", path, body), 400, "ValidationError", target)
	}
	// The body is judged before the identity.
	wantRefusal(t, f.do("POST", "/identities/8:acs:x_y/:issueAccessToken", "{}"), 400, "ValidationError", "scopes")
}

func TestForeignIdentitiesAreNotOwned(t *testing.T) {
	f := newFixture(t, nil)
	own := f.createOne()
	deleted := f.createOne()
	wantEmpty(t, f.do("DELETE", pathOf(deleted), ""))
	user := own[strings.LastIndex(own, "_")+1:]
	for name, id := range map[string]string{
		"another resource": "8:acs:11111111-2222-3333-4444-555555555555_" + user,
		"never created":    "8:acs:" + testResource + "_00000005-14a2-493b-8a72-5a3a0d000081",
		"upper case":       strings.ToUpper(own[:6]) + own[6:],
		"upper case user":  own[:len(own)-36] + strings.ToUpper(user),
		"Teams user":       "8:orgid:" + user,
		"not an id":        "alice",
		"braces":           own[:len(own)-36] + "{" + user + "}",
		"trailing byte":    own + "x",
		"encoded slash":    "8:acs:%2F",
	} {
		t.Run(name, func(t *testing.T) {
			path := "/identities/" + id
			want := envelope{envelopeError{Code: "IdentityNotOwned", Message: "Provided identity doesn't belong to the resource."}}
			for _, w := range []envelope{
				read[envelope](t, f.do("POST", path+"/:issueAccessToken", `{"scopes":["chat"]}`), 401),
				read[envelope](t, f.do("POST", path+"/:revokeAccessTokens", ""), 401),
				read[envelope](t, f.do("DELETE", path, ""), 401),
				read[envelope](t, f.preview("GET", path, ""), 401),
			} {
				if diff := cmp.Diff(want, w); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
	wantRefusal(t, f.do("POST", pathOf(deleted)+"/:issueAccessToken", `{"scopes":["chat"]}`), 401, "IdentityNotOwned", "")
	wantRefusal(t, f.do("POST", pathOf(deleted)+"/:revokeAccessTokens", ""), 401, "IdentityNotOwned", "")
	wantRefusal(t, f.preview("GET", pathOf(deleted), ""), 401, "IdentityNotOwned", "")
}

func TestDeleteTwice(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	want := map[string]int64{"create": 1, "delete": 1, "repeat": 1}
	if diff := cmp.Diff(want, f.Counters()); diff != "" {
		t.Error(diff)
	}
	got := f.Identities()
	want2 := []Identity{{ID: id, Created: f.clock.now(), Deleted: true, RevokedAt: f.clock.now()}}
	if diff := cmp.Diff(want2, got); diff != "" {
		t.Error(diff)
	}
}

func TestRevoke(t *testing.T) {
	f := newFixture(t, nil)
	id := f.createOne()
	before := f.issueOne(id)
	f.clock.advance(time.Second)
	wantEmpty(t, f.do("POST", pathOf(id)+"/:revokeAccessTokens", ""))
	if got := f.Introspect(before); got != TokenRevoked {
		t.Errorf("a revoked token is %s", got)
	}
	// The same second: order decides, not time.
	if got := f.Introspect(f.issueOne(id)); got != TokenActive {
		t.Errorf("a token issued after the revocation is %s", got)
	}
	if got := f.Identities()[0].RevokedAt; !got.Equal(f.clock.now()) {
		t.Errorf("revoked at %v", got)
	}
}

func TestPreviewCustomID(t *testing.T) {
	f := newFixture(t, nil)
	const body = `{"customId":"sally","createTokenWithScopes":["chat"]}`
	first := read[createReply](t, f.preview("POST", "/identities", `{"customId":"sally"}`), 201)
	if first.Identity.CustomID != "sally" || first.Identity.LastIssued != "" || first.AccessToken != nil {
		t.Errorf("first: %+v", first)
	}
	f.clock.advance(time.Minute)
	again := read[createReply](t, f.preview("POST", "/identities", body), 201)
	want := identityBody{ID: first.Identity.ID, CustomID: "sally", LastIssued: "2026-01-05T09:09:07.1501519+00:00"}
	if diff := cmp.Diff(want, again.Identity); diff != "" || again.AccessToken == nil {
		t.Error(diff, again.AccessToken)
	}
	if diff := cmp.Diff(want, read[identityBody](t, f.preview("GET", pathOf(want.ID), ""), 200)); diff != "" {
		t.Error(diff)
	}
	wantEmpty(t, f.preview("DELETE", pathOf(want.ID), ""))
	if next := read[createReply](t, f.preview("POST", "/identities", body), 201); next.Identity.ID == want.ID {
		t.Error("a deleted identity came back by its customId")
	}
	wantCounts := map[string]int64{"create": 2, "reuse": 1, "get": 1, "delete": 1, "tokens": 2}
	if diff := cmp.Diff(wantCounts, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestCustomIDIsThePreviewsOnly(t *testing.T) {
	f := newFixture(t, nil)
	for range 2 {
		if w := f.do("POST", "/identities", `{"customId":"sally"}`); w.Code != 201 {
			t.Fatal(w.Code)
		}
	}
	if n := f.Counters()["create"]; n != 2 {
		t.Errorf("%d identities, want 2", n)
	}
}

func TestPreviewCustomIDLength(t *testing.T) {
	f := newFixture(t, nil)
	for length, ok := range map[int]bool{0: false, 1: true, 256: true, 257: false} {
		w := f.preview("POST", "/identities", fmt.Sprintf(`{"customId":"%s"}`, strings.Repeat("ä", length)))
		if ok && w.Code != 201 {
			t.Errorf("%d characters: %d", length, w.Code)
		}
		if !ok {
			wantRefusal(t, w, 400, "ValidationError", "customId")
		}
	}
}

func TestRegistryIsBounded(t *testing.T) {
	f := newFixture(t, nil)
	f.registry.max = 2
	id := f.createOne()
	f.createOne()
	wantEmpty(t, f.do("DELETE", pathOf(id), ""))
	wantRefusal(t, f.do("POST", "/identities", ""), 503, "ServiceUnavailable", "")
}

func TestReset(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.Limits = map[string]int{"create": 1} })
	id := f.createOne()
	token := f.issueOne(id)
	f.SetFault(func(string) Fault { return Fault{Status: 500} })
	f.Reset()
	if n := len(f.Identities()) + len(f.Counters()); n != 0 {
		t.Errorf("%d identities and counts left", n)
	}
	if got := f.Introspect(token); got != TokenUnknown {
		t.Errorf("token is %s", got)
	}
	f.createOne()
}
