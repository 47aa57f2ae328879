package storetest

import (
	"context"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A verb is one call of a store with sample arguments.
type verb struct {
	name string
	call func(ctx context.Context, s acsauth.Store) error
}

// verbs is every verb but Close, called about row.
func verbs(row acsauth.Mapping) []verb {
	line := suspectOf(row)
	return []verb{
		{VerbGet, func(ctx context.Context, s acsauth.Store) error { _, err := s.Get(ctx, row.Key); return err }},
		{VerbInsert, func(ctx context.Context, s acsauth.Store) error { return s.Insert(ctx, row) }},
		{VerbReplace, func(ctx context.Context, s acsauth.Store) error { return s.Replace(ctx, row, row, &line) }},
		{VerbRemove, func(ctx context.Context, s acsauth.Store) error { return s.Remove(ctx, row, &line) }},
		{VerbPutLine, func(ctx context.Context, s acsauth.Store) error { return s.PutLine(ctx, line) }},
		{VerbDropLine, func(ctx context.Context, s acsauth.Store) error { return s.DropLine(ctx, line.User, line.Attempt) }},
		{VerbLines, func(ctx context.Context, s acsauth.Store) error {
			_, err := s.Lines(ctx, acsauth.Suspect, 1)
			return err
		}},
		{VerbUnfinished, func(ctx context.Context, s acsauth.Store) error {
			_, err := s.Unfinished(ctx, acsauth.Pending, 0, 1)
			return err
		}},
		{VerbCounts, func(ctx context.Context, s acsauth.Store) error { _, err := s.Counts(ctx); return err }},
		{VerbLock, func(ctx context.Context, s acsauth.Store) error {
			_, err := s.Lock(ctx, "sweeper", "holder", time.Hour)
			return err
		}},
		{VerbPing, func(ctx context.Context, s acsauth.Store) error { return s.Ping(ctx) }},
	}
}

// verbsOf is what verbs says, and List and Find if the store has them.
func verbsOf(s acsauth.Store, row acsauth.Mapping) []verb {
	all := verbs(row)
	if _, ok := lister(s); ok {
		all = append(all, verb{VerbList, func(ctx context.Context, s acsauth.Store) error {
			l, _ := lister(s)
			_, _, err := l.List(ctx, "", 1)
			return err
		}})
	}
	if _, ok := finder(s); ok {
		all = append(all, verb{VerbFind, func(ctx context.Context, s acsauth.Store) error {
			f, _ := finder(s)
			_, err := f.Find(ctx, sampleID("nobody"))
			return err
		}})
	}
	return all
}

// A write is one conditional write, and what is stored before and after it.
type write struct {
	key       acsauth.UserKey
	old, next *acsauth.Mapping     // nil: no row
	line      *acsauth.JournalLine // written along
}

// writes is one of each verb, on keys that name alone uses.
func writes(name string) []write {
	fresh := pendingRow("insert "+name, "insert "+name)
	old, next := pendingRow("replace "+name, "old "+name), pendingRow("replace "+name, "new "+name)
	id := strings.ReplaceAll(name, " ", "-") // an identity belongs to one user
	gone := activeRow("remove "+name, "remove "+name, id)
	line, last := suspectOf(old), orphanOf(gone, id)
	return []write{
		{key: fresh.Key, next: &fresh},
		{key: old.Key, old: &old, next: &next, line: &line},
		{key: gone.Key, old: &gone, line: &last},
	}
}

// prepare stores the row before.
func (w write) prepare(p *probe) {
	if w.old != nil {
		p.insert(*w.old)
	}
}

// call does the write.
func (w write) call(ctx context.Context, s acsauth.Store) error {
	switch {
	case w.old == nil:
		return s.Insert(ctx, *w.next)
	case w.next == nil:
		return s.Remove(ctx, *w.old, w.line)
	}
	return s.Replace(ctx, *w.old, *w.next, w.line)
}

// is reports whether row is the one stored.
func (w write) is(p *probe, row *acsauth.Mapping) bool {
	got := p.get(w.key)
	if row == nil || got == nil {
		return row == got
	}
	return sameRow(got, *row) == nil
}

// landed reports whether the row and the line are both new, or both old. If
// neither, it fails. The line is read first: a write may land in between.
func (w write) landed(p *probe) bool {
	hasLine := w.line == nil || find(p.lines(w.line.Kind), *w.line) != nil
	switch isNew := w.is(p, w.next); {
	case p.err != nil:
		return false
	case isNew && hasLine:
		return true
	case isNew:
		if find(p.lines(w.line.Kind), *w.line) == nil {
			p.failf("the row is new and its line is missing")
		}
		return true
	case w.line != nil && hasLine:
		p.failf("the row is not new and its line is there")
	case !w.is(p, w.old) && !w.is(p, w.next):
		p.failf("the row is neither old nor new")
	}
	return false
}
