package acs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func (f *fixture) snapshot() []byte {
	f.t.Helper()
	data, err := f.Snapshot()
	if err != nil {
		f.t.Fatal(err)
	}
	return data
}

// populate leaves a bit of everything, and returns tokens with their states.
func populate(f *fixture) map[string]TokenState {
	f.t.Helper()
	kept, gone, revoked := f.createOne(), f.createOne(), f.createOne()
	tokens := map[string]TokenState{f.issueOne(kept): TokenActive, f.issueOne(gone): TokenRevoked, f.issueOne(revoked): TokenRevoked}
	wantEmpty(f.t, f.do("POST", pathOf(revoked)+"/:revokeAccessTokens", ""))
	wantEmpty(f.t, f.do("DELETE", pathOf(gone), ""))
	tokens[f.issueOne(revoked)] = TokenActive
	f.preview("POST", "/identities", `{"customId":"sally \u2028"}`)
	f.with(secondKey, "POST", "/identities?api-version="+versionPreview, `{"customId":"sally \u2028"}`)
	f.assign(teamsUser, "user", teamsApp)
	f.preview("PUT", "/access/teamsExtension/tenants/"+homeTenant+"/assignments/"+teamsUser, `{"principalType":"user"}`)
	tokens[read[createReply](f.t, f.bearer(versionPreview, entraRoute, userClaims()), 200).AccessToken.Token] = TokenActive
	fresh, err := f.RegenerateKey(testResource, 1)
	if err != nil {
		f.t.Fatal(err)
	}
	w := f.with(fresh, "POST", pathOf(kept)+"/:issueAccessToken?api-version="+stable, `{"scopes":["chat"]}`)
	tokens[read[accessToken](f.t, w, 200).Token] = TokenActive
	at := f.clock.now().Add(time.Hour).Format(time.RFC3339)
	wantEmpty(f.t, f.in(versionLegacy, "PATCH", pathOf(kept), `{"tokensValidFrom":"`+at+`"}`))
	for token := range tokens {
		if f.Introspect(token) == TokenRevoked {
			tokens[token] = TokenRevoked
		}
	}
	return tokens
}

func TestSnapshotAndRestore(t *testing.T) {
	for name, file := range map[string]string{"in memory": "", "with a file": filepath.Join(t.TempDir(), "acs.jsonl")} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(o *Options) { withSecond(o); o.DataFile = file })
			tokens := populate(f)
			first := f.snapshot()
			identities, issued, assigned := f.Identities(), f.Issued(), f.listed()

			f.Reset()
			f.createOne()
			for range 2 {
				if err := f.Restore(first); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(first), string(f.snapshot())); diff != "" {
					t.Fatal(diff)
				}
			}
			if diff := cmp.Diff(identities, f.Identities()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(issued, f.Issued()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(assigned, f.listed()); diff != "" {
				t.Error(diff)
			}
			for token, want := range tokens {
				f.state(token, want)
			}
			// Another process with the same options takes it, too.
			other := newFixture(t, withSecond)
			if err := other.Restore(first); err != nil {
				t.Fatal(err)
			}
			for token, want := range tokens {
				other.state(token, want)
			}
			wantEmpty(t, other.do("DELETE", pathOf(identities[1].ID), "")) // deleted before: remembered
		})
	}
}

func TestRestoreRewritesTheDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	options := func(o *Options) { withSecond(o); o.DataFile = path }
	f := newFixture(t, options)
	populate(f)
	first, assigned := f.snapshot(), f.listed()
	f.Reset()
	f.createOne()
	if err := f.Restore(first); err != nil {
		t.Fatal(err)
	}
	late := f.createOne()
	want := ids(f)
	f.Close()
	f = newFixture(t, options)
	if diff := cmp.Diff(want, ids(f)); diff != "" || want[len(want)-1] != late {
		t.Error(diff)
	}
	if diff := cmp.Diff(assigned, f.listed()); diff != "" {
		t.Error(diff)
	}
	again := read[createReply](t, f.preview("POST", "/identities", `{"customId":"sally \u2028"}`), 201).Identity.ID
	if again != want[3] {
		t.Errorf("customId leads to %s, want %s", again, want[3])
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("%d files left", len(files))
	}
}

// TestRestoreKeepsRacedCustomIDs has the customId of two lead to the same one
// after a restore and a restart.
func TestRestoreKeepsRacedCustomIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	var made [2]made
	for i := range made {
		made[i], _ = f.registry.create(wish{customID: "sally", raced: true}, f.clock.now())
	}
	wantEmpty(t, f.do("DELETE", pathOf(made[1].id), ""))
	find := func(f *fixture) string {
		return read[createReply](t, f.preview("POST", "/identities", `{"customId":"sally"}`), 201).Identity.ID
	}
	third := find(f)
	if third == made[0].id {
		t.Error("the stray one came back")
	}
	if err := f.Restore(f.snapshot()); err != nil {
		t.Fatal(err)
	}
	if got := find(f); got != third {
		t.Errorf("after the restore: %s, want %s", got, third)
	}
	f.Close()
	if got := find(newFixture(t, withFile(path))); got != third {
		t.Errorf("after the restart: %s, want %s", got, third)
	}
}

