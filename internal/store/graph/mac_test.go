package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/acs-solutions/acsauth"
	"github.com/acs-solutions/acsauth/emulator"
)

// P-08: a change of any field is refused, and no field can be moved into another.
func TestMACCoversEveryField(t *testing.T) {
	s := &Store{o: Options{MACKeys: []MACKey{keyOne}, Extension: DefaultExtension}}
	base := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "issuer", Subject: "subject"}, Identity: "8:acs:r_x", Attempt: "attempt", Resource: "resource", Generation: 12}
	mac := s.sign(base)
	if !s.verify(base, mac) {
		t.Fatal("the own MAC is refused")
	}
	changes := map[string]func(m *acsauth.Mapping){
		"issuer": func(m *acsauth.Mapping) { m.Key.Issuer += "x" }, "subject": func(m *acsauth.Mapping) { m.Key.Subject = "Subject" },
		"identity": func(m *acsauth.Mapping) { m.Identity += "x" }, "attempt": func(m *acsauth.Mapping) { m.Attempt = "" },
		"resource": func(m *acsauth.Mapping) { m.Resource = "" }, "generation": func(m *acsauth.Mapping) { m.Generation = 1 },
		"issuer into subject":     func(m *acsauth.Mapping) { m.Key = acsauth.UserKey{Issuer: "issue", Subject: "rsubject"} },
		"attempt into resource":   func(m *acsauth.Mapping) { m.Attempt, m.Resource = "attemptr", "esource" },
		"generation into attempt": func(m *acsauth.Mapping) { m.Attempt, m.Generation = "attempt1", 2 },
		"identity into attempt":   func(m *acsauth.Mapping) { m.Identity, m.Attempt = "8:acs:r_", "xattempt" },
	}
	for name, change := range changes {
		m := base
		change(&m)
		if s.verify(m, mac) {
			t.Errorf("a change of the %s is not seen", name)
		}
	}
	other := &Store{o: Options{MACKeys: []MACKey{keyOne}, Extension: "com.contoso.other"}}
	for name, wrong := range map[string]bool{
		"another extension": other.verify(base, mac), "another key": (&Store{o: Options{MACKeys: []MACKey{{ID: "one", Key: keyTwo.Key}}, Extension: DefaultExtension}}).verify(base, mac),
		"another key id": s.verify(base, "two"+mac[3:]), "no key id": s.verify(base, mac[4:]), "empty": s.verify(base, ""), "half": s.verify(base, mac[:20]), "more": s.verify(base, mac+"A"),
	} {
		if wrong {
			t.Errorf("%s is accepted", name)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		text := []byte(mac)
		text[rng.IntN(len(text))] ^= byte(1 + rng.IntN(127))
		if s.verify(base, string(text)) {
			t.Fatalf("accepted %q for %q", text, mac)
		}
	}
}

// raw calls Graph as a user would by himself.
func (w *world) raw(key acsauth.UserKey, method, path string, body any) (status int, answer map[string]any) {
	w.t.Helper()
	token, err := w.entra.ForApp(w.t.Context(), emulator.TenantID, resource+"/.default")
	must(w.t, err)
	text, err := json.Marshal(body)
	must(w.t, err)
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.emu.GraphURL()+"/v1.0/users/"+key.Subject+"/extensions"+path, bytes.NewReader(text))
	must(w.t, err)
	req.Header.Set("Authorization", "Bearer "+token.Value)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(w.t, err)
	_ = json.Unmarshal(got, &answer) // an empty answer has none
	return resp.StatusCode, answer
}

// overwrite puts members in the place of a user's extension.
func (w *world) overwrite(key acsauth.UserKey, members map[string]any) {
	w.t.Helper()
	w.raw(key, "DELETE", "/"+DefaultExtension, nil)
	body := map[string]any{"@odata.type": extensionType, "extensionName": DefaultExtension}
	for name, value := range members {
		if !strings.Contains(name, "@") {
			body[name] = value
		}
	}
	if status, answer := w.raw(key, "POST", "", body); status != 201 {
		w.t.Fatalf("%d %v", status, answer)
	}
}

