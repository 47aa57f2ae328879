package graph

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

var crew = []emu.User{
	{ObjectID: "01", TenantID: "home", UPN: "ann@contoso.example", DisplayName: "Ann Archer", GivenName: "Ann", Mail: "ann@contoso.example", Groups: []string{"g1", "g2", "g3"}},
	{ObjectID: "02", TenantID: "home", UPN: "ben@contoso.example", DisplayName: "Ben O'Brien"},
	{ObjectID: "03", TenantID: "home", UPN: "zoe_x#EXT#@contoso.example", DisplayName: "Anna Zed", Guest: true},
	{ObjectID: "04", TenantID: "away", UPN: "dan@fabrikam.example", DisplayName: "Dan"},
}

// crewFixture is a directory of two tenants.
func crewFixture(t testing.TB) *fixture {
	f := newFixture(t)
	f.opts.All = func() []emu.User { return crew }
	f.opts.Users = func(id string) (emu.User, bool) {
		for _, u := range crew {
			if u.ObjectID == id || strings.EqualFold(u.UPN, id) {
				return u, true
			}
		}
		return emu.User{}, false
	}
	return f
}

var asApp = emu.Claims{"scp": nil, "idtyp": "app", "oid": "app", "tid": "home", "roles": []string{"User.Read.All"}}

// eventually sends a GET with the header that advanced queries need.
func (f *fixture) eventually(change emu.Claims, target string) *httptest.ResponseRecorder {
	token, _ := json.Marshal(claims(change))
	r := httptest.NewRequest("GET", target, nil)
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("ConsistencyLevel", "eventual")
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w
}

// idsOf are the ids of a collection.
func idsOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	var page struct{ Value []struct{ ID string } }
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	var ids []string
	for _, u := range page.Value {
		ids = append(ids, u.ID)
	}
	return strings.Join(ids, " ")
}

func TestFilter(t *testing.T) {
	f := crewFixture(t)
	for filter, want := range map[string]string{
		"id eq '02'": "02", "userPrincipalName eq 'ANN@contoso.example'": "01", "startswith(displayName,'ann')": "01 03",
		"displayName eq 'Ben O''Brien'": "02", "userType eq 'Guest'": "03", "accountEnabled eq true": "01 02 03", "accountEnabled eq false": "",
		"mail eq null": "02 03", "startswith(displayName,'Ann') and userType eq 'Member'": "01", "id eq '01' or id eq '02' and mail eq null": "01 02",
		"(id eq '01' or id eq '02') and mail eq null": "02", "id in ('01', '03')": "01 03", "id eq '04'": "", "jobTitle eq 'x'": "",
		"StartsWith(userPrincipalName, 'zoe')": "03",
	} {
		if got := idsOf(t, f.as(asApp, "GET", "/v1.0/users?"+url.Values{"$filter": {filter}}.Encode(), "")); got != want {
			t.Errorf("%s: %q, want %q", filter, got, want)
		}
	}
}

func TestAdvancedQueries(t *testing.T) {
	f := crewFixture(t)
	for _, tc := range []struct{ query, want string }{
		{"$filter=id ne '01'", "02 03"}, {"$filter=not(startswith(displayName,'Ann'))", "02"}, {"$filter=endswith(mail,'contoso.example')", "01"},
		{"$filter=startswith(displayName,'Ann')&$orderby=displayName desc", "03 01"},
	} {
		query := strings.ReplaceAll(strings.ReplaceAll(tc.query, " ", "%20"), "'", "%27")
		for _, w := range []*httptest.ResponseRecorder{f.as(asApp, "GET", "/v1.0/users?"+query+"&$count=true", ""), f.eventually(asApp, "/v1.0/users?"+query)} {
			wantRefusal(t, w, 400, "Request_UnsupportedQuery", "")
		}
		if got := idsOf(t, f.eventually(asApp, "/v1.0/users?$count=true&"+query)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.query, got, tc.want)
		}
	}
	const search = "/v1.0/users?$search=%22displayName:bri%22"
	wantRefusal(t, f.as(asApp, "GET", search, ""), 400, "Request_UnsupportedQuery",
		"Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'")
	if got := idsOf(t, f.eventually(asApp, "/v1.0/users?$search=%22displayName:zed%22")); got != "03" {
		t.Errorf("search: %q", got)
	}
	wantRefusal(t, f.eventually(asApp, "/v1.0/users?$search=zed"), 400, "Request_BadRequest", "")
}

