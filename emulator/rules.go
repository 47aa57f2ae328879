package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// Operations of Graph and Entra ID have a prefix, those of ACS have none.
const (
	graphPrefix = "graph."
	entraPrefix = "entra."
	anyOf       = "*" // after a prefix: each of that service; alone: each of all
)

// maxRules bounds the rules that are kept.
const maxRules = 1000

// faultRule says which requests meet a fault, as the administration takes it.
type faultRule struct {
	Op    string    `json:"op"`    // operation, such as "create"; "" is any of ACS
	Times int       `json:"times"` // requests it applies to; 0 is one, -1 all
	Fault acs.Fault `json:"fault"`
}

// rule is a faultRule with an end.
type rule struct {
	faultRule
	Rehearsal string    `json:"rehearsal,omitempty"` // that made it
	Until     time.Time `json:"until,omitzero"`      // by the clock of the services; zero: no end
}

// matches reports whether the rule is about an operation.
func (r rule) matches(op string) bool {
	switch r.Op {
	case op, anyOf:
		return true
	case "":
		return !strings.Contains(op, ".")
	}
	prefix, all := strings.CutSuffix(r.Op, anyOf)
	return all && strings.HasPrefix(op, prefix)
}

// rules hands out faults, the oldest rule first, and forgets a rule that is used up.
type rules struct {
	now  func() time.Time
	mu   sync.Mutex
	list []rule
}

// add appends a rule. It refuses an operation that does not exist, and a fault that cannot be.
func (s *rules) add(r rule) error {
	if err := checkRule(r.faultRule); err != nil {
		return err
	}
	if r.Times == 0 {
		r.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if len(s.list) >= maxRules {
		return errors.New("too many faults; end some first")
	}
	s.list = append(s.list, r)
	return nil
}

// checkRule refuses an operation that does not exist, and a fault that cannot be.
func checkRule(r faultRule) error {
	if names := operationNames(); !slices.Contains(names, r.Op) {
		return fmt.Errorf("there is no operation %.64q; there are %s", r.Op, strings.Join(names[1:], ", "))
	}
	if r.Times < endless {
		return fmt.Errorf("a rule cannot apply %d times", r.Times)
	}
	return r.Fault.Check()
}

// operationNames are all that a rule can be about; the first, empty one is all of ACS.
func operationNames() []string {
	names := append([]string{""}, acs.Operations()...)
	for _, op := range graph.Operations() {
		names = append(names, graphPrefix+op)
	}
	return append(append(names, EntraOperations()...), graphPrefix+anyOf, entraPrefix+anyOf, anyOf)
}

// next returns the fault for a request of op and uses it up.
func (s *rules) next(op string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	i := slices.IndexFunc(s.list, func(r rule) bool { return r.matches(op) })
	if i < 0 {
		return Fault{}
	}
	fault := s.list[i].Fault
	if s.list[i].Times > 0 {
		s.list[i].Times--
	}
	if s.list[i].Times == 0 {
		s.list = slices.Delete(s.list, i, i+1)
	}
	return fromRule(fault)
}

// expire forgets rules whose time is up. The lock must be held.
func (s *rules) expire() {
	if len(s.list) == 0 {
		return
	}
	now := s.now()
	s.list = slices.DeleteFunc(s.list, func(r rule) bool { return !r.Until.IsZero() && !now.Before(r.Until) })
}

// all lists what is left.
func (s *rules) all() []rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return append([]rule{}, s.list...)
}

// drop forgets the rules that a rehearsal made.
func (s *rules) drop(rehearsal string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(r rule) bool { return r.Rehearsal == rehearsal })
}

// replace puts a snapshot's rules in place of the present ones, all or none.
func (s *rules) replace(list []rule) error {
	if len(list) > maxRules {
		return errors.New("too many faults")
	}
	for _, r := range list {
		if err := checkRule(r.faultRule); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.Clone(list)
	return nil
}

func (s *rules) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}
