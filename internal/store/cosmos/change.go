package cosmos

import (
	"context"
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/acs-solutions/acsauth"
)

// maxTries is how often a write is tried again that the service refused,
// because the item had changed since it was read.
const maxTries = 8

// errBusy: each try was refused, though the row had the right fence each time it was read.
var errBusy = notDone{errors.New("the item changes all the time")}

// A change is a Replace, or a Remove if next is nil.
type change struct {
	old  acsauth.Mapping
	next *acsauth.Mapping
	line *acsauth.JournalLine

	was *item // the journal line as read, nil: none is known
}

// change writes under the entity tag that it knows or has read, once the fence is
// the right one. A refusal by the service is certain: it looks again and decides anew.
func (s *Store) change(ctx context.Context, c *change) error {
	key := c.old.Key.Hash()
	etag, known := s.hints.take(key, c.old)
	for try := range maxTries {
		if !known {
			row, read, err := s.row(ctx, c.old.Key)
			switch {
			case absent(err):
				return acsauth.ErrConflict
			case err != nil:
				return notDone{err}
			case !row.Fenced(c.old):
				return acsauth.ErrConflict
			}
			etag = read
		}
		known = false
		next, err := s.commit(ctx, c, etag)
		if err == nil && c.next != nil {
			s.hints.keep(key, *c.next, next)
		}
		if err == nil || !refused(err) {
			return err
		}
		if f, ok := errors.AsType[*fault](err); ok && f.step == 1 { // it was the line that is not as it was taken to be
			if c.was, err = s.lineOf(ctx, c.line.User, c.line.Attempt); err != nil {
				return notDone{err}
			}
		}
		if !pause(ctx, try, 0) {
			break
		}
	}
	return errBusy
}

// commit writes the row, with the line in one transaction. A line is taken to be new.
func (s *Store) commit(ctx context.Context, c *change, etag azcore.ETag) (azcore.ETag, error) {
	key := c.old.Key.Hash()
	if c.line == nil {
		if c.next == nil {
			return "", s.drop(ctx, key, rowID, etag)
		}
		return s.replace(ctx, rowItem(*c.next), etag)
	}
	b := s.items.NewTransactionalBatch(partition(key))
	if c.next == nil {
		b.DeleteItem(rowID, &azcosmos.TransactionalBatchItemOptions{IfMatchETag: &etag})
	} else {
		b.ReplaceItem(rowID, rowItem(*c.next).encode(), &azcosmos.TransactionalBatchItemOptions{IfMatchETag: &etag})
	}
	line := nextLine(c.was, *c.line)
	if c.was == nil {
		b.CreateItem(line.encode(), nil)
	} else {
		b.ReplaceItem(line.ID, line.encode(), &azcosmos.TransactionalBatchItemOptions{IfMatchETag: &c.was.ETag})
	}
	return s.together(ctx, b, 2)
}
