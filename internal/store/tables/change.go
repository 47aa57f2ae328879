package tables

import (
	"context"
	"errors"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
	"golang.org/x/sync/errgroup"
)

// maxTries is how often a write is tried again that the service refused,
// because the entity had changed since it was read.
const maxTries = 8

// errBusy: each try was refused, though the row had the right fence each time it was read.
var errBusy = errors.New("the entity changes all the time")

// touches are the entries that a write has touched, by index: the ETag of an
// entry that nothing else relies on, else empty.
type touches map[string]azcore.ETag

func (t touches) has(index string) bool { _, ok := t[index]; return ok }

// A change is a Replace, or a Remove if next is nil.
type change struct {
	user  string
	old   acsauth.Mapping
	next  *acsauth.Mapping
	line  *acsauth.JournalLine
	write string // id of this write

	row     *row        // as read
	was     *line       // the journal line as read, nil: none
	claim   azcore.ETag // of the entry of the identity of next
	touched touches     // by index
}

func (c *change) leavesRow() bool { return c.next != nil && unfinished(*c.next) }

// change reads, compares the fence, and writes under the ETag that was read. A
// refusal by the service is certain: it looks again and decides anew.
func (s *Store) change(ctx context.Context, c *change) error {
	start := time.Now()
	for range maxTries {
		if err := s.readFor(ctx, c); err != nil {
			return err
		}
		switch {
		case c.row == nil:
			return acsauth.ErrConflict
		case c.next != nil && c.row.write == c.write:
			return nil
		case !c.row.Fenced(c.old):
			return acsauth.ErrConflict
		}
		if err := s.touchFor(ctx, c); err != nil {
			return err
		}
		err := s.commit(ctx, c)
		for index := range c.touched {
			s.touchLate(index, c.user, start)
		}
		switch {
		case err == nil:
			s.cleanUp(c)
			return nil
		case refused(err):
			continue
		case c.next != nil && s.landed(ctx, c.user, c.write):
			return nil
		}
		return err
	}
	return errBusy
}

// readFor reads the row and the line and stakes the claim on a new identity, all at once.
func (s *Store) readFor(ctx context.Context, c *change) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		c.row, _, err = s.row(ctx, c.user)
		if absent(err) {
			return nil
		}
		return err
	})
	if c.line != nil {
		group.Go(func() (err error) {
			c.was, err = s.lineOf(ctx, c.user, c.line.Attempt)
			return err
		})
	}
	if c.next != nil && c.next.Identity != c.old.Identity && c.claim == "" {
		group.Go(func() (err error) {
			c.claim, err = s.stake(ctx, *c.next, c.user)
			return err
		})
	}
	return group.Wait()
}

// touchFor touches, once each, the indexes that must find what the change
// leaves, and the one that finds the line as it was.
func (s *Store) touchFor(ctx context.Context, c *change) error {
	need := touches{}
	if c.line != nil {
		need[homeOf(c.line.Kind)] = ""
	}
	if c.was != nil {
		need[homeOf(c.was.Kind)] = ""
	}
	if c.leavesRow() || need.has(openPartition) {
		need[openPartition] = c.row.open
	}
	for index, has := range need {
		if c.touched.has(index) {
			continue
		}
		alone, err := s.touch(ctx, index, c.user, has, c.leaves(index))
		if err != nil {
			return err
		}
		c.touched[index] = alone
	}
	return nil
}

// leaves is what the change leaves for an index to find.
func (c *change) leaves(index string) remains {
	hasRow := c.leavesRow() && index == openPartition
	hasLine := c.line != nil && homeOf(c.line.Kind) == index
	switch {
	case hasRow && !hasLine && c.was == nil:
		return aRow
	case hasLine && !hasRow:
		return aLine
	}
	return anything
}

// commit writes the row, with the line in one transaction.
func (s *Store) commit(ctx context.Context, c *change) error {
	if c.next == nil && c.line == nil {
		return s.drop(ctx, c.user, mappingRow, c.row.etag)
	}
	action, err := c.rowAction()
	if err != nil {
		return err
	}
	if c.line == nil {
		_, err := s.swap(ctx, action.Entity, c.row.etag)
		return err
	}
	lineAction, err := c.lineAction()
	if err != nil {
		return err
	}
	return s.together(ctx, []aztables.TransactionAction{action, lineAction})
}

func (c *change) rowAction() (a aztables.TransactionAction, err error) {
	a.IfMatch = &c.row.etag
	if c.next == nil {
		a.ActionType = aztables.TransactionTypeDelete
		a.Entity, err = entity(c.user, mappingRow, nil)
		return a, err
	}
	next := &row{Mapping: *c.next, claim: c.claim, write: c.write}
	if c.next.Identity == c.old.Identity {
		next.claim = c.row.claim
	}
	if c.leavesRow() && (c.line == nil || homeOf(c.line.Kind) != openPartition) {
		next.open = c.touched[openPartition]
	}
	a.ActionType = aztables.TransactionTypeUpdateReplace
	a.Entity, err = next.encode()
	return a, err
}

// lineAction follows the rules of PutLine. An orphan that stays is written
// again, so that the transaction fails if it goes meanwhile.
func (c *change) lineAction() (a aztables.TransactionAction, err error) {
	next := nextLine(c.was, *c.line)
	if home := homeOf(next.Kind); c.was == nil && !(c.leavesRow() && home == openPartition) {
		next.open = c.touched[home]
	}
	a.ActionType = aztables.TransactionTypeAdd
	if c.was != nil {
		a.ActionType, a.IfMatch = aztables.TransactionTypeUpdateReplace, &c.was.etag
	}
	a.Entity, err = next.encode()
	return a, err
}

// cleanUp removes the entries of indexes that nothing relies on any more.
func (s *Store) cleanUp(c *change) {
	if !c.touched.has(openPartition) {
		s.forget(openPartition, c.user, c.row.open)
	}
	if c.row.Identity != "" && (c.next == nil || c.next.Identity != c.row.Identity) {
		s.release(c.row.Identity, c.user, c.row.claim)
	}
}