func TestFilterRefusals(t *testing.T) {
	f := crewFixture(t)
	for filter, code := range map[string]string{
		"id": "BadRequest", "id eq": "BadRequest", "id eq 1": "BadRequest", "id eq '1": "BadRequest", "id eq '1' and": "BadRequest", "(id eq '1'": "BadRequest",
		"id eq '1')": "BadRequest", "accountEnabled eq 'true'": "BadRequest", "id eq true": "BadRequest", "startswith(mail)": "BadRequest",
		"startswith(mail,true)": "BadRequest", "startswith(mail,'a'": "BadRequest", "startswith": "BadRequest", "id in ()": "BadRequest", "id in ('a' 'b')": "BadRequest",
		"id gt '1'": "BadRequest", "id eq '1' id": "BadRequest", "'id' eq '1'": "BadRequest", "id eq \x01": "BadRequest",
		"shoeSize eq '1'": "Request_UnsupportedQuery", "startswith(id,'0')": "Request_UnsupportedQuery", "extensions/id eq 'a'": "Request_UnsupportedQuery",
		strings.Repeat("(", maxDepth+2) + "id eq '1'" + strings.Repeat(")", maxDepth+2): "Request_UnsupportedQuery",
		strings.Repeat("id eq '1' or ", maxTerms+1) + "id eq '1'":                       "Request_UnsupportedQuery",
	} {
		wantRefusal(t, f.as(asApp, "GET", "/v1.0/users?"+url.Values{"$filter": {filter}}.Encode(), ""), 400, code, "")
	}
	for query, code := range map[string]string{
		"$skip=1": "Request_BadRequest", "$apply=x": "Request_BadRequest", "top=0": "Request_UnsupportedQuery", "$top=1&top=2": "",
		"$skiptoken=x!": "Directory_ExpiredPageToken", "$skiptoken=eA": "Directory_ExpiredPageToken", "$count=maybe": "BadRequest",
		"$orderby=mail": "Request_UnsupportedQuery", "$orderby=displayName up": "Request_UnsupportedQuery", "$select=shoeSize&$filter=id eq 'none'": "BadRequest",
		"$expand=(&$filter=id eq 'none'": "BadRequest",
	} {
		w := f.as(asApp, "GET", "/v1.0/users?"+strings.ReplaceAll(query, " ", "%20"), "")
		if code == "" {
			want := idsOf(t, w)
			if len(strings.Fields(want)) > 2 {
				t.Errorf("%s: %s", query, want)
			}
			continue
		}
		wantRefusal(t, w, 400, code, "")
	}
	wantRefusal(t, f.as(nil, "GET", "/v1.0/me?$top=1", ""), 400, "Request_BadRequest", "")
	if got := idsOf(t, f.as(asApp, "GET", "/v1.0/users?mine=1", "")); got != "01 02 03" {
		t.Errorf("an option of the caller's own: %s", got)
	}
}

