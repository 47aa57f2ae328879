package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/acs-solutions/acsauth"
)

// A probe calls a store and remembers the first thing that was wrong. After
// that its methods do nothing, so a check reads as a straight line.
type probe struct {
	ctx   context.Context
	store acsauth.Store
	err   error

	counting *bool // whether Active is counted, once that is known
}

// failf notes a failure.
func (p *probe) failf(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// no fails if err is not nil.
func (p *probe) no(what string, err error) {
	if err != nil {
		p.failf("%s: %w", what, err)
	}
}

// is fails unless err is the sentinel.
func (p *probe) is(what string, err, sentinel error) {
	if !errors.Is(err, sentinel) {
		p.failf("%s: got error %v, want %w", what, err, sentinel)
	}
}

// unknown fails unless err is an error and not a sentinel.
func (p *probe) unknown(what string, err error) {
	switch {
	case err == nil:
		p.failf("%s: got no error", what)
	case errors.Is(err, acsauth.ErrConflict), errors.Is(err, acsauth.ErrNotFound):
		p.failf("%s: got the sentinel %q", what, err)
	}
}

func (p *probe) insert(rows ...acsauth.Mapping) {
	for _, row := range rows {
		if p.err == nil {
			p.no("Insert", p.store.Insert(p.ctx, row))
		}
	}
}

func (p *probe) replace(old, next acsauth.Mapping, line *acsauth.JournalLine) {
	if p.err == nil {
		p.no("Replace", p.store.Replace(p.ctx, old, next, line))
	}
}

func (p *probe) remove(old acsauth.Mapping, line *acsauth.JournalLine) {
	if p.err == nil {
		p.no("Remove", p.store.Remove(p.ctx, old, line))
	}
}

func (p *probe) putLine(lines ...acsauth.JournalLine) {
	for _, line := range lines {
		if p.err == nil {
			p.no("PutLine", p.store.PutLine(p.ctx, line))
		}
	}
}

// get returns the row of key, or nil if there is none.
func (p *probe) get(key acsauth.UserKey) *acsauth.Mapping {
	if p.err != nil {
		return nil
	}
	row, err := p.store.Get(p.ctx, key)
	if errors.Is(err, acsauth.ErrNotFound) {
		return nil
	}
	p.no("Get", err)
	return &row
}

// has fails unless the rows are stored as given, but for their leases.
func (p *probe) has(rows ...acsauth.Mapping) {
	for _, want := range rows {
		got := p.get(want.Key)
		if p.err == nil {
			p.no("Get", sameRow(got, want))
		}
	}
}

// hasNot fails if key has a row.
func (p *probe) hasNot(key acsauth.UserKey) {
	if got := p.get(key); got != nil && p.err == nil {
		p.failf("Get: there is a row, want none: %s", show(*got))
	}
}

// lines returns all lines of a kind.
func (p *probe) lines(kind acsauth.JournalKind) []acsauth.JournalLine {
	if p.err != nil {
		return nil
	}
	lines, err := p.store.Lines(p.ctx, kind, 1000)
	p.no("Lines", err)
	return lines
}

// allLines returns all lines of all kinds.
func (p *probe) allLines() []acsauth.JournalLine {
	return slices.Concat(p.lines(acsauth.Suspect), p.lines(acsauth.Orphan), p.lines(acsauth.Left))
}

// counts fails unless Counts answers as wanted. Active may be NotCounted, if it is so for a whole check.
func (p *probe) counts(what string, want acsauth.Counts) {
	if p.err != nil {
		return
	}
	got, err := p.store.Counts(p.ctx)
	p.no("Counts", err)
	counted := got.Active != acsauth.NotCounted
	if p.counting != nil && *p.counting != counted && p.err == nil {
		p.failf("Counts %s: Active is counted at one time and not at another", what)
	}
	p.counting = &counted
	if !counted {
		want.Active = acsauth.NotCounted
	}
	if got != want && p.err == nil {
		p.failf("Counts %s: got %+v, want %+v", what, got, want)
	}
}

// journal fails unless the journal holds exactly these lines, in any order.
func (p *probe) journal(want ...acsauth.JournalLine) {
	found := p.allLines()
	if p.err != nil {
		return
	}
	if len(found) != len(want) {
		p.failf("the journal has %d lines, want %d", len(found), len(want))
	}
	for _, line := range want {
		got := find(found, line)
		if got == nil {
			p.failf("the journal has no line for attempt %q", line.Attempt)
			return
		}
		p.no("Lines", sameLine(*got, line))
	}
}

// find returns the line of the same user and attempt, or nil.
func find(lines []acsauth.JournalLine, like acsauth.JournalLine) *acsauth.JournalLine {
	for i, line := range lines {
		if line.User == like.User && line.Attempt == like.Attempt {
			return &lines[i]
		}
	}
	return nil
}

// sameRow compares all but the leases.
func sameRow(got *acsauth.Mapping, want acsauth.Mapping) error {
	if got == nil {
		return fmt.Errorf("no row, want %s", show(want))
	}
	g := *got
	g.Lease, want.Lease = 0, 0
	if g != want {
		return fmt.Errorf("got row  %s\nwant row %s", show(g), show(want))
	}
	return nil
}

// sameLine compares all but Since.
func sameLine(got, want acsauth.JournalLine) error {
	answers := bytes.Equal(got.Answer, want.Answer)
	g, w := got, want
	g.Answer, w.Answer, g.Since, w.Since = nil, nil, time.Time{}, time.Time{}
	if !answers || fmt.Sprintf("%+v", g) != fmt.Sprintf("%+v", w) {
		return fmt.Errorf("got line  %+v with an answer of %d bytes\nwant line %+v with an answer of %d bytes", g, len(got.Answer), w, len(want.Answer))
	}
	return nil
}

// show prints a made-up row, whose key is no personal data.
func show(m acsauth.Mapping) string {
	type plain acsauth.Mapping
	return fmt.Sprintf("%+q", fmt.Sprintf("%+v", plain(m)))
}

// eventually asks until done or an error, at most for limit.
func eventually(ctx context.Context, limit time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("nothing came of it within %v", limit)
		}
	}
}
