package graph

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

const (
	mappingName = "com.contoso.identityMapping"
	mappingBody = `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"com.contoso.identityMapping","acsUserIdentity":"8:acs:x","gone":null}`
	mappingPath = "/v1.0/me/extensions/" + mappingName
	duplicate   = "An extension already exists with given id."
	tooMany     = "Maximum number of extensions values supported per application is 2."
	notThere    = "Extension with given id not found."
)

func mapping() object {
	return object{
		"@odata.type": "#microsoft.graph.openTypeExtension", "id": mappingName, "extensionName": mappingName,
		"acsUserIdentity": "8:acs:x",
	}
}

func with(o object, name string, value any) object {
	o[name] = value
	return o
}

func named(name string) string {
	return fmt.Sprintf(`{"@odata.type":"#microsoft.graph.openTypeExtension","extensionName":"%s"}`, name)
}

func TestExtensionLife(t *testing.T) {
	f := newFixture(t)
	list := metadata + "users('" + aliceID + "')/extensions"
	wantRefusal(t, f.as(nil, "GET", mappingPath, ""), 404, "ResourceNotFound", notThere)
	want(t, f.as(nil, "GET", "/v1.0/me/extensions", ""), 200, object{"@odata.context": list, "value": []any{}})
	want(t, f.as(nil, "POST", "/v1.0/me/extensions", mappingBody), 201, with(mapping(), "@odata.context", list+"/$entity"))
	for _, path := range []string{
		mappingPath, "/v1.0/me/extensions/COM.contoso.IdentityMapping", "/v1.0/me/extensions/microsoft.graph.openTypeExtension." + mappingName,
		"/v1.0/me/extensions/Microsoft.OutlookServices.OpenTypeExtension." + mappingName, "/v1.0/users/" + aliceID + "/extensions/" + mappingName,
	} {
		want(t, f.as(nil, "GET", path, ""), 200, with(mapping(), "@odata.context", list+"/$entity"))
	}
	want(t, f.as(nil, "GET", "/v1.0/me/extensions", ""), 200, object{"@odata.context": list, "value": []any{mapping()}})
	want(t, f.as(nil, "PATCH", mappingPath, `{"other":[1,{"a":true}]}`), 204, nil)
	want(t, f.as(nil, "GET", mappingPath, ""), 200, object{ // what was not sent is gone
		"@odata.context": list + "/$entity", "@odata.type": "#microsoft.graph.openTypeExtension", "id": mappingName,
		"extensionName": mappingName, "other": []any{1.0, object{"a": true}},
	})
	want(t, f.as(nil, "DELETE", mappingPath, ""), 204, nil)
	wantRefusal(t, f.as(nil, "DELETE", mappingPath, ""), 404, "ResourceNotFound", notThere)
	wantRefusal(t, f.as(nil, "PATCH", mappingPath, "{}"), 404, "ResourceNotFound", notThere)
	counts := map[string]int64{"add": 1, "get": 6, "list": 2, "update": 1, "remove": 1, "refused": 3}
	if diff := cmp.Diff(counts, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestExpand(t *testing.T) {
	f := newFixture(t)
	f.as(nil, "POST", "/v1.0/me/extensions", mappingBody)
	f.as(nil, "POST", "/v1.0/me/extensions", named("b"))
	b := object{"@odata.type": "#microsoft.graph.openTypeExtension", "id": "b", "extensionName": "b"}
	for query, shown := range map[string][]any{
		"$expand=extensions": {mapping(), b},
		"$expand=Extensions($filter=id%20eq%20'" + mappingName + "')": {mapping()},
		"expand=extensions($filter=id+eq+'none')":                     {},
	} {
		want(t, f.as(nil, "GET", "/v1.0/me?$select=id&"+query, ""), 200, object{
			"@odata.context": metadata + "users(id,extensions())/$entity", "id": aliceID, "extensions": shown,
			"extensions@odata.context": metadata + "users('" + aliceID + "')/extensions",
		})
	}
}

func TestExtensionLimits(t *testing.T) {
	f := newFixture(t)
	for _, step := range []struct{ app, name, message string }{
		{appOne, "a", ""}, {appOne, "A", duplicate}, {appTwo, "a", duplicate}, {appOne, "b", ""},
		{appOne, "c", tooMany}, {appOne, "b", duplicate}, {appTwo, "c", ""}, {appTwo, "d", ""}, {appTwo, "e", tooMany},
	} {
		w := f.as(emu.Claims{"appid": step.app}, "POST", "/v1.0/me/extensions", named(step.name))
		if step.message != "" {
			wantRefusal(t, w, 400, "Request_BadRequest", step.message)
		} else if w.Code != 201 {
			t.Errorf("%+v: %d %s", step, w.Code, w.Body)
		}
	}
	if w := f.as(emu.Claims{"oid": bobID}, "POST", "/v1.0/me/extensions", named("c")); w.Code != 201 {
		t.Errorf("another user: %d", w.Code)
	}
	want(t, f.as(nil, "DELETE", "/v1.0/me/extensions/a", ""), 204, nil)
	if w := f.as(emu.Claims{"appid": nil, "azp": appOne}, "POST", "/v1.0/me/extensions", named("e")); w.Code != 201 {
		t.Errorf("after a removal: %d", w.Code)
	}
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", named("f")), 400, "Request_BadRequest", tooMany)
}

func TestExtensionSize(t *testing.T) {
	f := newFixture(t)
	body := func(n int) string { // {"v":"..."} of n bytes
		return `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"a","v":"` + strings.Repeat("x", n-8) + `"}`
	}
	const message = "The size of the extension exceeds the limit of 2 KB."
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", body(2049)), 400, "Request_BadRequest", message)
	if w := f.as(nil, "POST", "/v1.0/me/extensions", body(2048)); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantRefusal(t, f.as(nil, "PATCH", "/v1.0/me/extensions/a", body(2049)), 400, "Request_BadRequest", message)
	wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", body(maxBody)), 413, "Request_BadRequest", "")
}

func TestExtensionBodies(t *testing.T) {
	f := newFixture(t)
	for body, code := range map[string]string{
		"": "BadRequest", "[]": "BadRequest", "null": "BadRequest", `"a"`: "BadRequest", `{"a":`: "BadRequest", "{} {}": "BadRequest",
		"{}":                     "Request_BadRequest",
		`{"extensionName":"a"}`:  "Request_BadRequest",
		named(""):                "Request_BadRequest",
		named("a/b"):             "Request_BadRequest",
		named("a'b"):             "Request_BadRequest",
		named("Com.Microsoft.x"): "Request_BadRequest",
		named("com.onmicrosoft"): "Request_BadRequest",
		named("microsoft.graph.openTypeExtension.x"):                                        "Request_BadRequest",
		named(strings.Repeat("x", 129)):                                                     "Request_BadRequest",
		`{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":1}`:             "Request_BadRequest",
		`{"@odata.type":"microsoft.graph.schemaExtension","extensionName":"com.contoso.a"}`: "Request_BadRequest",
	} {
		wantRefusal(t, f.as(nil, "POST", "/v1.0/me/extensions", body), 400, code, "")
	}
	wantRefusal(t, f.as(nil, "PATCH", mappingPath, "[]"), 400, "BadRequest", "")
	// An application cannot overwrite what is Graph's.
	f.as(nil, "POST", "/v1.0/me/extensions", `{"@odata.type":"#microsoft.graph.openTypeExtension","extensionName":"com.microsoftless","id":"x","@odata.id":"y"}`)
	want(t, f.as(nil, "GET", "/v1.0/me/extensions/com.microsoftless", ""), 200, object{
		"@odata.context": metadata + "users('" + aliceID + "')/extensions/$entity",
		"@odata.type":    "#microsoft.graph.openTypeExtension", "id": "com.microsoftless", "extensionName": "com.microsoftless",
	})
}

// TestOneWinner is what a store on top of Graph relies on.
func TestOneWinner(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			if w := f.as(nil, "POST", "/v1.0/me/extensions", mappingBody); w.Code != 201 {
				wantRefusal(t, w, 400, "Request_BadRequest", duplicate)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[string]int64{"add": 1, "refused": 499}, f.Counters()); diff != "" {
		t.Error(diff)
	}
}

func TestListIsASnapshot(t *testing.T) {
	f := newFixture(t)
	f.as(nil, "POST", "/v1.0/me/extensions", named("a"))
	list := f.store.list(aliceID)
	want(t, f.as(nil, "DELETE", "/v1.0/me/extensions/a", ""), 204, nil)
	if list[0].name != "a" {
		t.Error("a removal changed a list given out before")
	}
}

func TestReset(t *testing.T) {
	f := newFixture(t)
	f.as(nil, "POST", "/v1.0/me/extensions", mappingBody)
	f.Reset()
	if n := len(f.Counters()); n != 0 {
		t.Errorf("%d counts left", n)
	}
	wantRefusal(t, f.as(nil, "GET", mappingPath, ""), 404, "ResourceNotFound", notThere)
}

// FuzzExtension adds any body and reads the extension back.
func FuzzExtension(f *testing.F) {
	for _, seed := range []string{mappingBody, named("a"), "{}", `{"a":1e999}`, `{"@odata.type":"microsoft.graph.openTypeExtension","extensionName":"a","A":1,"a":2}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		fix := newFixture(t)
		w := fix.as(nil, "POST", "/v1.0/me/extensions", body)
		list := fix.store.list(aliceID)
		if (w.Code == 201) != (len(list) == 1) || (w.Code != 201 && w.Code != 400 && w.Code != 413) {
			t.Fatalf("%d with %d extensions: %s", w.Code, len(list), w.Body)
		}
		if w.Code == 201 {
			if got := fix.as(nil, "GET", "/v1.0/me/extensions/"+list[0].name, ""); got.Body.String() != w.Body.String() {
				t.Fatalf("read %s, written %s", got.Body, w.Body)
			}
		}
	})
}
