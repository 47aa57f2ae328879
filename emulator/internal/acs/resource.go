package acs

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxResources bounds [Options.Resources], since every signature is tried with
// the keys of all.
const maxResources = 16

// Resource is one ACS resource: a GUID and its two access keys.
type Resource struct {
	ID   string    // immutable GUID; part of every identity
	Keys [2]string // primary and secondary access key, base64; the second may be empty
}

// resource is a Resource at work.
type resource struct {
	id   string
	keys *keyring
}

func newResources(list []Resource) ([]*resource, error) {
	if len(list) > maxResources {
		return nil, fmt.Errorf("acs: more than %d resources", maxResources)
	}
	var out []*resource
	for _, r := range list {
		if !guidShape.MatchString(r.ID) {
			return nil, errors.New("acs: the resource id is not a GUID")
		}
		if slices.ContainsFunc(out, func(o *resource) bool { return strings.EqualFold(o.id, r.ID) }) {
			return nil, fmt.Errorf("acs: resource %s is there twice", r.ID)
		}
		keys, err := newKeyring(r.Keys)
		if err != nil {
			return nil, err
		}
		out = append(out, &resource{id: r.ID, keys: keys})
	}
	return out, nil
}

// resource finds a resource by its GUID.
func (s *Service) resource(id string) (*resource, error) {
	i := slices.IndexFunc(s.resources, func(r *resource) bool { return strings.EqualFold(r.id, id) })
	if i < 0 {
		return nil, fmt.Errorf("acs: there is no resource %.64q", id)
	}
	return s.resources[i], nil
}

// SetKey replaces an access key of the first resource, 0 the primary and 1 the
// secondary. As with the service, every token minted with the old key is
// revoked.
func (s *Service) SetKey(slot int, base64Key string) error {
	return s.resources[0].keys.set(slot, base64Key)
}

// RegenerateKey makes and returns a new access key, 0 the primary and 1 the
// secondary. Requests signed with the old one are refused from now on, and all
// tokens minted with it are revoked at once.
func (s *Service) RegenerateKey(resourceID string, slot int) (string, error) {
	r, err := s.resource(resourceID)
	if err != nil {
		return "", err
	}
	secret := make([]byte, 64)
	rand.Read(secret) //nolint:errcheck // never fails
	text := base64.StdEncoding.EncodeToString(secret)
	return text, r.keys.set(slot, text)
}

// Keys returns the access keys of a resource as they are now.
func (s *Service) Keys(resourceID string) ([2]string, error) {
	r, err := s.resource(resourceID)
	if err != nil {
		return [2]string{}, err
	}
	return r.keys.texts(), nil
}
