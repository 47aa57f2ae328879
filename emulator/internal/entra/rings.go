package entra

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// rings are the key rings that are not that of the workforce tenants: one for each External ID tenant and one for each
// policy of a B2C tenant. A ring is made when it is needed, since RSA keys take their time.
type rings struct {
	mu   sync.Mutex
	made map[string]*keyring // by ringName
}

// ringName names the ring of a tenant; the workforce tenants share the one without a name.
func ringName(t tenant) string {
	switch t.kind {
	case ExternalID:
		return t.id
	case B2C:
		return t.id + "/" + strings.ToLower(t.policy)
	}
	return ""
}

// ringOf returns the keys that sign for a tenant.
func (s *Service) ringOf(t tenant) (*keyring, error) {
	name := ringName(t)
	if name == "" {
		return s.keys, nil
	}
	s.rings.mu.Lock()
	defer s.rings.mu.Unlock()
	if k := s.rings.made[name]; k != nil {
		return k, nil
	}
	k, err := newKeyring()
	if err != nil {
		return nil, err
	}
	k.now = s.now
	s.rings.made[name] = k
	return k, nil
}

// ringMade returns the keys of a tenant if there are any yet.
func (s *Service) ringMade(t tenant) *keyring {
	name := ringName(t)
	if name == "" {
		return s.keys
	}
	s.rings.mu.Lock()
	defer s.rings.mu.Unlock()
	return s.rings.made[name]
}

// rotateAll rotates all rings that are there.
func (s *Service) rotateAll(drop bool) error {
	s.rings.mu.Lock()
	list := append(slices.Collect(maps.Values(s.rings.made)), s.keys)
	s.rings.mu.Unlock()
	errs := make([]error, len(list))
	var wg sync.WaitGroup
	for i, k := range list {
		wg.Go(func() { errs[i] = k.rotate(drop) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