// members returns a user's extension.
func (w *world) members(key acsauth.UserKey) map[string]any {
	w.t.Helper()
	status, answer := w.raw(key, "GET", "/"+DefaultExtension, nil)
	if status != 200 {
		w.t.Fatalf("%d %v", status, answer)
	}
	return answer
}

// edits are ways to change what is stored. other is another user's extension.
func edits(rng *rand.Rand, own, other map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range own {
		if !strings.Contains(name, "@") && name != "id" && name != "extensionName" {
			out[name] = value
		}
	}
	fields := []string{DefaultField, memberAttempt, memberGeneration, memberResource, memberMAC}
	field := fields[rng.IntN(len(fields))]
	text, _ := out[field].(string)
	switch rng.IntN(8) {
	case 0: // all of another user
		for _, name := range fields {
			out[name] = other[name]
		}
	case 1: // the identity of another user
		out[DefaultField] = other[DefaultField]
	case 2: // the identity and the signature of another user
		out[DefaultField], out[memberMAC] = other[DefaultField], other[memberMAC]
	case 3: // a member is gone, but the value is not unsigned
		delete(out, memberMAC)
	case 4: // another type
		out[field] = rng.IntN(100)
	case 5: // one byte of a member
		b := []byte(text)
		b[rng.IntN(len(b))] ^= 1
		out[field] = string(b)
	case 6: // an own signature
		forger := &Store{o: Options{MACKeys: []MACKey{{ID: keyOne.ID, Key: bytes.Repeat([]byte{9}, 32)}}, Extension: DefaultExtension}}
		out[memberMAC] = forger.sign(acsauth.Mapping{Identity: acsauth.Identity(text)})
	case 7: // a longer or shorter one
		out[field] = text + "0"
	}
	return out
}

// S-05: 200 edits of what is stored, another user's values among them: all are
// refused, each with an alarm, and none leads to a new identity.
func TestEveryEditIsRefused(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	writer := w.open(nil)
	row := w.active(ctx, writer, 1, "one")
	w.active(ctx, writer, 2, "two")
	own, other := w.members(w.user(1)), w.members(w.user(2))
	rng := rand.New(rand.NewPCG(5, 5))
	var sample string
	for i := range 200 {
		edit := edits(rng, own, other)
		w.overwrite(w.user(1), edit)
		s := w.open(nil) // one that has not seen the row
		before := w.told(EventTampered)
		_, err := s.Get(ctx, row.Key)
		wantCode(t, err, acsauth.Conflict, "mapping_tampered")
		if w.told(EventTampered) != before+1 {
			t.Fatalf("edit %d gave no alarm: %v", i, edit)
		}
		wantCode(t, s.Insert(ctx, w.intent(1, fmt.Sprint("new", i))), acsauth.Conflict, "mapping_tampered")
		wantCode(t, s.Replace(ctx, row, deleting(row), nil), acsauth.Conflict, "mapping_tampered")
		sample = err.Error()
	}
	log := w.log.String()
	for _, secret := range []string{w.user(1).Subject, string(row.Identity), "two"} {
		if strings.Contains(log+sample, secret) {
			t.Errorf("log or error hold %q", secret)
		}
	}
	if !strings.Contains(log, row.Key.Hash()) {
		t.Error("the alarm does not say whose mapping it is, by its hash")
	}
	w.overwrite(w.user(1), own) // and back
	wantRow(t, w.open(nil), ctx, row)
}

// Members of others do not matter.
func TestOtherMembersAreLeftAlone(t *testing.T) {
	w := newWorld(t, Application)
	row := w.active(t.Context(), w.open(nil), 1, "one")
	own := w.members(w.user(1))
	own["department"], own["list"] = "sales", []any{1, "a"}
	w.overwrite(w.user(1), own)
	wantRow(t, w.open(nil), t.Context(), row)
}

func TestKeyRotation(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	with := func(keys ...MACKey) *Store { return w.open(func(o *Options) { o.MACKeys = keys }) }
	first := w.active(ctx, with(keyOne), 1, "one")
	both := with(keyTwo, keyOne)
	second := w.active(ctx, both, 2, "two")
	wantRow(t, with(keyTwo, keyOne), ctx, first)
	wantRow(t, with(keyTwo), ctx, second)
	wantRow(t, with(keyOne, keyTwo), ctx, second)
	for s, key := range map[*Store]acsauth.UserKey{with(keyTwo): first.Key, with(keyOne): second.Key} {
		_, err := s.Get(ctx, key)
		wantCode(t, err, acsauth.Conflict, "mapping_tampered")
	}
}

