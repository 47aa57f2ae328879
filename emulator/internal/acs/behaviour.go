package acs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxRevocationDelay is the longest that a revocation takes to spread, as the
// service documents.
const maxRevocationDelay = 15 * time.Minute

// maxLimit bounds a limit, in requests per window.
const maxLimit = 1_000_000

// Behaviour is how the service differs from its best. The zero value is
// strict, fast and unlimited. Its JSON form gives RevocationDelay as "10m0s".
type Behaviour struct {
	// RevocationDelay is how long revoked tokens stay active, by the service's clock: 0 to 15 minutes.
	RevocationDelay time.Duration `json:"-"`
	// CustomIDRace lets two concurrent creates of one new customId make two identities. The later one is found from then on.
	CustomIDRace bool `json:"customIdRace,omitempty"`
	// Limits holds the requests allowed per resource, operation and 30 s window; see [ServiceLimits]. Operations without an entry are not limited.
	Limits map[string]int `json:"limits,omitempty"`
	// Disown treats the identities made before it was set as those of another resource, as if the connection string had changed.
	Disown bool `json:"disown,omitempty"`
	// Loose takes any access key signature, date and content hash, none included, and a missing api-version for 2023-10-01.
	Loose bool `json:"loose,omitempty"`
}

type plainBehaviour Behaviour

type behaviourJSON struct {
	*plainBehaviour
	RevocationDelay string `json:"revocationDelay,omitempty"`
}

// MarshalJSON writes the delay as text.
func (b Behaviour) MarshalJSON() ([]byte, error) {
	out := behaviourJSON{plainBehaviour: (*plainBehaviour)(&b)}
	if b.RevocationDelay != 0 {
		out.RevocationDelay = b.RevocationDelay.String()
	}
	return json.Marshal(out)
}

// UnmarshalJSON refuses unknown fields and what [Service.SetBehaviour] refuses.
func (b *Behaviour) UnmarshalJSON(data []byte) error {
	var read Behaviour
	in := behaviourJSON{plainBehaviour: (*plainBehaviour)(&read)}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return fmt.Errorf("acs: behaviour: %w", err)
	}
	if in.RevocationDelay != "" {
		d, err := time.ParseDuration(in.RevocationDelay)
		if err != nil {
			return fmt.Errorf("acs: behaviour: %w", err)
		}
		read.RevocationDelay = d
	}
	if err := read.check(); err != nil {
		return err
	}
	*b = read
	return nil
}

func (b Behaviour) check() error {
	if b.RevocationDelay < 0 || b.RevocationDelay > maxRevocationDelay {
		return fmt.Errorf("acs: the revocation delay is %s, want 0s to %s", b.RevocationDelay, maxRevocationDelay)
	}
	var errs []error
	known := append(Operations(), limitWithToken)
	for _, name := range slices.Sorted(maps.Keys(b.Limits)) {
		if !slices.Contains(known, name) {
			errs = append(errs, fmt.Errorf("acs: there is no operation %.64q to limit", name))
		}
		if n := b.Limits[name]; n < 0 || n > maxLimit {
			errs = append(errs, fmt.Errorf("acs: the limit of %.64q is %d, want 0 to %d", name, n, maxLimit))
		}
	}
	return errors.Join(errs...)
}

// SetBehaviour replaces the behaviour. It refuses a delay or limit out of
// bounds and an operation that does not exist. With a delay of 0, revocations
// that are on their way take effect at once.
func (s *Service) SetBehaviour(b Behaviour) error {
	if err := b.check(); err != nil {
		return err
	}
	b.Limits = maps.Clone(b.Limits)
	s.apply(&b)
	return nil
}

func (s *Service) apply(b *Behaviour) {
	s.behaviour.Store(b)
	if b.RevocationDelay == 0 {
		s.registry.settle()
	}
	s.registry.disown(b.Disown)
}

// Behaviour returns the behaviour as it is now.
func (s *Service) Behaviour() Behaviour {
	b := *s.behaviour.Load()
	b.Limits = maps.Clone(b.Limits)
	return b
}
