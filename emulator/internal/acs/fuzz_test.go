package acs

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// FuzzBody sends any body to every operation. The answer must be one that the
// service gives, and an identity appears only with a 201.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[]", `{"createTokenWithScopes":["chat"],"expiresInMinutes":60,"customId":"a"}`,
		`{"scopes":["voip"],"expiresInMinutes":1441}`, `{"tokensValidFrom":"2026-01-05T09:08:07Z"}`,
		`{"principalType":"user","tenantId":"` + otherGUID + `","clientIds":["` + teamsApp + `"]}`, `{"` + teamsUser + `":null}`, `{"token":"{\"aud\":1,\"exp\":1e9}","appId":"` + teamsApp + `","userId":"` + teamsUser + `"}`,
	} {
		f.Add(seed)
	}
	fix := newFixture(f, nil)
	id := fix.createOne()
	allowed := map[string][]int{
		"/identities": {201, 400}, "/teamsUser/:exchangeAccessToken": {200, 400, 401},
		pathOf(id) + "/:issueAccessToken": {200, 400}, pathOf(id) + "/:revokeAccessTokens": {204},
	}
	others := []struct {
		method, target string
		statuses       []int
	}{
		{"PATCH", pathOf(id) + "?api-version=" + versionLegacy, []int{204, 400}},
		{"POST", pathOf(id) + "/token?api-version=" + versionLegacy, []int{200, 400}},
		{"PATCH", "/access/entra/assignments?api-version=" + versionPreview, []int{200, 204, 400, 503}},
		{"PUT", "/access/entra/assignments/" + teamsUser + "?api-version=" + versionPreview, []int{200, 201, 400, 503}},
		{"PUT", "/access/teamsExtension/tenants/" + otherGUID + "/assignments/" + teamsUser + "?api-version=" + versionPhone, []int{200, 201, 400, 503}},
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > maxBody {
			return
		}
		for path, statuses := range allowed {
			before := fix.Counters()["create"]
			w := fix.serve(fix.request("POST", path+"?api-version=2025-03-02-preview", body))
			if !slices.Contains(statuses, w.Code) {
				t.Fatalf("%s: %d %s", path, w.Code, w.Body)
			}
			if made := fix.Counters()["create"] - before; made != 0 && w.Code != 201 {
				t.Fatalf("%s: %d, but an identity was made", path, w.Code)
			}
		}
		for _, other := range others {
			r := fix.request(other.method, other.target, body)
			r.Header.Set("Content-Type", "application/merge-patch+json")
			if w := fix.serve(r); !slices.Contains(other.statuses, w.Code) {
				t.Fatalf("%s %s: %d %s", other.method, other.target, w.Code, w.Body)
			}
		}
	})
}

// FuzzRestore restores anything. What is refused changes nothing; what is
// taken comes out again.
func FuzzRestore(f *testing.F) {
	fix := newFixture(f, withSecond)
	populate(fix)
	f.Add(fix.snapshot())
	f.Add([]byte(`{"service":"acs","version":1}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		snapshot := func() string {
			text, err := fix.Snapshot()
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		before := snapshot()
		if fix.Restore(data) != nil {
			if after := snapshot(); after != before {
				t.Fatalf("refused, but changed:\n%s\n%s", before, after)
			}
			return
		}
		if after := snapshot(); fix.Restore([]byte(after)) != nil || snapshot() != after {
			t.Fatalf("taken, but not again: %s", after)
		}
		if err := fix.Restore([]byte(before)); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzAuthorization sends any credential. Only the right one is let in.
func FuzzAuthorization(f *testing.F) {
	good := vectorRequest(0).Header.Get("Authorization")
	for _, seed := range []string{"", good, good + "=", strings.ToLower(good), "Bearer x", "HMAC-SHA256 SignedHeaders=;&Signature="} {
		f.Add(seed, vectorDate, emptyHash)
	}
	fix := newFixture(f, func(o *Options) { o.Verify = refuseAll })
	_, mac, _ := parseSignature(strings.TrimPrefix(good, "HMAC-SHA256 "))
	f.Fuzz(func(t *testing.T, authorization, date, hash string) {
		r := httptest.NewRequest("POST", vectors[0].target, nil)
		r.Host = testHost
		r.Header["Authorization"] = []string{authorization}
		r.Header.Set("x-ms-date", date)
		r.Header.Set("x-ms-content-sha256", hash)
		w := fix.serve(r)
		if w.Code == http.StatusUnauthorized {
			return
		}
		_, params, _ := strings.Cut(authorization, " ")
		_, got, ok := parseSignature(params)
		if w.Code != 201 || !ok || string(got) != string(mac) || date != vectorDate || hash != emptyHash {
			t.Fatalf("%d for %q, %q, %q", w.Code, authorization, date, hash)
		}
	})
}
