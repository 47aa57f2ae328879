package tables

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// A cursor is this, the id of the table, and the hash of the last user listed.
const cursorPrefix = "t1."

// List implements [acsauth.Lister], in the order of the hashes of the users.
func (s *Store) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	after, err := s.after(cursor)
	if err == nil {
		err = acsauth.CheckLimit(limit)
	}
	if err == nil {
		rows, next, err = s.list(ctx, after, limit)
	}
	if err != nil {
		return nil, "", fmt.Errorf("tables: list: %w", err)
	}
	return rows, next, nil
}

// after returns the hash in a cursor.
func (s *Store) after(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	hash, ok := strings.CutPrefix(cursor, cursorPrefix+s.database+".")
	if !ok || !isHash(hash) {
		return "", errors.New("the cursor is not one that this table gave")
	}
	return hash, nil
}

// list reads one row more than it returns, to see whether there is one.
func (s *Store) list(ctx context.Context, after string, limit int) (rows []acsauth.Mapping, next string, err error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return nil, "", err
	}
	defer done()
	filter := "PartitionKey gt '" + after + "' and PartitionKey lt '" + behindHashes + "' and RowKey eq '" + mappingRow + "'"
	var found []*row
	now, all, err := s.query(ctx, filter, int32(min(limit+1, fullPage)), func(e aztables.EDMEntity) (bool, error) {
		r, err := decodeRow(e)
		found = append(found, r)
		return len(found) <= limit, err
	})
	if err != nil {
		return nil, "", err
	}
	if !all && len(found) == 0 {
		return nil, "", errors.New("the table service gave empty pages only")
	}
	if !all {
		found = found[:min(len(found), limit)]
		next = cursorPrefix + s.database + "." + found[len(found)-1].Key.Hash()
	}
	return atAll(found, now), next, nil
}

func atAll(found []*row, now time.Time) []acsauth.Mapping {
	rows := make([]acsauth.Mapping, len(found))
	for i, r := range found {
		rows[i] = r.at(now)
	}
	return rows
}
