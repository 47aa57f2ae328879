package audit

import (
	"bytes"
	"testing"

	"github.com/acs-solutions/acsauth"
)

func TestWhoFindsOneUser(t *testing.T) {
	var out bytes.Buffer
	l := open(t, Options{Writer: &out, Keys: testKeys()})
	record(t, l, "mine")
	other := sample("other")
	other.Caller.Key.Subject = "somebody else"
	about := other
	about.RequestID, about.Target = "about", acsauth.UserKey{Issuer: testIssuer, Subject: testSubject}
	nobody := sample("nobody")
	nobody.Caller = acsauth.Caller{}
	for _, e := range []Event{other, about, nobody} {
		if err := l.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	closeLog(t, l)
	find := func(keys [][]byte, u acsauth.UserKey) (lines []string, err error) {
		err = Who(bytes.NewReader(out.Bytes()), keys, u, func(text []byte) error { lines = append(lines, string(text)); return nil })
		return lines, err
	}
	user := acsauth.UserKey{Issuer: testIssuer, Subject: testSubject}
	rotated := [][]byte{bytes.Repeat([]byte{9}, 32), testKeys()[0]}
	for _, keys := range [][][]byte{testKeys(), rotated} {
		lines, err := find(keys, user)
		if err != nil || len(lines) != 2 || !bytes.Contains([]byte(lines[0]), []byte(`"mine"`)) || !bytes.Contains([]byte(lines[1]), []byte(`"about"`)) {
			t.Errorf("%v, %v", lines, err)
		}
	}
	if lines, err := find(testKeys(), acsauth.UserKey{}); err != nil || len(lines) != 0 {
		t.Errorf("the user without a name has %d lines, %v", len(lines), err)
	}
	if _, err := find(nil, user); err == nil {
		t.Error("found without a key")
	}
}
