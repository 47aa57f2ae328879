package storetest

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

var (
	_ acsauth.Lister = (*memory)(nil)
	_ acsauth.Finder = (*memory)(nil)

	errCursor = errors.New("storetest: the cursor is not one that List returned")
)

// hashLen is the length of a UserKey.Hash, which is also a cursor.
const hashLen = 64

// List implements [acsauth.Lister], in the order of the hashes of the keys.
func (m *memory) List(ctx context.Context, cursor string, limit int) (found []acsauth.Mapping, next string, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		if limit < 1 || limit > 1000 {
			return errLimit
		}
		if cursor != "" && (len(cursor) != hashLen || strings.Trim(cursor, "0123456789abcdef") != "") {
			return errCursor
		}
		behind := map[string]memoryRow{}
		for row := range maps.Values(d.rows) {
			if hash := row.Key.Hash(); hash > cursor {
				behind[hash] = row
			}
		}
		now := time.Now()
		for _, hash := range slices.Sorted(maps.Keys(behind)) {
			if len(found) == limit {
				next = found[limit-1].Key.Hash()
				break
			}
			found = append(found, behind[hash].read(now))
		}
		return nil
	})
	return found, next, err
}

// Find implements [acsauth.Finder].
func (m *memory) Find(ctx context.Context, id acsauth.Identity) (found acsauth.Mapping, err error) {
	err = m.with(ctx, func(d *memoryData) error {
		for row := range maps.Values(d.rows) {
			if id != "" && row.Identity == id {
				found = row.read(time.Now())
				return nil
			}
		}
		return acsauth.ErrNotFound
	})
	return found, err
}