// TestOrder pages through an ordered collection, both ways.
func TestOrder(t *testing.T) {
	f := crewFixture(t)
	for order, want := range map[string]string{"": "01 02 03", "displayName": "01 03 02", "displayName%20desc": "02 03 01", "userPrincipalName%20asc": "01 02 03"} {
		var got []string
		target := "/beta/users?$top=1&$select=id&$orderby=" + order
		if order == "" {
			target = "/beta/users?$top=1&$select=id"
		}
		for target != "" && len(got) < 5 {
			w := f.as(asApp, "GET", target, "")
			got = append(got, idsOf(t, w))
			var page map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
				t.Fatal(err)
			}
			next, _ := page["@odata.nextLink"].(string)
			target = strings.TrimPrefix(next, "http://example.com")
			if page["@odata.context"] != "https://graph.microsoft.com/beta/$metadata#users(id)" {
				t.Errorf("context %v", page["@odata.context"])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", order, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	f := crewFixture(t)
	w := f.eventually(asApp, "/v1.0/users/$count?$filter=startswith(displayName,'Ann')")
	if w.Code != 200 || w.Body.String() != "2" || w.Header().Get("Content-Type") != "text/plain" {
		t.Errorf("%d %s %s", w.Code, w.Body, w.Header().Get("Content-Type"))
	}
	wantRefusal(t, f.as(asApp, "GET", "/v1.0/users/$count", ""), 400, "Request_BadRequest", "$count is not currently supported.")
	for _, tc := range []struct {
		w     *httptest.ResponseRecorder
		count any
	}{
		{f.eventually(asApp, "/v1.0/users?$count=true&$top=1"), 3.0},
		{f.eventually(asApp, "/v1.0/users?$count=false"), nil},
		{f.as(asApp, "GET", "/v1.0/users?$count=true", ""), nil}, // left out, not refused
	} {
		var page map[string]any
		if err := json.Unmarshal(tc.w.Body.Bytes(), &page); err != nil || page["@odata.count"] != tc.count {
			t.Errorf("%d %v, want %v", tc.w.Code, page["@odata.count"], tc.count)
		}
	}
}

// TestTenants: a token shows the users of its own tenant only.
func TestTenants(t *testing.T) {
	f := crewFixture(t)
	away := emu.Claims{"scp": nil, "idtyp": "app", "tid": "away", "roles": []string{"User.ReadWrite.All"}}
	if got := idsOf(t, f.as(away, "GET", "/v1.0/users", "")); got != "04" {
		t.Errorf("users %q", got)
	}
	wantRefusal(t, f.as(away, "GET", "/v1.0/users/01", ""), 404, "Request_ResourceNotFound", "")
	wantRefusal(t, f.as(away, "POST", "/v1.0/users/ann@contoso.example/extensions", mappingBody), 404, "Request_ResourceNotFound", "")
	if w := f.as(away, "POST", "/v1.0/users/dan@fabrikam.example/extensions", mappingBody); w.Code != 201 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantRefusal(t, f.as(emu.Claims{"oid": "04", "tid": "home"}, "GET", "/v1.0/me", ""), 404, "Request_ResourceNotFound", "")
	guest := emu.User{ObjectID: "05", TenantID: "home", UPN: "dan_fabrikam.example#EXT#@contoso.example", Mail: "dan@fabrikam.example", Guest: true}
	f.opts.Users = func(string) (emu.User, bool) { return guest, true } // a directory that knows dan as a guest first
	if w := f.as(away, "GET", "/v1.0/users/dan@fabrikam.example", ""); w.Code != 200 || !strings.Contains(w.Body.String(), `"id":"04"`) {
		t.Errorf("dan at home: %d %s", w.Code, w.Body)
	}
	if w := f.as(asApp, "GET", "/v1.0/users?$expand=extensions", ""); strings.Contains(w.Body.String(), mappingName) {
		t.Errorf("shown to another tenant: %s", w.Body)
	}
}

// TestMemberOf pages through the groups; what they are is shown only to who may read groups.
func TestMemberOf(t *testing.T) {
	f := crewFixture(t)
	ann := emu.Claims{"oid": "01", "tid": "home", "scp": "User.Read"}
	group := func(id string, name, enabled, mail any) object {
		return object{"@odata.type": "#microsoft.graph.group", "id": id, "displayName": name, "description": nil, "mail": nil,
			"securityEnabled": enabled, "mailEnabled": mail, "groupTypes": []any{}}
	}
	w := f.as(ann, "GET", "/v1.0/me/memberOf?$top=1", "")
	next := "http://example.com/v1.0/me/memberOf?" + url.Values{"$top": {"1"}, "$skiptoken": {position{ID: "g1"}.token()}}.Encode()
	want(t, w, 200, object{"@odata.context": metadata + "directoryObjects", "@odata.nextLink": next, "value": []any{group("g1", nil, nil, nil)}})
	if got := idsOf(t, f.as(ann, "GET", strings.TrimPrefix(next, "http://example.com"), "")); got != "g2" {
		t.Errorf("second page %q", got)
	}
	reader := emu.Claims{"scp": nil, "idtyp": "app", "tid": "home", "roles": []string{"GroupMember.Read.All"}}
	w = f.as(reader, "GET", "/v1.0/users/01/transitiveMemberOf?$select=id,displayName", "")
	if got := idsOf(t, w); got != "g1 g2 g3" || !strings.Contains(w.Body.String(), `"displayName":"Group g1"`) {
		t.Errorf("%s", w.Body)
	}
	cast := "/v1.0/me/memberOf/microsoft.graph.group"
	wantRefusal(t, f.as(ann, "GET", cast, ""), 400, "Request_UnsupportedQuery", "")
	if got := idsOf(t, f.eventually(ann, cast+"?$count=true")); got != "g1 g2 g3" {
		t.Errorf("cast %q", got)
	}
	if w := f.eventually(ann, "/v1.0/me/memberOf/$count"); w.Body.String() != "3" {
		t.Errorf("count %s", w.Body)
	}
	wantRefusal(t, f.as(ann, "GET", "/v1.0/me/memberOf/$count", ""), 400, "Request_BadRequest", "")
	wantRefusal(t, f.as(ann, "GET", "/v1.0/me/memberOf?$select=shoeSize", ""), 400, "BadRequest", "")
	wantRefusal(t, f.as(ann, "GET", "/v1.0/me/memberOf?$skiptoken="+position{ID: "x"}.token(), ""), 400, "Directory_ExpiredPageToken", "")
	wantRefusal(t, f.as(ann, "GET", "/v1.0/users/02/memberOf", ""), 403, "Authorization_RequestDenied", "")
	want(t, f.as(ann, "GET", "/v1.0/me?$select=id&$expand=memberOf", ""), 200, object{"@odata.context": metadata + "users(id,memberOf())/$entity", "id": "01",
		"memberOf": []any{group("g1", nil, nil, nil), group("g2", nil, nil, nil), group("g3", nil, nil, nil)}})
}

func TestMemberActions(t *testing.T) {
	f := crewFixture(t)
	ann := emu.Claims{"oid": "01", "tid": "home", "scp": "User.Read"}
	answer := func(ids ...any) object {
		return object{"@odata.context": metadata + "Collection(Edm.String)", "value": append([]any{}, ids...)}
	}
	for _, action := range []string{"getMemberObjects", "getMemberGroups"} {
		want(t, f.as(ann, "POST", "/v1.0/me/"+action, `{"securityEnabledOnly":true}`), 200, answer("g1", "g2", "g3"))
	}
	want(t, f.as(asApp, "POST", "/v1.0/users/02/getMemberObjects", `{"securityEnabledOnly":false}`), 200, answer())
	want(t, f.as(ann, "POST", "/v1.0/me/checkMemberGroups", `{"groupIds":["G2","other"]}`), 200, answer("G2"))
	want(t, f.as(ann, "POST", "/v1.0/me/checkMemberObjects", `{"ids":["g3"]}`), 200, answer("g3"))
	many, _ := json.Marshal(map[string]any{"groupIds": make([]string, maxCheck+1)})
	for path, bodies := range map[string][]string{
		"getMemberObjects":  {"", "[]", `{"securityEnabledOnly":"yes"}`},
		"checkMemberGroups": {"", "{}", `{"groupIds":[]}`, `{"groupIds":"a"}`, string(many)},
	} {
		for _, body := range bodies {
			if w := f.as(ann, "POST", "/v1.0/me/"+path, body); w.Code != 400 {
				t.Errorf("%s %s: %d", path, body, w.Code)
			}
		}
	}
	wantRefusal(t, f.as(ann, "POST", "/v1.0/users/02/getMemberObjects", "{}"), 403, "Authorization_RequestDenied", "")
	if diff := cmp.Diff(int64(3), f.Counters()["memberObjects"]); diff != "" {
		t.Error(diff)
	}
}

// FuzzFilter parses any filter and asks it about a user.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{"id eq '1'", "not (a in ('b',null))", "startswith(mail,'a') or", "((((", "'", "accountEnabled ne true and id eq ''''"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, filter string) {
		test, ref := query{filter: filter, eventual: true, count: true}.predicate()
		if test == nil && ref == nil {
			t.Fatal("neither a predicate nor a refusal")
		}
		if ref == nil {
			test(properties(crew[0]))
		} else if ref.status != 400 || ref.message == "" {
			t.Fatalf("refusal %+v", ref)
		}
	})
}
