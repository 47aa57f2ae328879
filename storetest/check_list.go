package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/acs-solutions/acsauth"
)

const (
	maxCursor = 4096
	maxPages  = 500 // more than any list of these checks has
)

func listChecks() []check {
	return []check{
		one("list/every_row", listEveryRow),
		one("list/odd_keys", listOddKeys),
		one("list/many_rows", listManyRows),
		one("list/empty", listEmpty),
		one("list/rows_only", listRowsOnly),
		one("list/limits", listLimits),
		one("list/bad_cursors", listBadCursors),
		two("list/changes_meanwhile", listWhileChanging),
		two("list/other_handle", listOtherHandle),
		{"list/reopen", listReopen},
	}
}

// page returns one page, and fails if it breaks the form.
func (p *probe) page(cursor string, limit int) (rows []acsauth.Mapping, next string) {
	if p.err != nil {
		return nil, ""
	}
	l, ok := lister(p.store)
	if !ok {
		p.failf("the store is no Lister")
		return nil, ""
	}
	rows, next, err := l.List(p.ctx, cursor, limit)
	p.no("List", err)
	switch {
	case len(rows) > limit:
		p.failf("List with limit %d: got %d rows", limit, len(rows))
	case next != "" && next == cursor:
		p.failf("List: the cursor behind a page is the one before it")
	case len(next) > maxCursor:
		p.failf("List: a cursor of %d bytes, at most %d are allowed", len(next), maxCursor)
	case !utf8.ValidString(next), strings.ContainsFunc(next, unicode.IsControl):
		p.failf("List: a cursor is not plain text: %q", next)
	}
	return rows, next
}

// pages lists from cursor to the end. between is called after each page.
func (p *probe) pages(cursor string, limit int, between func(rows []acsauth.Mapping)) (all []acsauth.Mapping) {
	for range maxPages {
		rows, next := p.page(cursor, limit)
		all = append(all, rows...)
		if p.err != nil || next == "" {
			return all
		}
		cursor = next
		if between != nil {
			between(rows)
		}
	}
	p.failf("List with limit %d: there is no end after %d pages", limit, maxPages)
	return nil
}

// listed fails unless got is want, each row once, but for the order and the leases.
func (p *probe) listed(what string, got []acsauth.Mapping, want ...acsauth.Mapping) {
	if p.err != nil {
		return
	}
	byKey := map[acsauth.UserKey]*acsauth.Mapping{}
	for i, row := range got {
		if byKey[row.Key] != nil {
			p.failf("%s: a row is listed twice: %s", what, show(row))
		}
		byKey[row.Key] = &got[i]
	}
	for _, row := range want {
		p.no(what, sameRow(byKey[row.Key], row))
	}
	if len(got) != len(want) {
		p.failf("%s: got %d rows, want %d", what, len(got), len(want))
	}
}

// rowsOfAllStates are three rows for each of n names.
func rowsOfAllStates(n int) (rows []acsauth.Mapping) {
	for i := range n {
		name := fmt.Sprint(i)
		rows = append(rows, pendingRow("p"+name, "p"+name), activeRow("a"+name, "a"+name, "a"+name),
			in(acsauth.Deleting, activeRow("d"+name, "d"+name, "d"+name)))
	}
	return rows
}

// listEveryRow: all fields of all rows, whatever the size of the page.
func listEveryRow(p *probe) {
	rows := rowsOfAllStates(7)
	for i := range rows {
		rows[i].Generation, rows[i].Resource = int64(i+1), fmt.Sprint("resource ", i)
	}
	p.insert(rows...)
	for _, limit := range []int{1, 7, 20, 21, 22, 1000} {
		got := p.pages("", limit, nil)
		p.listed(fmt.Sprint("List with limit ", limit), got, rows...)
		for _, row := range got {
			if row.Lease > time.Hour+time.Second || row.Lease < 50*time.Minute {
				p.failf("List: a lease of an hour was written, %v read back", row.Lease)
			}
		}
	}
}

func listOddKeys(p *probe) {
	var rows []acsauth.Mapping
	for i, key := range oddKeys() {
		row := pendingRow("", fmt.Sprint("attempt", i))
		row.Key = key
		rows = append(rows, row)
	}
	p.insert(rows...)
	for _, limit := range []int{1, 7, 1000} {
		p.listed(fmt.Sprint("List with limit ", limit), p.pages("", limit, nil), rows...)
	}
}

// listManyRows has more rows than the largest page.
func listManyRows(p *probe) {
	rows := rowsOfAllStates(340)
	p.no("Insert", inParallel(rows, func(row acsauth.Mapping) error { return p.store.Insert(p.ctx, row) }))
	for _, limit := range []int{400, 1000} {
		p.listed(fmt.Sprint("List with limit ", limit), p.pages("", limit, nil), rows...)
	}
}

func listEmpty(p *probe) {
	p.listed("List of an empty database", p.pages("", 10, nil))
	rows := rowsOfAllStates(2)
	p.insert(rows...)
	_, cursor := p.page("", 3)
	for _, row := range rows {
		p.remove(row, nil)
	}
	p.listed("List after all rows were removed", p.pages("", 1, nil))
	if cursor != "" {
		p.listed("List from a cursor after all rows were removed", p.pages(cursor, 1, nil))
	}
}

