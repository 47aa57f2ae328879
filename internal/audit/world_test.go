package audit

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

const (
	testIssuer  = "https://login.example/11111111-1111-1111-1111-111111111111/v2.0"
	testSubject = "22222222-2222-2222-2222-222222222222"
)

func testKeys() [][]byte { return [][]byte{bytes.Repeat([]byte{7}, 32)} }

func sample(id string) Event {
	return Event{
		RequestID: id, Operation: "getToken", Outcome: Allowed, Status: 200, Rule: "default", Created: true,
		Caller: acsauth.Caller{Key: acsauth.UserKey{Issuer: testIssuer, Subject: testSubject}, Issuer: "entra", Kind: acsauth.User,
			Tenant: "11111111-1111-1111-1111-111111111111", Client: "33333333-3333-3333-3333-333333333333"},
		Identity: "8:acs:resource_user", Scopes: []acsauth.Scope{acsauth.ScopeChat, acsauth.ScopeVoIP}, Lifetime: time.Hour,
		TokenHash: "00", Address: netip.MustParseAddr("192.0.2.7"),
	}
}

func logPath(t *testing.T) string { return filepath.Join(t.TempDir(), "audit.jsonl") }

func open(t *testing.T, o Options) *Log {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func record(t *testing.T, l *Log, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := l.Record(t.Context(), sample(id)); err != nil {
			t.Fatal(err)
		}
	}
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// verifyText verifies one log that is in memory.
func verifyText(t *testing.T, o VerifyOptions, texts ...[]byte) Summary {
	t.Helper()
	var in []Input
	for _, text := range texts {
		in = append(in, Input{"log", bytes.NewReader(text)})
	}
	sum, err := Verify(in, o)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func good(t *testing.T, o VerifyOptions, texts ...[]byte) Summary {
	t.Helper()
	sum := verifyText(t, o, texts...)
	if sum.Bad != nil {
		t.Fatalf("the log is good, and verify says: line %d: %s", sum.Bad.Line, sum.Bad.What)
	}
	return sum
}