func TestRestoreRefuses(t *testing.T) {
	f := newFixture(t, withSecond)
	populate(f)
	good := f.snapshot()
	edit := func(change func(*snapshot)) []byte {
		var s snapshot
		if err := json.Unmarshal(good, &s); err != nil {
			t.Fatal(err)
		}
		change(&s)
		data, _ := json.Marshal(s)
		return data
	}
	far := time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, bad := range map[string][]byte{
		"empty": nil, "text": []byte("x"), "null": []byte("null"), "cut": good[:len(good)-1], "two": append(bytes.Clone(good), '{', '}'),
		"unknown field":   bytes.Replace(good, []byte(`{"service"`), []byte(`{"colour":1,"service"`), 1),
		"version":         edit(func(s *snapshot) { s.Version = 2 }),
		"service":         edit(func(s *snapshot) { s.Service = "graph" }),
		"no key":          edit(func(s *snapshot) { s.SigningKey = nil }),
		"bad key":         edit(func(s *snapshot) { s.SigningKey = s.SigningKey[1:] }),
		"other resource":  edit(func(s *snapshot) { s.Resources[0].ID = otherGUID }),
		"fewer resources": edit(func(s *snapshot) { s.Resources = s.Resources[:1] }),
		"bad access key":  edit(func(s *snapshot) { s.Resources[0].Keys[0] = "?" }),
		"generation":      edit(func(s *snapshot) { s.Resources[0].Generation[0] = -1 }),
		"foreign id":      edit(func(s *snapshot) { s.Identities[0].ID = "8:acs:" + otherGUID + "_" + otherGUID }),
		"id twice":        edit(func(s *snapshot) { s.Identities[0] = s.Identities[2] }),
		"serial":          edit(func(s *snapshot) { s.Identities[0].Revoked = s.Identities[0].Issued + 1 }),
		"negative serial": edit(func(s *snapshot) { s.Identities[0].Revoked = -1 }),
		"huge serial":     edit(func(s *snapshot) { s.Identities[0].Issued = maxSerial + 1 }),
		"time":            edit(func(s *snapshot) { s.Identities[0].LastIssued = far }),
		"no time":         edit(func(s *snapshot) { s.Identities[0].Created = time.Time{} }),
		"no time of end":  edit(func(s *snapshot) { s.Identities[1].RevokedAt = time.Time{} }),
		"long customId":   edit(func(s *snapshot) { s.Identities[0].CustomID = strings.Repeat("x", maxCustomID+1) }),
		"customId gone":   edit(func(s *snapshot) { s.Identities[1].CustomID = "x" }),
		"assignment":      edit(func(s *snapshot) { s.Assignments[0].Principal = "x" }),
		"foreign grant":   edit(func(s *snapshot) { s.Assignments[0].Resource = otherGUID }),
		"grant twice":     edit(func(s *snapshot) { s.Assignments = append(s.Assignments, s.Assignments[0]) }),
		"many issued":     edit(func(s *snapshot) { s.Issued = make([]IssuedToken, maxIssued+1) }),
	} {
		err := f.Restore(bad)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: the error tells a key: %v", name, err)
		}
		if diff := cmp.Diff(string(good), string(f.snapshot())); diff != "" {
			t.Fatalf("%s: the state changed: %s", name, diff)
		}
	}
	f.registry.max = 2
	if err := f.Restore(good); err == nil {
		t.Error("more identities than fit were taken")
	}
}

func TestRestoreFailsWithTheDataFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "acs.jsonl")
	f := newFixture(t, withFile(path))
	first := f.snapshot()
	id := f.createOne()
	if err := os.Mkdir(path+".new", 0o700); err != nil { // in the way
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path+".new", "x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if f.Restore(first) == nil {
		t.Error("no error")
	}
	next := f.createOne()
	f.Close()
	if diff := cmp.Diff([]string{id, next}, ids(newFixture(t, withFile(path)))); diff != "" {
		t.Error(diff)
	}
}

// TestParallelRestore snapshots and restores while requests come in.
func TestParallelRestore(t *testing.T) {
	f := newFixture(t, withFile(filepath.Join(t.TempDir(), "acs.jsonl")))
	for i := range 20 {
		f.preview("POST", "/identities", fmt.Sprintf(`{"customId":"%d"}`, i))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				id := f.createOne()
				f.Introspect(read[createReply](t, f.do("POST", "/identities", `{"createTokenWithScopes":["chat"]}`), 201).AccessToken.Token)
				f.do("DELETE", pathOf(id), "") // may be of a state that is gone
			}
		})
	}
	for range 10 {
		if err := f.Restore(f.snapshot()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	if n := len(f.Identities()); n < 20 {
		t.Errorf("%d identities", n)
	}
	if err := f.Restore(f.snapshot()); err != nil {
		t.Error(err)
	}
}
