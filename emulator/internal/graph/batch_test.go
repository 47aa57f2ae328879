package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

// batched sends a batch and returns the answers by id.
func (f *fixture) batched(change emu.Claims, requests string) (order []string, replies map[string]stepReply) {
	f.t.Helper()
	w := f.as(change, "POST", "/v1.0/$batch", `{"requests":`+requests+`}`)
	var answer struct{ Responses []stepReply }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 {
		f.t.Fatalf("%d %s", w.Code, w.Body)
	}
	replies = make(map[string]stepReply)
	for _, one := range answer.Responses {
		order = append(order, one.ID)
		replies[one.ID] = one
	}
	return order, replies
}

func TestBatch(t *testing.T) {
	f := newFixture(t)
	f.opts.All = func() []emu.User { return people }
	order, got := f.batched(nil, `[
		{"id":"read","method":"GET","url":"/me/extensions/com.contoso.identityMapping","dependsOn":["ADD"]},
		{"id":"add","method":"POST","url":"/me/extensions","headers":{"content-type":"application/json"},"body":`+mappingBody+`},
		{"id":"other","method":"GET","url":"users/`+bobID+`"},
		{"id":"after","method":"GET","url":"/me","dependsOn":["other"]},
		{"id":"last","method":"GET","url":"/me","dependsOn":["after"]},
		{"id":"gone","method":"DELETE","url":"/me/extensions/none"},
		{"id":"version","method":"GET","url":"/v1.0/me"},
		{"id":"nested","method":"POST","url":"/$batch","headers":{"Content-Type":"application/json"},"body":{}}]`)
	if diff := cmp.Diff([]string{"add", "read", "other", "after", "last", "gone", "version", "nested"}, order); diff != "" {
		t.Error(diff)
	}
	status := map[string]int{"add": 201, "read": 200, "other": 403, "after": 424, "last": 424, "gone": 404, "version": 400, "nested": 400}
	for id, want := range status {
		if got[id].Status != want {
			t.Errorf("%s: %+v, want %d", id, got[id], want)
		}
	}
	headers := map[string]string{"Cache-Control": "no-cache", "x-ms-resource-unit": "1", "OData-Version": "4.0", "Content-Type": jsonType}
	if diff := cmp.Diff(headers, got["read"].Headers); diff != "" {
		t.Error(diff)
	}
	body, _ := got["read"].Body.(map[string]any)
	if body["acsUserIdentity"] != "8:acs:x" {
		t.Errorf("body %v", body)
	}
}

// TestBatchQuery: a URL need not be encoded, headers count, and text comes in base64.
func TestBatchQuery(t *testing.T) {
	f := newFixture(t)
	f.opts.All = func() []emu.User { return people }
	_, got := f.batched(emu.Claims{"scp": "User.Read.All"}, `[
		{"id":"1","method":"GET","url":"users?$select=id&$filter=userPrincipalName eq 'bob@contoso.example'&$count=true","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"2","method":"get","url":"/users/$count","headers":{"ConsistencyLevel":"eventual"}},
		{"id":"3","method":"GET","url":"/users?$select=id&$top=1"}]`)
	one, _ := got["1"].Body.(map[string]any)
	if one["@odata.count"] != 1.0 || got["2"].Body != "Mg==" {
		t.Errorf("%v", got)
	}
	three, _ := got["3"].Body.(map[string]any)
	if next, _ := three["@odata.nextLink"].(string); !strings.HasPrefix(next, "http://example.com/v1.0/users?") {
		t.Errorf("next link %q", next)
	}
}

func TestBatchRefusals(t *testing.T) {
	f := newFixture(t)
	get := func(id, more string) string { return fmt.Sprintf(`{"id":%q,"method":"GET","url":"/me"%s}`, id, more) }
	many := strings.Repeat(get("x", "")+",", 20) + get("y", "")
	for requests, code := range map[string]string{
		"": "BadRequest", "[]": "BadRequest", "null": "BadRequest", `{}`: "BadRequest", `[1]`: "BadRequest",
		"[" + many + "]": "MaximumValueExceeded",
		"[" + get("a", "") + "," + get("A", "") + "]":                                     "BadRequest",
		`[{"method":"GET","url":"/me"}]`:                                                  "BadRequest",
		`[{"id":"1","url":"/me"}]`:                                                        "BadRequest",
		`[{"id":"1","method":"GET"}]`:                                                     "BadRequest",
		`[{"id":"1","method":"GET","url":"https://graph.microsoft.com/v1.0/me"}]`:         "BadRequest",
		"[" + get("a", `,"dependsOn":["b"]`) + "]":                                        "BadRequest",
		"[" + get("a", `,"dependsOn":["a"]`) + "]":                                        "BadRequest",
		"[" + get("a", `,"dependsOn":["b"]`) + "," + get("b", `,"dependsOn":["a"]`) + "]": "BadRequest",
		`[{"id":"1","method":"POST","url":"/me/extensions"}]`:                             "BadRequest",
		`[{"id":"1","method":"POST","url":"/me/extensions","body":{}}]`:                   "BadRequest",
		`[{"id":"1","method":"post","url":"/me/extensions"}]`:                             "BadRequest",
	} {
		wantRefusal(t, f.as(nil, "POST", "/v1.0/$batch", `{"requests":`+requests+`}`), 400, code, "")
	}
	wantRefusal(t, f.send("", "POST", "/v1.0/$batch", `{"requests":[]}`), 401, "InvalidAuthenticationToken", "")
	wantRefusal(t, f.as(nil, "GET", "/v1.0/$batch", ""), 405, "Request_BadRequest", "")
	wantRefusal(t, f.as(nil, "POST", "/v1.0/$batch", strings.Repeat(" ", maxBatchBody+1)), 413, "Request_BadRequest", "")
}

// TestBatchThrottle: each request counts, and only those beyond the limit are refused.
func TestBatchThrottle(t *testing.T) {
	f := newFixture(t)
	f.behave(Behaviour{Throttle: 2, RetryAfter: 4})
	_, got := f.batched(nil, `[{"id":"1","method":"GET","url":"/me"},{"id":"2","method":"GET","url":"/me"},{"id":"3","method":"GET","url":"/me"}]`)
	if got["1"].Status != 200 || got["2"].Status != 200 || got["3"].Status != 429 || got["3"].Headers["Retry-After"] != "4" {
		t.Errorf("%+v", got)
	}
}
