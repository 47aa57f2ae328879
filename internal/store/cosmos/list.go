package cosmos

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth"
)

// behindHashes sorts behind every hash, and "" before.
const behindHashes = "g"

// A place is where a page of a list begins.
type place struct {
	after string // every key listed so far is at most this one
	// shift tells how much of all hashes is looked through at once: 2^-shift of them, 0 to 60.
	shift int
}

// List implements [acsauth.Lister]. The order is that of the hashes of the keys. The
// service sorts nothing over partitions, so all rows of a range of hashes are read and
// sorted here. A range that has too many rows is made smaller.
func (s *Store) List(ctx context.Context, cursor string, limit int) (rows []acsauth.Mapping, next string, err error) {
	if err := acsauth.CheckLimit(limit); err != nil {
		return nil, "", fmt.Errorf("cosmos: list: %w", err)
	}
	from, err := s.parseCursor(cursor)
	if err != nil {
		return nil, "", fmt.Errorf("cosmos: list: %w", err)
	}
	err = s.do(ctx, "list", func(ctx context.Context) (err error) {
		rows, next, err = s.list(ctx, from, limit)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return rows, next, nil
}

func (s *Store) list(ctx context.Context, from place, limit int) (rows []acsauth.Mapping, next string, err error) {
	for len(rows) < limit && from.after != behindHashes {
		need := limit - len(rows)
		found, all, err := s.between(ctx, from.after, from.end(), 2*need+100)
		switch {
		case err != nil:
			return nil, "", err
		case !all && from.shift >= maxShift:
			return nil, "", errors.New("the hashes of the keys are not spread as hashes are")
		case !all:
			from.shift += 3
			continue
		}
		from.after = from.end()
		if len(found) > need {
			found = found[:need]
			from.after = found[need-1].Key.Hash()
		}
		rows = append(rows, found...)
		if len(found) < need/4 {
			from.shift = max(0, from.shift-3)
		}
	}
	if from.after == behindHashes {
		return rows, "", nil
	}
	more, err := s.anyRow(ctx, from.after)
	if err != nil || !more {
		return rows, "", err
	}
	return rows, s.cursor(from), nil
}

const maxShift = 60

// end is where the range that begins at a place ends: the first 16 digits of a hash.
func (p place) end() string {
	digits := (p.after + strings.Repeat("0", 16))[:16]
	begin, err := strconv.ParseUint(digits, 16, 64)
	width := ^uint64(0)>>p.shift + 1 // 0: all
	if err != nil || width == 0 || begin+width < begin {
		return behindHashes
	}
	return fmt.Sprintf("%016x", begin+width)
}

// between reads all rows whose hashes are between two texts, in their order. all: there were at most so many.
func (s *Store) between(ctx context.Context, after, before string, most int) (rows []acsauth.Mapping, all bool, err error) {
	q := query{text: "SELECT * FROM c WHERE c.kind = 'row' AND c.key > @after AND c.key < @before",
		parameters: map[string]any{"@after": after, "@before": before}, page: min(most+1, fullPage)}
	all, err = s.run(ctx, q, func(page [][]byte, now time.Time, _ string) (bool, error) {
		for _, text := range page {
			m, err := decodeRow(text, now)
			if err != nil {
				return false, err
			}
			rows = append(rows, m)
		}
		return len(rows) <= most, nil
	})
	slices.SortFunc(rows, func(a, b acsauth.Mapping) int { return strings.Compare(a.Key.Hash(), b.Key.Hash()) })
	return rows, all && len(rows) <= most, err
}

func decodeRow(text []byte, now time.Time) (acsauth.Mapping, error) {
	i, err := decode(text)
	if err != nil {
		return acsauth.Mapping{}, err
	}
	return i.mapping(now)
}

// anyRow reports whether there is a row behind a hash.
func (s *Store) anyRow(ctx context.Context, after string) (found bool, err error) {
	q := query{text: "SELECT c.id FROM c WHERE c.kind = 'row' AND c.key > @after", parameters: map[string]any{"@after": after}, page: 1}
	all, err := s.run(ctx, q, func(page [][]byte, _ time.Time, _ string) (bool, error) {
		found = len(page) > 0
		return !found, nil
	})
	return found || !all, err
}

// cursor is a place with a seal, so that what is no cursor of this container is refused.
func (s *Store) cursor(p place) string {
	sum := sha256.Sum256(fmt.Append(nil, s.database, " ", p.after, " ", p.shift))
	return fmt.Sprintf("%s.%d.%s", p.after, p.shift, base64.RawURLEncoding.EncodeToString(sum[:12]))
}

func (s *Store) parseCursor(cursor string) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	part := strings.Split(cursor[:min(len(cursor), 128)], ".")
	if len(part) == 3 {
		shift, err := strconv.Atoi(part[1])
		if p := (place{part[0], shift}); err == nil && shift >= 0 && shift <= maxShift && s.cursor(p) == cursor {
			return p, nil
		}
	}
	return place{}, errors.New("the cursor is not one that a list of this container returned")
}
