package cosmos

import (
	"context"
	"errors"
	"time"

	"github.com/acs-solutions/acsauth"
)

// Find implements [acsauth.Finder].
func (s *Store) Find(ctx context.Context, id acsauth.Identity) (m acsauth.Mapping, err error) {
	err = s.do(ctx, "find", func(ctx context.Context) (err error) {
		if id == "" || len(id) > acsauth.MaxIdentityLen {
			return acsauth.ErrNotFound
		}
		m, err = s.find(ctx, id)
		return err
	})
	if err != nil {
		return acsauth.Mapping{}, err
	}
	return m, nil
}

func (s *Store) find(ctx context.Context, id acsauth.Identity) (acsauth.Mapping, error) {
	var found []acsauth.Mapping
	q := query{text: "SELECT * FROM c WHERE c.identity = @identity", parameters: map[string]any{"@identity": text(id)}}
	err := s.each(ctx, q, func(i *item, now time.Time) error {
		m, err := i.mapping(now)
		if found = append(found, m); len(found) > 1 && err == nil {
			err = errors.New("two rows hold the identity")
		}
		return err
	})
	sure := s.gate.account.Load().level != session
	switch {
	case err != nil:
		return acsauth.Mapping{}, err
	case len(found) == 1 && sure:
		return found[0], nil
	case len(found) == 1:
		m, _, err := s.row(ctx, found[0].Key) // a query may lag, this does not
		if err == nil && m.Identity == id {
			return m, nil
		}
		if err != nil && !absent(err) {
			return acsauth.Mapping{}, err
		}
	case sure:
		return acsauth.Mapping{}, acsauth.ErrNotFound
	}
	return acsauth.Mapping{}, errors.New("with session consistency nobody can tell that no row holds an identity; raise the consistency level of the account to bounded staleness")
}
