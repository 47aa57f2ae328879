package acs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddIdentity(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	options := func(o *Options) { withSecond(o); o.DataFile = path }
	f := newFixture(t, options)
	const ours, theirs = "8:acs:" + testResource + "_" + otherGUID, "8:acs:" + secondResource + "_" + otherGUID
	for id, customID := range map[string]string{ours: "sally", theirs: ""} {
		if err := f.AddIdentity(id, customID); err != nil {
			t.Fatal(err)
		}
	}
	f.state(f.issueOne(ours), TokenActive)
	wantRefusal(t, f.do("DELETE", pathOf(theirs), ""), 401, "IdentityNotOwned", "")
	got := read[createReply](t, f.preview("POST", "/identities", `{"customId":"sally"}`), 201).Identity.ID
	if diff := cmp.Diff(ours, got); diff != "" {
		t.Error(diff)
	}
	const free = "8:acs:" + testResource + "_" + teamsUser
	for name, bad := range map[string][2]string{
		"there": {ours, ""}, "not an id": {"alice", ""}, "foreign": {"8:acs:" + otherGUID + "_" + otherGUID, ""},
		"capitals": {"8:acs:" + testResource + "_" + strings.ToUpper(otherGUID), ""}, "Entra user": {"8:acs:" + testResource + "_wf_" + homeTenant + "_" + teamsUser, ""},
		"customId taken": {free, "sally"}, "customId long": {free, strings.Repeat("x", maxCustomID+1)}, "customId not text": {free, "\xff"},
	} {
		if f.AddIdentity(bad[0], bad[1]) == nil {
			t.Errorf("%s: no error", name)
		}
	}
	wantEmpty(t, f.do("DELETE", pathOf(ours), ""))
	if f.AddIdentity(ours, "") == nil {
		t.Error("a deleted identity came back")
	}
	f.Close()
	if n := len(newFixture(t, options).Identities()); n != 2 {
		t.Errorf("%d identities after a restart", n)
	}
}
