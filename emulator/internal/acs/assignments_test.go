package acs

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const entraList = "/access/entra/assignments"

func (f *fixture) patch(body string) *httptest.ResponseRecorder {
	f.t.Helper()
	r := f.request("PATCH", entraList+"?api-version="+versionPreview, body)
	r.Header.Set("Content-Type", "application/merge-patch+json")
	return f.serve(r)
}

func (f *fixture) listed() []assignmentBody {
	f.t.Helper()
	return read[assignmentList](f.t, f.preview("GET", entraList, ""), 200).Value
}

func TestAssignments(t *testing.T) {
	f := newFixture(t, nil)
	if got := f.preview("GET", entraList, "").Body.String(); got != `{"value":[]}` {
		t.Errorf("empty list: %s", got)
	}
	one := entraList + "/" + teamsUser
	wantRefusal(t, f.preview("GET", one, ""), 404, "NotFound", "")
	want := assignmentBody{teamsUser, homeTenant, "user", []string{teamsApp}}
	for status, w := range map[int]*httptest.ResponseRecorder{
		201: f.assign(strings.ToUpper(teamsUser), "user", teamsApp, strings.ToUpper(teamsApp)), 200: f.preview("GET", one, ""),
	} {
		if diff := cmp.Diff(want, read[assignmentBody](t, w, status)); diff != "" {
			t.Error(diff)
		}
	}
	wantRefusal(t, f.assign(teamsUser, "user"), 400, "ValidationError", "clientIds") // null
	want.Clients = []string{}
	w := f.preview("PUT", one, fmt.Sprintf(`{"principalType":"user","tenantId":%q,"clientIds":[]}`, homeTenant))
	if diff := cmp.Diff(want, read[assignmentBody](t, w, 200)); diff != "" {
		t.Error(diff)
	}
	wantEmpty(t, f.preview("DELETE", one, ""))
	wantEmpty(t, f.preview("DELETE", one, ""))
	if got := f.listed(); len(got) != 0 {
		t.Error(got)
	}
}

func TestAssignmentRefusals(t *testing.T) {
	f := newFixture(t, nil)
	const full = `{"principalType":%q,"tenantId":%q,"clientIds":%s}`
	for _, tc := range []struct{ object, body, target string }{
		{"x", "{}", "objectId"},
		{teamsUser, "", "tenantId"},
		{teamsUser, fmt.Sprintf(full, "user", "x", "[]"), "tenantId"},
		{teamsUser, fmt.Sprintf(full, "User", homeTenant, "[]"), "principalType"},
		{teamsUser, fmt.Sprintf(full, "resourceAccount", homeTenant, "[]"), "principalType"},
		{teamsUser, fmt.Sprintf(full, "tenant", homeTenant, "[]"), "objectId"},
		{teamsUser, fmt.Sprintf(full, "user", homeTenant, "null"), "clientIds"},
		{teamsUser, fmt.Sprintf(full, "user", homeTenant, `["x"]`), "clientIds"},
		{teamsUser, fmt.Sprintf(full, "user", homeTenant, `"x"`), ""},
		{teamsUser, "[]", ""},
	} {
		wantRefusal(t, f.preview("PUT", entraList+"/"+tc.object, tc.body), 400, "ValidationError", tc.target)
	}
	if got := f.listed(); len(got) != 0 {
		t.Error(got)
	}
}

func TestAssignmentsMergePatch(t *testing.T) {
	f := newFixture(t, nil)
	f.assign(someGroup, "group", teamsApp)
	f.assign(otherGUID, "user", teamsApp)
	body := fmt.Sprintf(`{%q:{"principalType":"user","tenantId":%q,"clientIds":[%q]},%q:{"clientIds":[%q]},%q:null,%q:null}`,
		teamsUser, homeTenant, teamsApp, someGroup, otherGUID, otherGUID, homeTenant)
	user := assignmentBody{teamsUser, homeTenant, "user", []string{teamsApp}}
	group := assignmentBody{someGroup, homeTenant, "group", []string{otherGUID}}
	want := []assignmentBody{user, group}
	if diff := cmp.Diff(want, read[assignmentList](t, f.patch(body), 200).Value); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, f.listed()); diff != "" {
		t.Error(diff)
	}
	// All or nothing.
	for _, bad := range []string{
		fmt.Sprintf(`{%q:null,"x":null}`, teamsUser),
		fmt.Sprintf(`{%q:null,%q:{}}`, teamsUser, otherGUID),
		fmt.Sprintf(`{%q:null,%q:{"tenantId":null,"principalType":"x"}}`, teamsUser, someGroup),
		`{"` + teamsUser + `":[]}`, `[]`, ``, `null`,
	} {
		if w := f.patch(bad); w.Code != 400 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	wantRefusal(t, f.preview("PATCH", entraList, `{}`), 415, "UnsupportedMediaType", "")
	if diff := cmp.Diff(want, f.listed()); diff != "" {
		t.Error(diff)
	}
	wantEmpty(t, f.patch(fmt.Sprintf(`{%q:null}`, teamsUser)))
	wantEmpty(t, f.patch(`{}`))
	if diff := cmp.Diff(want[1:], f.listed()); diff != "" {
		t.Error(diff)
	}
}

func TestAssignmentsArePaged(t *testing.T) {
	f := newFixture(t, withSecond)
	for i := range 2*assignmentPage + 1 {
		f.assign(fmt.Sprintf("%08x-1111-4222-8333-444444444444", i), "user", teamsApp)
	}
	var sizes []int
	target := entraList + "?api-version=" + versionPreview
	for range 4 {
		page := read[assignmentList](t, f.serve(f.request("GET", target, "")), 200)
		sizes = append(sizes, len(page.Value))
		if page.NextLink == "" {
			break
		}
		target, _ = strings.CutPrefix(page.NextLink, "http://"+testHost)
	}
	if diff := cmp.Diff([]int{assignmentPage, assignmentPage, 1}, sizes); diff != "" {
		t.Error(diff)
	}
	theirs := f.with(secondKey, "GET", entraList+"?api-version="+versionPreview, "")
	if got := read[assignmentList](t, theirs, 200); len(got.Value) != 0 {
		t.Errorf("another resource sees %d", len(got.Value))
	}
}

func TestAssignmentsAreBounded(t *testing.T) {
	f := newFixture(t, nil)
	for i := range maxAssignments {
		a := assignment{Resource: testResource, Object: fmt.Sprint(i)}
		f.registry.grants.of[a.at()] = a
	}
	wantRefusal(t, f.assign(teamsUser, "user", teamsApp), 503, "ServiceUnavailable", "")
}

func TestAssignmentsSurviveRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	f.assign(teamsUser, "user", teamsApp)
	f.assign(someGroup, "group", teamsApp)
	f.assign(someGroup, "group", otherGUID)
	wantEmpty(t, f.preview("DELETE", entraList+"/"+teamsUser, ""))
	before := f.listed()
	f.Close()
	f = newFixture(t, withFile(path))
	if diff := cmp.Diff(before, f.listed()); diff != "" || len(before) != 1 {
		t.Error(diff)
	}
	f.Reset()
	if got := f.listed(); len(got) != 0 {
		t.Error(got)
	}
}
