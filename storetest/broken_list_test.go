package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/acs-solutions/acsauth"
)

// everything returns all rows of the good store behind, in the order of less.
func everything(ctx context.Context, s acsauth.Store, order func(a, b acsauth.Mapping) int) (all []acsauth.Mapping, err error) {
	for cursor, more := "", true; more && err == nil; more = cursor != "" {
		var rows []acsauth.Mapping
		rows, cursor, err = list(ctx, s, cursor, 1000)
		all = append(all, rows...)
	}
	slices.SortFunc(all, order)
	return all, err
}

// ordered lists in an order, and finds its place again by what place says of the last row.
func ordered(order func(a, b acsauth.Mapping) int, place func(m acsauth.Mapping) string) func(s *tweaked) {
	return func(s *tweaked) {
		s.list = func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			if _, _, err := list(ctx, s.Store, "", limit); err != nil {
				return nil, "", err
			}
			all, err := everything(ctx, s.Store, order)
			if cursor != "" {
				text, e := base64.StdEncoding.Strict().DecodeString(cursor)
				i := slices.IndexFunc(all, func(m acsauth.Mapping) bool { return place(m) > string(text) })
				if i < 0 {
					i = len(all)
				}
				all, err = all[i:], errors.Join(err, e)
			}
			if err != nil || len(all) <= limit {
				return all, "", err
			}
			return all[:limit], base64.StdEncoding.EncodeToString([]byte(place(all[limit-1]))), nil
		}
	}
}

func byPlace(place func(m acsauth.Mapping) string) func(s *tweaked) {
	return ordered(func(a, b acsauth.Mapping) int { return strings.Compare(place(a), place(b)) }, place)
}

// paged changes what List returns, and what it is asked.
func paged(change func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error)) func(s *tweaked) {
	return func(s *tweaked) {
		s.list = func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			return change(ctx, s.Store, cursor, limit)
		}
	}
}

// byOffset takes a number of rows for a cursor.
func byOffset(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
	from, err := 0, error(nil)
	if cursor != "" {
		from, err = strconv.Atoi(cursor)
	}
	all, e := everything(ctx, s, func(a, b acsauth.Mapping) int { return strings.Compare(a.Key.Hash(), b.Key.Hash()) })
	all = all[min(from, len(all)):]
	if err := errors.Join(err, e); err != nil || len(all) <= limit {
		return all, "", err
	}
	return all[:limit], strconv.Itoa(from + limit), nil
}

// only lists the rows that keep says.
func only(keep func(m acsauth.Mapping) bool) func(s *tweaked) {
	return paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
		rows, next, err := list(ctx, s, cursor, limit)
		return slices.DeleteFunc(rows, func(m acsauth.Mapping) bool { return !keep(m) }), next, err
	})
}

func listMistakes() []mistake {
	return []mistake{
		{"lists active rows only", "list/every_row", only(func(m acsauth.Mapping) bool { return m.State == acsauth.Active })},
		{"forgets the row that the cursor stands on", "list/every_row", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			return rows[min(len(rows), len(cursor)/hashLen):], next, err
		})},
		{"lists without the resource", "list/every_row", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			for i := range rows {
				rows[i].Resource = ""
			}
			return rows, next, err
		})},
		{"lists without the lease", "list/every_row", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			for i := range rows {
				rows[i].Lease = 0
			}
			return rows, next, err
		})},
		{"stands still", "list/every_row", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			if cursor != "" && next != "" {
				next = cursor
			}
			return rows, next, err
		})},
		{"orders by what two keys share", "list/odd_keys", byPlace(func(m acsauth.Mapping) string { return strings.ToLower(m.Key.Subject) })},
		{"cuts long cursors", "list/odd_keys", byPlace(func(m acsauth.Mapping) string {
			return fmt.Sprintf("%.100s", m.Key.Issuer+"|"+m.Key.Subject)
		})},
		{"cursors with control characters", "list/odd_keys", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, strings.TrimSuffix(cursor, "\x00"), limit)
			if next != "" {
				next += "\x00"
			}
			return rows, next, err
		})},
		{"ends at the first thousand", "list/many_rows", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			if limit == 1000 {
				next = ""
			}
			return rows, next, err
		})},
		{"an empty database is not found", "list/empty", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			if err == nil && len(rows) == 0 {
				err = acsauth.ErrNotFound
			}
			return rows, next, err
		})},
		{"lists lines as rows", "list/rows_only", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			if lines, _ := s.Lines(ctx, acsauth.Left, 1); len(lines) > 0 && next == "" && len(rows) < limit {
				rows = append(rows, acsauth.Mapping{Attempt: lines[0].Attempt, Identity: lines[0].Identity})
			}
			return rows, next, err
		})},
		{"takes any limit", "list/limits", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			return list(ctx, s, cursor, max(1, min(limit, 1000)))
		})},
		{"a bad cursor stands before the first row", "list/bad_cursors", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			rows, next, err := list(ctx, s, cursor, limit)
			if errors.Is(err, errCursor) {
				return list(ctx, s, "", limit)
			}
			return rows, next, err
		})},
		{"trims cursors", "list/bad_cursors", paged(func(ctx context.Context, s acsauth.Store, cursor string, limit int) ([]acsauth.Mapping, string, error) {
			return list(ctx, s, strings.TrimSpace(cursor), limit)
		})},
		{"counts rows for a cursor", "list/changes_meanwhile", paged(byOffset)},
		{"needs the row that the cursor stands on", "list/changes_meanwhile", cursorMustExist},
	}
}

// cursorMustExist cannot go on when the row that the cursor stands on is gone.
func cursorMustExist(s *tweaked) {
	s.list = func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
		all, err := everything(ctx, s.Store, func(a, b acsauth.Mapping) int { return strings.Compare(a.Key.Hash(), b.Key.Hash()) })
		if cursor != "" && !slices.ContainsFunc(all, func(m acsauth.Mapping) bool { return m.Key.Hash() == cursor }) {
			return nil, "", errors.Join(err, errCursor)
		}
		return list(ctx, s.Store, cursor, limit)
	}
}

// TestMistakesOfListHandles: cursors that only one handle knows.
func TestMistakesOfListHandles(t *testing.T) {
	all := checks()
	for _, name := range []string{"list/reopen", "list/other_handle"} {
		good := NewMemoryDatabase()
		var handles atomic.Int64
		wantCaught(t, all, name, func(ctx context.Context) (acsauth.Store, error) {
			store, err := good(ctx)
			s := &tweaked{Store: store}
			prefix := fmt.Sprint("handle", handles.Add(1), ".")
			s.list = func(ctx context.Context, cursor string, limit int) ([]acsauth.Mapping, string, error) {
				own, ok := strings.CutPrefix(cursor, prefix)
				if cursor != "" && !ok {
					return nil, "", errCursor
				}
				rows, next, err := list(ctx, s.Store, own, limit)
				if next != "" {
					next = prefix + next
				}
				return rows, next, err
			}
			return s, err
		})
	}
}
