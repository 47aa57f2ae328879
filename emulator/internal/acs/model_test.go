package acs

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// modelToken is what the model knows of a token.
type modelToken struct {
	text            string
	identity        int
	slot, keyNumber int
	expires         time.Time
	revokedFrom     time.Time // zero: not revoked
}

type modelIdentity struct {
	id       string
	customID string
	deleted  bool
}

// model says what a service of two keys has to answer.
type model struct {
	f          *fixture
	keys       [2]string
	keyNumber  [2]int
	delay      time.Duration
	identities []modelIdentity
	tokens     []modelToken
}

func (m *model) want(t modelToken) TokenState {
	now := m.f.clock.now()
	switch {
	case now.Unix() >= t.expires.Unix():
		return TokenExpired
	case t.keyNumber != m.keyNumber[t.slot], !t.revokedFrom.IsZero() && !now.Before(t.revokedFrom):
		return TokenRevoked
	}
	return TokenActive
}

// revoke marks the tokens of an identity.
func (m *model) revoke(identity int) {
	for i := range m.tokens {
		if t := &m.tokens[i]; t.identity == identity && t.revokedFrom.IsZero() {
			t.revokedFrom = m.f.clock.now().Add(m.delay)
		}
	}
}

// settle is what an end of the delay does.
func (m *model) settle() {
	for i := range m.tokens {
		if t := &m.tokens[i]; !t.revokedFrom.IsZero() {
			t.revokedFrom = time.Unix(0, 1)
		}
	}
}

func (m *model) create(t *rapid.T) {
	slot := rapid.IntRange(0, 1).Draw(t, "slot")
	custom := rapid.SampledFrom([]string{"", "sally", "harry"}).Draw(t, "customId")
	body := map[bool]string{true: `{}`, false: `{"customId":"` + custom + `"}`}[custom == ""]
	w := m.f.with(m.keys[slot], "POST", "/identities?api-version="+versionPreview, body)
	got := read[createReply](m.f.t, w, 201).Identity
	known := slices.IndexFunc(m.identities, func(i modelIdentity) bool { return custom != "" && i.customID == custom && !i.deleted })
	switch {
	case known >= 0 && got.ID != m.identities[known].id:
		t.Fatalf("customId %s gives %s, want %s", custom, got.ID, m.identities[known].id)
	case known < 0 && slices.ContainsFunc(m.identities, func(i modelIdentity) bool { return i.id == got.ID }):
		t.Fatalf("customId %q gives the old %s", custom, got.ID)
	case known < 0:
		m.identities = append(m.identities, modelIdentity{id: got.ID, customID: custom})
	}
}

func (m *model) issue(t *rapid.T) {
	i, slot := m.pick(t), rapid.IntRange(0, 1).Draw(t, "slot")
	if i < 0 {
		return
	}
	w := m.f.with(m.keys[slot], "POST", pathOf(m.identities[i].id)+"/:issueAccessToken?api-version="+stable, `{"scopes":["chat"],"expiresInMinutes":60}`)
	if m.identities[i].deleted {
		wantRefusal(m.f.t, w, 401, "IdentityNotOwned", "")
		return
	}
	m.tokens = append(m.tokens, modelToken{
		text: read[accessToken](m.f.t, w, 200).Token, identity: i, slot: slot, keyNumber: m.keyNumber[slot],
		expires: m.f.clock.now().Add(time.Hour),
	})
}

func (m *model) end(t *rapid.T) {
	i, method, suffix := m.pick(t), "POST", "/:revokeAccessTokens"
	if i < 0 {
		return
	}
	if rapid.Bool().Draw(t, "delete") {
		method, suffix = "DELETE", ""
	}
	w := m.f.with(m.keys[0], method, pathOf(m.identities[i].id)+suffix+"?api-version="+stable, "")
	if m.identities[i].deleted && method == "POST" {
		wantRefusal(m.f.t, w, 401, "IdentityNotOwned", "")
		return
	}
	wantEmpty(m.f.t, w)
	m.revoke(i)
	m.identities[i].deleted = m.identities[i].deleted || method == "DELETE"
}

func (m *model) regenerate(t *rapid.T) {
	slot := rapid.IntRange(0, 1).Draw(t, "slot")
	fresh, err := m.f.RegenerateKey(testResource, slot)
	if err != nil {
		t.Fatal(err)
	}
	m.keys[slot] = fresh
	m.keyNumber[slot]++
}

func (m *model) changeDelay(t *rapid.T) {
	m.delay = rapid.SampledFrom([]time.Duration{0, 5 * time.Minute, 15 * time.Minute}).Draw(t, "delay")
	m.f.behave(Behaviour{RevocationDelay: m.delay})
	if m.delay == 0 {
		m.settle()
	}
}

func (m *model) restore(t *rapid.T) {
	if err := m.f.Restore(m.f.snapshot()); err != nil {
		t.Fatal(err)
	}
	m.settle()
}

// pick draws an identity, or -1 if there is none.
func (m *model) pick(t *rapid.T) int {
	return rapid.IntRange(min(0, len(m.identities)-1), len(m.identities)-1).Draw(t, "identity")
}

func (m *model) check(t *rapid.T) {
	for _, token := range m.tokens {
		if got, want := m.f.Introspect(token.text), m.want(token); got != want {
			t.Fatalf("a token of identity %d is %s, want %s", token.identity, got, want)
		}
	}
	var want []string
	for _, i := range m.identities {
		want = append(want, i.id)
	}
	if diff := cmp.Diff(want, ids(m.f)); diff != "" {
		t.Fatal(diff)
	}
}

// TestModel compares the service with a model over random calls, restores and
// moves of the clock.
func TestModel(t *testing.T) {
	folder := t.TempDir()
	runs := 0
	rapid.Check(t, func(t2 *rapid.T) {
		runs++
		f := newFixture(t, withFile(filepath.Join(folder, time.Duration(runs).String())))
		defer f.Close()
		m := &model{f: f, keys: [2]string{testKey, testKey2}}
		t2.Repeat(map[string]func(*rapid.T){
			"create": m.create, "issue": m.issue, "end": m.end, "regenerate": m.regenerate,
			"delay": m.changeDelay, "restore": m.restore, "check": m.check,
			"clock": func(t *rapid.T) {
				f.clock.advance(time.Duration(rapid.IntRange(0, 20).Draw(t, "minutes")) * time.Minute)
			},
		})
		m.check(t2)
	})
}
