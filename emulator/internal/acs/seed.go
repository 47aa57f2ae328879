package acs

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// AddIdentity makes an identity with a given raw id, for a database that knows
// it already. The id has to be of one of the resources and of the form that
// create gives, the customId empty or of 1 to 256 characters. What is there
// already, deleted or not, is an error.
func (s *Service) AddIdentity(id, customID string) error {
	k, ok := s.names.parse(id)
	if !ok || k.kind != kindUser {
		return fmt.Errorf("acs: %.200q is not an identity of a resource of this emulator, want 8:acs:<resource GUID>_<GUID> in lower case", id)
	}
	if utf8.RuneCountInString(customID) > maxCustomID || !utf8.ValidString(customID) {
		return fmt.Errorf("acs: the customId of %s is not text of at most %d characters", id, maxCustomID)
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if err := s.registry.add(k, customID, s.opts.Now()); err != nil {
		return fmt.Errorf("acs: add %s: %w", id, err)
	}
	return nil
}

func (g *registry) add(k key, customID string, now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, known := g.records[k]; known {
		return errors.New("it is there already")
	}
	if _, taken := g.custom[customKey{k.resource, customID}]; taken {
		return errors.New("another identity has its customId")
	}
	return g.write(entry{Op: opCreate, ID: g.names.id(k), At: now.UTC(), CustomID: customID})
}