// listRowsOnly: lines and locks are no rows.
func listRowsOnly(p *probe) {
	row := activeRow("alice", "a", "x")
	left := orphanOf(pendingRow("carol", "c"), "z")
	left.Kind = acsauth.Left
	p.putLine(suspectOf(row), orphanOf(pendingRow("bob", "b"), "y"), left)
	p.lock("sweeper", "holder", time.Hour, true)
	p.listed("List beside lines and locks", p.pages("", 10, nil))
	p.insert(row)
	for _, limit := range []int{1, 1000} {
		p.listed("List beside lines and locks", p.pages("", limit, nil), row)
	}
}

func listLimits(p *probe) {
	p.insert(rowsOfAllStates(2)...)
	_, cursor := p.page("", 2)
	for _, limit := range []int{-1, 0, 1001} {
		for _, from := range []string{"", cursor} {
			_, _, err := list(p.ctx, p.store, from, limit)
			p.unknown(fmt.Sprint("List with limit ", limit), err)
		}
	}
}

// listBadCursors: what List did not return is refused, and not taken for a place in the list.
func listBadCursors(p *probe) {
	p.insert(rowsOfAllStates(3)...)
	_, good := p.page("", 2)
	if good == "" && p.err == nil {
		p.failf("List: there is no cursor behind 2 of 9 rows")
	}
	bad := []string{"x", "0", " ", "none", "\x00", "' OR 1=1 --", "../", "\u00fc", strings.Repeat("A", maxCursor), strings.Repeat("A", maxCursor+1)}
	if p.err == nil {
		bad = append(bad, " "+good, good+" ", good+"\n", good+"A", good+good, good[1:], good[:len(good)-1])
	}
	for _, cursor := range slices.Compact(bad) {
		_, _, err := list(p.ctx, p.store, cursor, 10)
		p.unknown(fmt.Sprintf("List with the cursor %.80q", cursor), err)
	}
}

// listWhileChanging: rows that nobody touches are listed exactly once, while
// others come, go and change, the one that the cursor stands on among them.
func listWhileChanging(a, b *probe) {
	for _, limit := range []int{1, 3, 10} {
		steady, moving := steadyAndMoving(limit)
		a.insert(slices.Concat(steady, moving)...)
		left := map[acsauth.UserKey]acsauth.Mapping{}
		for _, row := range moving {
			left[row.Key] = row
		}
		turn := 0
		got := a.pages("", limit, func(rows []acsauth.Mapping) {
			if turn++; turn > 60 { // or the list might have no end
				return
			}
			b.disturb(left, rows, fmt.Sprint(limit, "-", turn))
		})
		a.no("the changes meanwhile", b.err)
		got = slices.DeleteFunc(got, func(row acsauth.Mapping) bool { return !strings.HasPrefix(row.Key.Subject, "steady") })
		a.listed(fmt.Sprintf("List with limit %d while rows come, go and change", limit), got, steady...)
		for _, row := range a.pages("", 1000, nil) {
			a.remove(row, nil)
		}
	}
}

func steadyAndMoving(n int) (steady, moving []acsauth.Mapping) {
	for i := range 24 {
		name := fmt.Sprint(n, "-", i)
		steady = append(steady, activeRow("steady"+name, "s"+name, "s"+name))
		moving = append(moving, pendingRow("moving"+name, "m"+name))
	}
	return steady, moving
}

// disturb removes the rows of a page that may move, changes one that was not listed yet, and adds two.
func (p *probe) disturb(left map[acsauth.UserKey]acsauth.Mapping, page []acsauth.Mapping, name string) {
	for _, row := range page {
		if mine, ok := left[row.Key]; ok {
			p.remove(mine, nil)
			delete(left, row.Key)
		}
	}
	for key, row := range left {
		next := row
		next.Attempt += "x"
		p.replace(row, next, nil)
		left[key] = next
		break
	}
	for _, prefix := range []string{"fresh", "new"} {
		row := pendingRow(prefix+name, prefix+name)
		p.insert(row)
		left[row.Key] = row
	}
}

// listOtherHandle: what one handle wrote, the other lists at once, and takes the cursor of the first.
func listOtherHandle(a, b *probe) {
	rows := rowsOfAllStates(4)
	a.insert(rows...)
	b.listed("List on the other handle", b.pages("", 5, nil), rows...)
	first, cursor := a.page("", 4)
	rest := b.pages(cursor, 4, nil)
	b.listed("List, the first page on one handle and the rest on the other", append(first, rest...), rows...)
	a.listed("List from the same cursor on the first handle", a.pages(cursor, 4, nil), rest...)
}

// listReopen: a cursor outlives the process, and is good for more than one use.
func listReopen(ctx context.Context, db Database) error {
	rows := rowsOfAllStates(6)
	var got []acsauth.Mapping
	var cursor string
	var errs []error
	for round := range 4 {
		errs = append(errs, one("", func(p *probe) {
			if round == 0 {
				p.insert(rows...)
			}
			again, _ := p.page(cursor, 3)
			page, next := p.page(cursor, 3)
			p.listed("List from the same cursor again", page, again...)
			got, cursor = append(got, page...), next
			if round == 3 && cursor != "" {
				got = append(got, p.pages(cursor, 3, nil)...)
				p.listed("List over restarts", got, rows...)
			}
		}).run(ctx, db))
	}
	return errors.Join(errs...)
}
