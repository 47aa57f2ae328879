package cosmos

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzItem: whatever the container holds, reading it ends, and what can be read can be written again.
func FuzzItem(f *testing.F) {
	row, line := rowItem(activeRow("alice")), lineItem(orphanOf(pendingRow("alice")))
	for _, i := range []item{row, line, {ID: lockID, Key: lockKey("x"), Kind: kindLock, Holder: "\xff", Lease: 1}} {
		i.Written = 1 // encode leaves it out, as in what is sent
		text, err := json.Marshal(i)
		must(f, err)
		f.Add(text)
	}
	for _, text := range []string{`{}`, `{"_ts":1,"generation":"x"}`, `{"_ts":-1}`, `{"_ts":1,"attempt":"base64:!"}`, `[`, `{"_ts":9223372036854775807,"lease":"9223372036854775807"}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		i, err := decode(text)
		if err != nil {
			return
		}
		if m, err := i.mapping(time.Unix(1, 0)); err == nil && m.Key.Hash() != i.Key {
			t.Error("the row of another user was read")
		}
		if l, err := i.line(); err == nil && lineItem(l).ID != i.ID {
			t.Error("the line of another attempt was read")
		}
		again := &item{}
		if err := json.Unmarshal(i.encode(), again); err != nil {
			t.Errorf("what was read cannot be written: %v", err)
		}
		again.Written, again.ETag = i.Written, i.ETag
		if string(again.encode()) != string(i.encode()) {
			t.Errorf("%s became %s", i.encode(), again.encode())
		}
	})
}

// FuzzText: every string comes back.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "a", "base64:", "base64:YQ==", "\xff", "\u2028", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		coded, err := json.Marshal(text(s))
		if err != nil {
			t.Fatal(err)
		}
		var back text
		if err := json.Unmarshal(coded, &back); err != nil || string(back) != s {
			t.Errorf("%q became %q, %v", s, back, err)
		}
	})
}

// FuzzAccount: no description of an account is believed unless it says all that is needed.
func FuzzAccount(f *testing.F) {
	f.Add([]byte(`{"writableLocations":[{"databaseAccountEndpoint":"https://a.example/"}],"userConsistencyPolicy":{"defaultConsistencyLevel":"Strong"}}`))
	f.Add([]byte(`{"enableMultipleWriteLocations":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		a := readAccount(text, false)
		if a.err == nil && (a.writeHost == "" || a.level != strong && a.level != bounded) {
			t.Errorf("accepted: %+v", a)
		}
	})
}
