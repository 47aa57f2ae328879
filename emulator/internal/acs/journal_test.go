package acs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func withFile(path string) func(*Options) { return func(o *Options) { o.DataFile = path } }

func TestDataFileSurvivesRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	kept, gone := f.createOne(), f.createOne()
	token := f.issueOne(kept)
	custom := read[createReply](t, f.preview("POST", "/identities", `{"customId":"a\"\u2028<ä"}`), 201).Identity
	wantEmpty(t, f.do("DELETE", pathOf(gone), ""))
	before := f.Identities()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	f = newFixture(t, withFile(path))
	if diff := cmp.Diff(before, f.Identities(), cmpopts.IgnoreFields(Identity{}, "TokensIssued")); diff != "" {
		t.Error(diff)
	}
	f.issueOne(kept)
	wantEmpty(t, f.do("DELETE", pathOf(gone), ""))
	again := read[createReply](t, f.preview("POST", "/identities", `{"customId":"a\"\u2028<ä"}`), 201).Identity
	if again.ID != custom.ID {
		t.Errorf("customId gives %s, want %s", again.ID, custom.ID)
	}
	if got := f.Introspect(token); got != TokenUnknown {
		t.Errorf("a token of the last start is %s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("file: %v, %v", info, err)
	}
}

func TestDataFileTornAtEveryByte(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	first := f.createOne()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	second := f.createOne()
	f.Close()
	both, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole); cut < len(both); cut++ {
		if err := os.WriteFile(path, both[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f = newFixture(t, withFile(path))
		third := f.createOne()
		f.Close()
		f = newFixture(t, withFile(path))
		if diff := cmp.Diff([]string{first, third}, ids(f)); diff != "" {
			t.Fatalf("cut at %d of %d: %s", cut, len(both), diff)
		}
		f.Close()
	}
	if strings.Contains(string(whole), second) {
		t.Error("the first line names the second identity")
	}
}

// TestDataFileTornLineIsRemoved leaves a fragment longer than the next line.
func TestDataFileTornLineIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, withFile(path))
	id := f.createOne()
	f.Close()
	if diff := cmp.Diff([]string{id}, ids(newFixture(t, withFile(path)))); diff != "" {
		t.Error(diff)
	}
	if text, err := os.ReadFile(path); err != nil || strings.Contains(string(text), "xx") {
		t.Errorf("the fragment is still there: %v", err)
	}
}

func ids(f *fixture) []string {
	var out []string
	for _, i := range f.Identities() {
		out = append(out, i.ID)
	}
	return out
}

func TestDataFileDamage(t *testing.T) {
	line := func(op, user string) string {
		return `{"op":"` + op + `","id":"8:acs:` + testResource + "_" + user + `","at":"2026-01-05T09:08:07Z"}` + "\n"
	}
	const a, b = "00000005-14a2-493b-8a72-5a3a0d000081", "00000006-14a2-493b-8a72-5a3a0d000081"
	for _, tc := range []struct {
		name, text string
		want       int // identities, or -1 for a refusal
	}{
		{"empty", "", 0},
		{"two", line("create", a) + line("create", b), 2},
		{"last line damaged", line("create", a) + "\x00\x00\n", 1},
		{"only line damaged", "{\n", 0},
		{"line in the middle damaged", line("create", a) + "{\n" + line("create", b), -1},
		{"created twice", line("create", a) + line("create", a), -1},
		{"deleted, not created", line("delete", a), -1},
		{"deleted twice", line("create", a) + line("delete", a) + line("delete", a), -1},
		{"unknown word", line("rename", a), -1},
		{"another resource", strings.ReplaceAll(line("create", a), testResource, otherGUID), -1},
		{"endless line", strings.Repeat("x", maxLine+1) + "\n" + line("create", a), -1},
	} {
		path := filepath.Join(t.TempDir(), "acs.jsonl")
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := New(Options{ResourceID: testResource, Keys: [2]string{testKey}, Verify: fakeVerify, DataFile: path})
		if err != nil {
			if tc.want != -1 {
				t.Errorf("%s: %v", tc.name, err)
			}
			continue
		}
		if got := len(s.Identities()); got != tc.want {
			t.Errorf("%s: %d identities, want %d", tc.name, got, tc.want)
		}
		s.Close()
	}
}

func TestFailedWriteHasNoEffect(t *testing.T) {
	f := newFixture(t, withFile(filepath.Join(t.TempDir(), "acs.jsonl")))
	id := f.createOne()
	f.registry.journal.file.Close() // as if the disk were gone
	wantRefusal(t, f.do("POST", "/identities", ""), 500, "InternalServerError", "")
	wantRefusal(t, f.do("DELETE", pathOf(id), ""), 500, "InternalServerError", "")
	if diff := cmp.Diff([]string{id}, ids(f)); diff != "" || f.Identities()[0].Deleted {
		t.Error("a failed write took effect", diff)
	}
	f.issueOne(id)
}

func TestResetEmptiesTheDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	f.createOne()
	f.createOne()
	f.Reset()
	id := f.createOne()
	f.Close()
	f.Close() // a second time is harmless
	if diff := cmp.Diff([]string{id}, ids(newFixture(t, withFile(path)))); diff != "" {
		t.Error(diff)
	}
}

// TestDataFileIsBounded has the file not grow with the calls, but with what is
// kept.
func TestDataFileIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	f.registry.journal.slack, f.registry.maxDeleted = 20, 5
	kept := f.createOne()
	for range 200 {
		wantEmpty(t, f.do("DELETE", pathOf(f.createOne()), ""))
		f.assign(teamsUser, "user", teamsApp)
	}
	text, err := os.ReadFile(path)
	if lines := strings.Count(string(text), "\n"); err != nil || lines > 50 || lines != f.registry.journal.lines {
		t.Errorf("%d lines, %d counted, %v", lines, f.registry.journal.lines, err)
	}
	before, assigned := ids(f), f.listed()
	f.Close()
	f = newFixture(t, withFile(path))
	after := ids(f) // and some of those deleted that were forgotten
	if diff := cmp.Diff(before[1:], after[len(after)-5:]); diff != "" || before[0] != kept || after[0] != kept {
		t.Error(diff, before[0], after[0])
	}
	f.issueOne(kept)
	if diff := cmp.Diff(assigned, f.listed()); diff != "" || len(assigned) != 1 {
		t.Error(diff)
	}
}