// What the public samples wrote is read if that is asked for, and never written.
func TestAdopt(t *testing.T) {
	w := newWorld(t, Application)
	ctx := t.Context()
	adopting := func() *Store { return w.open(func(o *Options) { o.Adopt = true }) }
	w.overwrite(w.user(1), map[string]any{DefaultField: string(identity("sample"))})
	_, err := w.open(nil).Get(ctx, w.user(1))
	wantCode(t, err, acsauth.Conflict, "mapping_unsigned")
	if w.told(EventUnsigned) != 1 {
		t.Error("no alarm for a value without a signature")
	}
	want := acsauth.Mapping{Key: w.user(1), State: acsauth.Active, Attempt: "adopted", Identity: identity("sample"), Resource: emulator.ResourceID, Generation: 1}
	s := adopting()
	wantRow(t, s, ctx, want)
	wantRow(t, adopting(), ctx, want)
	if got := w.emu.Counters().Graph["update"]; got != 0 {
		t.Errorf("%d updates were sent", got)
	}
	if err := s.Insert(ctx, w.intent(1, "a")); !errors.Is(err, acsauth.ErrConflict) {
		t.Errorf("an intent beside an adopted value: %v", err)
	}
	must(t, s.Replace(ctx, want, deleting(want), nil))
	must(t, s.Remove(ctx, deleting(want), nil))
	wantNone(t, adopting(), ctx, want.Key)
	wantRow(t, adopting(), ctx, w.active(ctx, s, 1, "signed"))
	for name, value := range map[string]any{"another form": "bob", "another resource": "8:acs:other_x", "another type": 7, "none": nil} {
		w.overwrite(w.user(2), map[string]any{DefaultField: value})
		_, err := adopting().Get(ctx, w.user(2))
		if name == "another type" {
			wantCode(t, err, acsauth.Conflict, "mapping_tampered")
		} else {
			wantCode(t, err, acsauth.Conflict, "mapping_unsigned")
		}
	}
}

// FuzzExtension: whatever an extension holds, it is a row with its signature, or an alarm.
func FuzzExtension(f *testing.F) {
	s := &Store{o: Options{MACKeys: []MACKey{keyOne}, Extension: DefaultExtension, Field: DefaultField, Resource: "r"}}
	row := acsauth.Mapping{Key: acsauth.UserKey{Issuer: "i", Subject: "s"}, State: acsauth.Active, Attempt: "a", Identity: "8:acs:r_x", Resource: "r", Generation: 1}
	text, err := s.payload(row)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"id":"com.contoso.identityMapping","acsUserIdentity":"8:acs:r_x"}`))
	f.Add([]byte(`{"extensionName":"microsoft.graph.openTypeExtension.com.contoso.identityMapping","acsauthMac":null}`))
	f.Add([]byte(`{"id":7,"extensionName":"COM.CONTOSO.IDENTITYMAPPING","acsauthGeneration":"01"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var e map[string]json.RawMessage
		if json.Unmarshal(text, &e) != nil {
			return
		}
		got := s.find(row.Key, []map[string]json.RawMessage{e})
		if got == nil || got.unsigned || got.unreadable != nil {
			return
		}
		if got.row != row { // the one row that was ever signed
			t.Fatalf("accepted %+v from %s", got.row, text)
		}
	})
}

// FuzzChallenge: claims are a JSON object or nothing.
func FuzzChallenge(f *testing.F) {
	f.Add(`Bearer realm="", error="insufficient_claims", claims="` + base64.StdEncoding.EncodeToString([]byte(`{"access_token":{}}`)) + `"`)
	f.Add(`Bearer error="insufficient_claims", claims="e30"`)
	f.Fuzz(func(t *testing.T, challenge string) {
		text := claimsOf(http.Header{"Www-Authenticate": {challenge}})
		var object map[string]any
		if text != "" && json.Unmarshal([]byte(text), &object) != nil {
			t.Fatalf("claims %q", text)
		}
	})
}
