package acs

import (
	"encoding/base64"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	secondResource = "3dee53b4-368b-45b4-ab52-8493fb117652"
	secondKey      = "dGhlIHNlY29uZCByZXNvdXJjZSBoYXMgYSBrZXkgb2YgaXRzIG93bg=="
)

func withSecond(o *Options) {
	o.Resources = []Resource{{ID: secondResource, Keys: [2]string{secondKey}}}
}

// with sends a request signed with a key.
func (f *fixture) with(key, method, target, body string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := f.request(method, target, body)
	sign(r, key, body, f.clock.now())
	return f.serve(r)
}

func TestResourcesAreToldApartByTheKey(t *testing.T) {
	f := newFixture(t, withSecond)
	ours := f.createOne()
	const body = `{"createTokenWithScopes":["chat"],"customId":"sally"}`
	mine := read[createReply](t, f.preview("POST", "/identities", body), 201)
	theirs := read[createReply](t, f.with(secondKey, "POST", "/identities?api-version="+versionPreview, body), 201)
	if !strings.HasPrefix(theirs.Identity.ID, "8:acs:"+secondResource+"_") || theirs.Identity.ID == mine.Identity.ID {
		t.Errorf("identity %s", theirs.Identity.ID)
	}
	if got := claimsOf(t, theirs.AccessToken.Token)["resourceId"]; got != secondResource {
		t.Errorf("resourceId %v", got)
	}
	for _, call := range []struct{ method, suffix, body string }{
		{"POST", "/:issueAccessToken", `{"scopes":["chat"]}`}, {"POST", "/:revokeAccessTokens", ""}, {"GET", "", ""}, {"DELETE", "", ""},
	} {
		w := f.preview(call.method, pathOf(theirs.Identity.ID)+call.suffix, call.body)
		wantRefusal(t, w, 401, "IdentityNotOwned", "")
		w = f.with(secondKey, call.method, pathOf(ours)+call.suffix+"?api-version="+versionPreview, call.body)
		wantRefusal(t, w, 401, "IdentityNotOwned", "")
	}
	f.state(theirs.AccessToken.Token, TokenActive)
	wantEmpty(t, f.with(secondKey, "DELETE", pathOf(theirs.Identity.ID)+"?api-version="+stable, ""))
	f.state(theirs.AccessToken.Token, TokenRevoked)
	f.state(mine.AccessToken.Token, TokenActive)
}

func TestBearerCallersBelongToTheFirstResource(t *testing.T) {
	f := newFixture(t, withSecond)
	theirs := read[createReply](t, f.with(secondKey, "POST", "/identities?api-version="+stable, ""), 201).Identity.ID
	for id, status := range map[string]int{f.createOne(): 204, theirs: 401} {
		r := f.request("DELETE", pathOf(id)+"?api-version="+stable, "")
		r.Header.Set("Authorization", `Bearer {"aud":"https://communication.azure.com/"}`)
		if w := f.serve(r); w.Code != status {
			t.Errorf("%s: %d, want %d", id, w.Code, status)
		}
	}
}

func TestResourcesAreLimitedApart(t *testing.T) {
	f := newFixture(t, func(o *Options) { withSecond(o); o.Limits = map[string]int{"create": 1} })
	f.createOne()
	wantRefusal(t, f.do("POST", "/identities", ""), 429, "TooManyRequests", "")
	if w := f.with(secondKey, "POST", "/identities?api-version="+stable, ""); w.Code != 201 {
		t.Errorf("the other resource: %d", w.Code)
	}
}

func TestRegenerateKey(t *testing.T) {
	f := newFixture(t, withSecond)
	id := f.createOne()
	const issue, body = "/:issueAccessToken?api-version=" + stable, `{"scopes":["chat"]}`
	primary := f.issueOne(id)
	secondary := read[accessToken](t, f.with(testKey2, "POST", pathOf(id)+issue, body), 200).Token
	other := read[createReply](t, f.with(secondKey, "POST", "/identities?api-version="+stable, `{"createTokenWithScopes":["chat"]}`), 201).AccessToken.Token

	fresh, err := f.RegenerateKey(testResource, 1)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := base64.StdEncoding.DecodeString(fresh); err != nil || len(raw) != 64 {
		t.Errorf("key of %d bytes, %v", len(raw), err)
	}
	f.state(primary, TokenActive)
	f.state(secondary, TokenRevoked)
	f.state(other, TokenActive)
	wantRefusal(t, f.with(testKey2, "POST", pathOf(id)+issue, body), 401, "Denied", "")
	f.state(read[accessToken](t, f.with(fresh, "POST", pathOf(id)+issue, body), 200).Token, TokenActive)
	if keys, err := f.Keys(testResource); err != nil || keys != [2]string{testKey, fresh} {
		t.Errorf("keys %d, %v", len(keys), err)
	}
	if _, err := f.RegenerateKey(secondResource, 0); err != nil {
		t.Error(err)
	}
	f.state(other, TokenRevoked)

	f.Reset() // gives the keys of the start back
	f.createOne()
	wantRefusal(t, f.with(fresh, "POST", "/identities?api-version="+stable, ""), 401, "Denied", "")
	for _, bad := range []struct {
		id   string
		slot int
	}{{testResource, -1}, {testResource, 2}, {otherGUID, 0}, {"", 0}} {
		if _, err := f.RegenerateKey(bad.id, bad.slot); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
	if _, err := f.Keys(otherGUID); err == nil {
		t.Error("keys of a resource that is not there")
	}
}

func TestResourceOptions(t *testing.T) {
	many := make([]Resource, maxResources)
	for name, list := range map[string][]Resource{
		"not a GUID": {{ID: "contoso", Keys: [2]string{secondKey}}},
		"no key":     {{ID: secondResource}},
		"bad key":    {{ID: secondResource, Keys: [2]string{"?"}}},
		"twice":      {{ID: strings.ToUpper(testResource), Keys: [2]string{secondKey}}},
		"too many":   many,
	} {
		_, err := New(Options{ResourceID: testResource, Keys: [2]string{testKey}, Resources: list, Verify: fakeVerify})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestIDsRoundTrip(t *testing.T) {
	n := names{testResource, secondResource}
	for id, want := range map[string]bool{
		"8:acs:" + testResource + "_" + otherGUID:                              true,
		"8:acs:" + secondResource + "_" + otherGUID:                            true,
		"8:acs:" + testResource + "_" + teamsUser + "_" + otherGUID:            true,
		"8:acs:" + testResource + "_wf_" + teamsUser + "_" + otherGUID:         true,
		"8:acs:" + testResource + "_wf_" + otherGUID:                           false,
		"8:acs:" + testResource + "_xx_" + teamsUser + "_" + otherGUID:         false,
		"8:acs:" + testResource + "_" + teamsUser + "_" + otherGUID + "_":      false,
		"8:acs:" + testResource + "_{" + otherGUID + "}":                       false,
		"8:acs:" + otherGUID + "_" + otherGUID:                                 false,
		"8:gcch-acs:" + testResource + "_" + otherGUID:                         false,
		"8:acs:" + testResource + "_" + strings.ReplaceAll(otherGUID, "-", ""): false,
	} {
		k, ok := n.parse(id)
		if ok != want {
			t.Errorf("%s: %v", id, ok)
		}
		if diff := cmp.Diff(id, n.id(k)); ok && diff != "" {
			t.Error(diff)
		}
	}
}
