package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
)

func TestLineHoldsWhatItShould(t *testing.T) {
	var out bytes.Buffer
	at := time.Date(2026, 5, 4, 3, 2, 1, 9, time.FixedZone("", 3600))
	l := open(t, Options{Writer: &out, Keys: testKeys(), Now: func() time.Time { return at }})
	e := sample("req-1")
	e.Target = acsauth.UserKey{Issuer: testIssuer, Subject: "target-subject"}
	e.Policy, e.Code, e.TokenHash = "v7", "some_code", strings.Repeat("ab", 32)
	if err := l.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 3 {
		t.Fatalf("%d lines", len(lines))
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{
		"kind": "decision", "time": `2026-05-04T02:02:01\.000000009Z`, "seq": "2", "prev": "[0-9a-f]{64}", "hash": "[0-9a-f]{64}",
		"chain": "[0-9a-f]{16}", "instance": "[0-9a-f]{16}", "request": "req-1", "operation": "getToken", "outcome": "allowed", "code": "some_code",
		"status": "200", "who": "[0-9a-f]{32}", "target": "[0-9a-f]{32}", "identity": "[0-9a-f]{32}", "issuer": "entra", "caller": "user",
		"tenant": "1{8}-.*", "client": "3{8}-.*", "rule": "default", "policy": "v7", "scopes": `\[chat voip\]`, "minutes": "60",
		"created": "true", "token_sha256": "(ab){32}",
	} {
		if text := fmt.Sprint(got[name]); !regexp.MustCompile("^" + form + "$").MatchString(text) {
			t.Errorf("%s is %s, want %s", name, text, form)
		}
	}
	if got["address"] != nil {
		t.Error("an address without asking")
	}
}

func TestNothingPersonalIsWritten(t *testing.T) {
	var out bytes.Buffer
	l := open(t, Options{Writer: &out, Keys: testKeys()})
	record(t, l, "a")
	closeLog(t, l)
	for _, secret := range []string{testSubject, testIssuer, "8:acs:resource_user", "resource_user", "192.0.2.7", string(testKeys()[0])} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if !strings.Contains(out.String(), `"who":"`) {
		t.Error("nobody is named, not even by a hash")
	}
}

func TestAddressOnlyIfAskedFor(t *testing.T) {
	var out bytes.Buffer
	l := open(t, Options{Writer: &out, Keys: testKeys(), Addresses: true})
	record(t, l, "a")
	closeLog(t, l)
	if !strings.Contains(out.String(), `"address":"192.0.2.7"`) {
		t.Error("no address")
	}
}

func TestNamesOfUsersDependOnKeyAndUser(t *testing.T) {
	one, _ := derive(testKeys()[0])
	two, _ := derive(bytes.Repeat([]byte{8}, 32))
	u := acsauth.UserKey{Issuer: "ab", Subject: "c"}
	if one.user(u) == two.user(u) {
		t.Error("the name does not depend on the key")
	}
	if one.user(u) == one.user(acsauth.UserKey{Issuer: "a", Subject: "bc"}) {
		t.Error("two users have one name")
	}
	if again, _ := derive(testKeys()[0]); again.user(u) != one.user(u) || again.user(acsauth.UserKey{}) != "" {
		t.Error("the name is not stable")
	}
	if bytes.Equal(one.chain, one.users) {
		t.Error("one subkey for two purposes")
	}
}

func TestLineIsBounded(t *testing.T) {
	long := strings.Repeat("\x01\"<", 100_000)
	e := Event{RequestID: long, Operation: long, Outcome: long, Code: long, Rule: long, Policy: long, TokenHash: long, Identity: acsauth.Identity(long),
		Caller: acsauth.Caller{Key: acsauth.UserKey{Issuer: long, Subject: long}, Issuer: long, Kind: acsauth.CallerKind(long), Tenant: long, Client: long}}
	for range 1000 {
		e.Scopes = append(e.Scopes, acsauth.Scope(long))
	}
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	if err := l.Record(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	text := read(t, path)
	for one := range bytes.SplitSeq(text, []byte("\n")) {
		if len(one) >= MaxLine {
			t.Errorf("a line of %d bytes", len(one))
		}
	}
	good(t, VerifyOptions{Keys: testKeys()}, text)
}

func TestRestartContinuesTheChain(t *testing.T) {
	path := logPath(t)
	for i := range 3 {
		l := open(t, Options{Path: path, Keys: testKeys()})
		record(t, l, fmt.Sprint(i))
		closeLog(t, l)
	}
	sum := good(t, VerifyOptions{Keys: testKeys()}, read(t, path))
	if sum.Lines != 9 || sum.Starts != 3 || sum.Decisions != 3 || sum.Unclean != 0 || sum.Chains != 1 || sum.LastSeq != 9 {
		t.Errorf("%+v", sum)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	if other, err := Open(Options{Path: path, Keys: testKeys()}); err == nil {
		_ = other.Close()
		t.Error("opened twice")
	}
	closeLog(t, l)
	closeLog(t, open(t, Options{Path: path, Keys: testKeys()}))
}

func TestKeyRotation(t *testing.T) {
	path, newer := logPath(t), bytes.Repeat([]byte{9}, 32)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "old")
	closeLog(t, l)
	if l, err := Open(Options{Path: path, Keys: [][]byte{newer}}); err == nil {
		_ = l.Close()
		t.Fatal("went on without the key of the file")
	}
	both := [][]byte{newer, testKeys()[0]}
	l = open(t, Options{Path: path, Keys: both})
	record(t, l, "new")
	closeLog(t, l)
	text := read(t, path)
	good(t, VerifyOptions{Keys: both}, text)
	if sum := verifyText(t, VerifyOptions{Keys: testKeys()}, text); sum.Bad == nil || !strings.Contains(sum.Bad.What, "edited") && !strings.Contains(sum.Bad.What, "key") {
		t.Errorf("%+v", sum.Bad)
	}
	if sum := verifyText(t, VerifyOptions{}, text); sum.Bad == nil || !strings.Contains(sum.Bad.What, "--key-file") {
		t.Errorf("%+v", sum.Bad)
	}
}

func TestManyAtOnce(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	var wg sync.WaitGroup
	for worker := range 64 {
		wg.Go(func() {
			for i := range 20 {
				if err := l.Record(t.Context(), sample(fmt.Sprintf("%d-%d", worker, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	closeLog(t, l)
	text := read(t, path)
	if sum := good(t, VerifyOptions{Keys: testKeys()}, text); sum.Decisions != 64*20 {
		t.Errorf("%d decisions", sum.Decisions)
	}
	for worker := range 64 {
		for i := range 20 {
			if !bytes.Contains(text, fmt.Appendf(nil, `"request":"%d-%d"`, worker, i)) {
				t.Fatalf("%d-%d is missing", worker, i)
			}
		}
	}
}

func TestClosedLogRefuses(t *testing.T) {
	l := open(t, Options{Path: logPath(t), Keys: testKeys()})
	closeLog(t, l)
	if err := l.Record(t.Context(), sample("late")); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	closeLog(t, l) // twice is harmless
	l = open(t, Options{Path: logPath(t), Keys: testKeys()})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Record(ended, sample("gone")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	closeLog(t, l)
}

func TestHeadIsThatOfTheFile(t *testing.T) {
	path := logPath(t)
	l := open(t, Options{Path: path, Keys: testKeys()})
	record(t, l, "a", "b")
	seq, hash := l.Head()
	if sum := good(t, VerifyOptions{Keys: testKeys(), Head: hash}, read(t, path)); sum.LastSeq != seq {
		t.Errorf("%d and %d", sum.LastSeq, seq)
	}
	closeLog(t, l)
}

func TestWrongOptionsAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"nowhere":   {},
		"two":       {Path: logPath(t), Writer: new(bytes.Buffer)},
		"short key": {Path: logPath(t), Keys: [][]byte{[]byte("short")}},
		"no folder": {Path: logPath(t) + "/x/y"},
		"folder":    {Path: t.TempDir()},
	} {
		if l, err := Open(o); err == nil {
			_ = l.Close()
			t.Errorf("%s: opened", name)
		}
	}
}
