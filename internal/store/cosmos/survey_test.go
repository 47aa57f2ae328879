package cosmos

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/acs-solutions/acsauth"
	standin "github.com/acs-solutions/acsauth/interop/cosmos"
)

// fill inserts n active rows.
func fill(t testing.TB, s *Store, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := worker; i < n; i += 8 {
				if err := s.Insert(t.Context(), activeRow(fmt.Sprint("user", i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// TestListRanges: the ranges of hashes get smaller until a page fits, and a
// cursor keeps that, so that later pages read little more than they return.
func TestListRanges(t *testing.T) {
	const rows = 1200
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	fill(t, s, rows)
	seen := map[acsauth.UserKey]bool{}
	cursor, pages := "", 0
	var last string
	for done := false; !done; done = cursor == "" {
		server.Forget()
		page, next, err := s.List(t.Context(), cursor, 20)
		must(t, err)
		if n := len(server.Requests()); pages > 3 && n > 8 {
			t.Errorf("page %d took %d requests", pages, n)
		}
		for _, row := range page {
			hash := row.Key.Hash()
			if seen[row.Key] || hash <= last {
				t.Fatalf("page %d is out of order", pages)
			}
			seen[row.Key], last = true, hash
		}
		if len(page) < 20 && next != "" {
			t.Errorf("page %d has %d rows and is not the last", pages, len(page))
		}
		cursor = next
		pages++
	}
	if len(seen) != rows || pages != rows/20 {
		t.Errorf("%d rows in %d pages", len(seen), pages)
	}
	_, next, err := s.List(t.Context(), "", 20)
	must(t, err)
	other := open(t, optionsOf(newAccount(t, standin.Options{})))
	if _, _, err := other.List(t.Context(), next, 20); err == nil || !strings.Contains(err.Error(), "this container") {
		t.Errorf("the cursor of another container: %v", err)
	}
}

func TestPlaceEnd(t *testing.T) {
	for _, c := range []struct {
		p    place
		want string
	}{
		{place{"", 0}, behindHashes}, {place{"", 1}, "8000000000000000"}, {place{"8000000000000000", 1}, behindHashes},
		{place{"", 60}, "0000000000000010"}, {place{"fffffffffffffff0", 60}, behindHashes}, {place{strings.Repeat("a", 64), 4}, "baaaaaaaaaaaaaaa"},
	} {
		if got := c.p.end(); got != c.want {
			t.Errorf("the end of %v is %s, want %s", c.p, got, c.want)
		}
	}
}

// TestManyLines: the oldest lines are found among more than one page has, whatever their order.
func TestManyLines(t *testing.T) {
	server := newAccount(t, standin.Options{MaxPage: 100})
	s := open(t, optionsOf(server))
	const lines = 1500
	for i := range lines {
		l := lineItem(suspectOf(pendingRow(fmt.Sprint(i))))
		l.Since = int64(1_000_000 + (i*7919)%lines)
		if _, err := s.create(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Lines(t.Context(), acsauth.Suspect, 5)
	must(t, err)
	for i, l := range got {
		if l.Since.Unix() != int64(1_000_000+i) {
			t.Errorf("line %d is of %v", i, l.Since.Unix())
		}
	}
	c, err := s.Counts(t.Context())
	if err != nil || c != (acsauth.Counts{Active: acsauth.NotCounted, Suspects: lines}) || len(got) != 5 {
		t.Errorf("%d lines, counts %+v, %v", len(got), c, err)
	}
}

// TestTooMany: a query that has no end within its bounds is an error and no short answer.
func TestTooMany(t *testing.T) {
	server := newAccount(t, standin.Options{MaxPage: 1})
	s := open(t, optionsOf(server))
	for i := range maxPages + 1 {
		must(t, s.PutLine(t.Context(), suspectOf(pendingRow(fmt.Sprint(i)))))
	}
	if _, err := s.Lines(t.Context(), acsauth.Suspect, 5); err == nil || !strings.Contains(err.Error(), "more than 200 pages") {
		t.Errorf("lines: %v", err)
	}
	if _, err := s.Counts(t.Context()); err == nil {
		t.Error("counts: no error")
	}
}

// TestBytes: strings come back byte for byte, whether they are Unicode or not.
func TestBytes(t *testing.T) {
	s := open(t, optionsOf(newAccount(t, standin.Options{})))
	odd := []string{"\xff\xfe", "a\x00b", "\ufffd", "base64:", "base64:YQ==", "\xed\xa0\x80", "\u2028<&>", strings.Repeat("\xff", 64), "\"\\/", "\x7f\x01"}
	for i, text := range odd {
		row := pendingRow(fmt.Sprint(i))
		row.Key.Subject, row.Key.Issuer, row.Attempt, row.Resource = text, text, text, text
		row.Generation = 1<<62 + 1 // no double holds this
		row.Lease = 150 * 24 * time.Hour
		must(t, s.Insert(t.Context(), row))
		got, err := s.Get(t.Context(), row.Key)
		must(t, err)
		if left := row.Lease - got.Lease; left < 0 || left > time.Minute {
			t.Errorf("%q: the lease is %v", text, got.Lease)
		}
		if got.Lease = row.Lease; got != row {
			t.Errorf("%q: got %q", text, got.Key.Subject)
		}
		line := orphanOf(row)
		line.RequestID, line.Answer, line.Identity = text, []byte(text), acsauth.Identity(text)
		row.State, row.Identity = acsauth.Deleting, acsauth.Identity(text)
		must(t, s.Replace(t.Context(), got, row, &line))
		if found, err := s.Find(t.Context(), row.Identity); err != nil || found.Key != row.Key {
			t.Errorf("%q: find: %v", text, err)
		}
		lines, err := s.Lines(t.Context(), acsauth.Orphan, 1000)
		must(t, err)
		at := slices.IndexFunc(lines, func(l acsauth.JournalLine) bool { return l.Attempt == text })
		if at < 0 || lines[at].RequestID != text || string(lines[at].Answer) != text || string(lines[at].Identity) != text {
			t.Errorf("%q: the line did not come back", text)
		}
		if has, err := s.Lock(t.Context(), text, text, time.Hour); !has || err != nil {
			t.Errorf("%q: lock: %v", text, err)
		}
		if has, err := s.Lock(t.Context(), text, text+"x", time.Hour); has || err != nil {
			t.Errorf("%q: lock for another: %v", text, err)
		}
	}
}

// TestRefusedValues: what no row and no line can be is refused without a request, and the value is not shown.
func TestRefusedValues(t *testing.T) {
	server := newAccount(t, standin.Options{})
	s := open(t, optionsOf(server))
	server.Forget()
	long := strings.Repeat("x", acsauth.MaxTextLen+1)
	for word, change := range map[string]func(m *acsauth.Mapping){
		"state":    func(m *acsauth.Mapping) { m.State = "lost" },
		"identity": func(m *acsauth.Mapping) { m.Identity = "8:acs:xxxx_y" },
		"attempt":  func(m *acsauth.Mapping) { m.Attempt = "" },
		"65 bytes": func(m *acsauth.Mapping) { m.Attempt = long[:65] },
		"resource": func(m *acsauth.Mapping) { m.Resource = long[:257] },
		"subject":  func(m *acsauth.Mapping) { m.Key.Subject = long },
		"issuer":   func(m *acsauth.Mapping) { m.Key.Issuer = long },
	} {
		row := pendingRow("x")
		change(&row)
		for _, err := range []error{s.Insert(t.Context(), row), s.Replace(t.Context(), row, row, nil)} {
			if err == nil || sentinel(err) || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "xxxx") {
				t.Errorf("%s: %v", word, err)
			}
		}
	}
	row := pendingRow("x")
	for word, change := range map[string]func(l *acsauth.JournalLine){
		"kind":        func(l *acsauth.JournalLine) { l.Kind = "lost" },
		"identity":    func(l *acsauth.JournalLine) { l.Kind = acsauth.Left },
		"hash":        func(l *acsauth.JournalLine) { l.User = "meta" },
		"request id":  func(l *acsauth.JournalLine) { l.RequestID = long },
		"the attempt": func(l *acsauth.JournalLine) {},
	} {
		line := suspectOf(row)
		change(&line)
		if word == "the attempt" {
			line.Attempt, word = long, "attempt"
		}
		for _, err := range []error{s.PutLine(t.Context(), line), s.Remove(t.Context(), row, &line), s.Replace(t.Context(), row, row, &line)} {
			if err == nil || sentinel(err) || !strings.Contains(err.Error(), word) || strings.Contains(err.Error(), "xxxx") {
				t.Errorf("line, %s: %v", word, err)
			}
		}
	}
	other := suspectOf(pendingRow("y"))
	if err := s.Remove(t.Context(), row, &other); err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("the line of another user: %v", err)
	}
	if _, err := s.Unfinished(t.Context(), acsauth.Active, 0, 1); err == nil {
		t.Error("unfinished rows that are active")
	}
	if _, err := s.Lines(t.Context(), "lost", 1); err == nil {
		t.Error("lines of a kind that there is not")
	}
	if _, err := s.Lock(t.Context(), long, "holder", time.Second); err == nil {
		t.Error("a lock with a name that is too long")
	}
	must(t, s.DropLine(t.Context(), "meta", "a"))
	if got := ops(server); len(got) != 0 {
		t.Errorf("requests were sent: %q", got)
	}
}
