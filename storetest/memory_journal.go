package storetest

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A lineKey is the key of a journal line.
type lineKey struct{ user, attempt string }

type memoryLine struct {
	acsauth.JournalLine
	seq int
}

// putLine keeps the rules of the journal: Since of the first line stays, and a
// Suspect never takes the place of another kind.
func (d *memoryData) putLine(line *acsauth.JournalLine) {
	if line == nil {
		return
	}
	key := lineKey{user: line.User, attempt: line.Attempt}
	next := memoryLine{JournalLine: *line}
	next.Answer = bytes.Clone(line.Answer[:min(len(line.Answer), acsauth.MaxJournalAnswer)])
	if first, ok := d.lines[key]; ok {
		if first.Kind != acsauth.Suspect && line.Kind == acsauth.Suspect {
			return
		}
		next.Since, next.seq = first.Since, first.seq
	} else {
		d.seq++
		next.Since, next.seq = time.Now().UTC().Round(0), d.seq
	}
	d.lines[key] = next
}

func (m *memory) PutLine(ctx context.Context, line acsauth.JournalLine) error {
	return m.with(ctx, func(d *memoryData) error {
		d.putLine(&line)
		return nil
	})
}

func (m *memory) DropLine(ctx context.Context, user, attempt string) error {
	return m.with(ctx, func(d *memoryData) error {
		delete(d.lines, lineKey{user: user, attempt: attempt})
		return nil
	})
}

func (m *memory) Lines(ctx context.Context, kind acsauth.JournalKind, limit int) (found []acsauth.JournalLine, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		if limit < 1 || limit > 1000 {
			return errLimit
		}
		lines := slices.SortedFunc(maps.Values(d.lines), func(a, b memoryLine) int {
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.seq, b.seq))
		})
		for _, line := range lines {
			if line.Kind == kind && len(found) < limit {
				line.Answer = bytes.Clone(line.Answer)
				found = append(found, line.JournalLine)
			}
		}
		return nil
	})
	return found, err
}
