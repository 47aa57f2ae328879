package tables

import (
	"context"
	"fmt"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/acs-solutions/acsauth"
)

// stake writes the entry by which the identity of m is found. It must be done
// before the row is written. Without an identity there is nothing to do.
func (s *Store) stake(ctx context.Context, m acsauth.Mapping, user string) (azcore.ETag, error) {
	if m.Identity == "" {
		return "", nil
	}
	content, err := entity(claimPartition(m.Identity), user, nil)
	if err != nil {
		return "", err
	}
	etag, err := s.put(ctx, content)
	if err != nil {
		return "", fmt.Errorf("the index was not written: %w", err)
	}
	return etag, nil
}

// release removes that entry when the identity has left the row, behind the
// back of the caller, unless it was staked again.
func (s *Store) release(id acsauth.Identity, user string, claim azcore.ETag) {
	s.later(func(ctx context.Context) {
		if claim == "" || changed(s.drop(ctx, claimPartition(id), user, claim)) {
			s.expireClaim(ctx, id, user)
		}
	})
}

// expireClaim removes an entry of an identity that its user does not have, if
// it is so old that no write which relies on it can be under way.
func (s *Store) expireClaim(ctx context.Context, id acsauth.Identity, user string) {
	e, err := s.get(ctx, claimPartition(id), user)
	if err != nil || e.now.Sub(time.Time(e.Timestamp)) < s.safeAge {
		return
	}
	r, _, err := s.row(ctx, user)
	if absent(err) || err == nil && r.Identity != id {
		_ = s.drop(ctx, claimPartition(id), user, e.etag) // if not, the next Find tries again
	}
}

// Find implements [acsauth.Finder]. It reads the entries of the identity, and
// then the row that each of them names: one, but for what was left behind.
func (s *Store) Find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	m, err := s.find(ctx, id)
	if err != nil && err != acsauth.ErrNotFound {
		return acsauth.Mapping{}, fmt.Errorf("tables: find: %w", err)
	}
	return m, err
}

func (s *Store) find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	ctx, done, err := s.begin(ctx)
	if err != nil {
		return acsauth.Mapping{}, err
	}
	defer done()
	if id == "" {
		return acsauth.Mapping{}, acsauth.ErrNotFound
	}
	var users []string
	_, _, err = s.query(ctx, "PartitionKey eq '"+claimPartition(id)+"'", fullPage, func(e aztables.EDMEntity) (bool, error) {
		users = append(users, e.RowKey)
		return true, nil
	})
	if err != nil {
		return acsauth.Mapping{}, err
	}
	for _, user := range users {
		r, now, err := s.row(ctx, user)
		switch {
		case err != nil && !absent(err):
			return acsauth.Mapping{}, err
		case err == nil && r.Identity == id && r.State != acsauth.Pending:
			return r.at(now), nil
		}
		s.later(func(ctx context.Context) { s.expireClaim(ctx, id, user) })
	}
	return acsauth.Mapping{}, acsauth.ErrNotFound
}
