package graph

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/emu"
	"github.com/google/go-cmp/cmp"
)

func TestSnapshot(t *testing.T) {
	f := newFixture(t)
	f.behave(Behaviour{ReadLag: time.Second, Throttle: 100, RetryAfter: -1})
	for _, app := range []string{appOne, appTwo} {
		f.as(emu.Claims{"appid": app}, "POST", "/v1.0/me/extensions", named("of"+app))
	}
	f.as(emu.Claims{"oid": bobID}, "POST", "/v1.0/me/extensions", mappingBody)
	want := []ExtensionInfo{
		{aliceID, appOne, "of" + appOne, json.RawMessage(`{}`)}, {aliceID, appTwo, "of" + appTwo, json.RawMessage(`{}`)},
		{bobID, appOne, mappingName, json.RawMessage(`{"acsUserIdentity":"8:acs:x"}`)},
	}
	if diff := cmp.Diff(want, f.Extensions(10)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[:2], f.Extensions(2)); diff != "" {
		t.Error(diff)
	}
	text, err := f.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	other := newFixture(t)
	other.as(nil, "POST", "/v1.0/me/extensions", named("gone"))
	if err := other.Restore(text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, other.Extensions(10)); diff != "" {
		t.Error(diff)
	}
	if other.Behaviour() != f.Behaviour() || other.store.bytes != f.store.bytes {
		t.Errorf("%+v, %d bytes", other.Behaviour(), other.store.bytes)
	}
	other.behave(Behaviour{})
	wantRefusal(t, other.as(nil, "POST", "/v1.0/me/extensions", named("of"+appOne)), 400, "Request_BadRequest", duplicate)
}

// TestRestoreRefuses: a bad snapshot is refused as a whole.
func TestRestoreRefuses(t *testing.T) {
	f := newFixture(t)
	f.as(nil, "POST", "/v1.0/me/extensions", mappingBody)
	before := f.Extensions(10)
	entry := func(name, data string) string {
		return fmt.Sprintf(`{"user":%q,"app":%q,"name":%q,"data":%s}`, bobID, appOne, name, data)
	}
	state := func(entries ...string) string {
		return `{"version":1,"behaviour":{},"extensions":[` + strings.Join(entries, ",") + `]}`
	}
	for _, text := range []string{
		"", "{", "[]", `{"version":2}`, `{"version":1,"more":1}`, state() + "{}", `{"version":1,"behaviour":{"ReadLag":-1}}`,
		`{"version":1,"behaviour":{"Throttle":-1}}`,
		state(entry("a", "{}"), entry("A", "{}")), state(entry("a", "{}"), entry("b", "{}"), entry("c", "{}")),
		state(entry("a/b", "{}")), state(entry("com.microsoft.a", "{}")), state(entry("a", "1")), state(entry("a", "null")),
		state(entry("a", `{"v":"`+strings.Repeat("x", maxExtension)+`"}`)), state(`{"user":"","app":"a","name":"b","data":{}}`),
		state(`{"user":"a","app":"","name":"b","data":{}}`),
	} {
		if err := f.Restore([]byte(text)); err == nil {
			t.Errorf("%.80s is taken", text)
		}
	}
	if diff := cmp.Diff(before, f.Extensions(10)); diff != "" {
		t.Error(diff)
	}
	if err := f.Restore([]byte(state(entry("a", "{}")))); err != nil || len(f.Extensions(10)) != 1 {
		t.Errorf("%v, %d extensions", err, len(f.Extensions(10)))
	}
}

// TestBounds: neither users who come and go nor a flood of data grow what is kept.
func TestBounds(t *testing.T) {
	var s store
	data := map[string]json.RawMessage{"v": json.RawMessage(`"` + strings.Repeat("x", 2000) + `"`)}
	for i := range maxPast + 100 {
		user := fmt.Sprint(i)
		if ref := s.add(user, extension{name: "a", app: "b", data: data}); ref != nil {
			t.Fatal(ref.message)
		}
		s.remove(user, "a")
	}
	if len(s.users) != 0 || s.bytes != 0 || len(s.past.order) > maxPast || len(s.past.users) > maxPast {
		t.Errorf("%d users, %d bytes, %d old states", len(s.users), s.bytes, len(s.past.order))
	}
	s.bytes = maxKept - 100
	if ref := s.add("full", extension{name: "a", app: "b", data: data}); ref != errStoreFull {
		t.Errorf("refusal %+v", ref)
	}
	s.bytes = 0
	s.add("full", extension{name: "a", app: "b"})
	s.bytes = maxKept - 100
	if ref := s.replace("full", "a", data); ref != errStoreFull {
		t.Errorf("refusal %+v", ref)
	}
}
