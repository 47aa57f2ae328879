package acs

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// maxRules bounds a [Script].
const maxRules = 1000

// Rule says which requests meet a fault.
type Rule struct {
	Op    string `json:"op"`    // operation, such as "create"; "" is any
	Times int    `json:"times"` // requests it applies to; 0 is one, -1 all
	Fault Fault  `json:"fault"`
}

// Script hands out faults by rules, the oldest first, and forgets a rule that
// is used up. Give its Next to [Service.SetFault]. The zero value is empty.
type Script struct {
	mu    sync.Mutex
	rules []Rule
}

// Add appends a rule. It refuses an operation that does not exist.
func (s *Script) Add(r Rule) error {
	known := slices.ContainsFunc(operations, func(op operation) bool { return op.name == r.Op })
	if r.Op != "" && !known {
		return fmt.Errorf("acs: there is no operation %q", r.Op)
	}
	if r.Times < -1 {
		return fmt.Errorf("acs: a rule cannot apply %d times", r.Times)
	}
	if err := r.Fault.check(); err != nil {
		return err
	}
	if r.Times == 0 {
		r.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) >= maxRules {
		return errors.New("acs: too many rules")
	}
	s.rules = append(s.rules, r)
	return nil
}

// Next returns the fault for a request of op and uses it up.
func (s *Script) Next(op string) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rules, func(r Rule) bool { return r.Op == "" || r.Op == op })
	if i < 0 {
		return Fault{}
	}
	fault := s.rules[i].Fault
	if s.rules[i].Times > 0 {
		s.rules[i].Times--
	}
	if s.rules[i].Times == 0 {
		s.rules = slices.Delete(s.rules, i, i+1)
	}
	return fault
}

// Rules lists what is left.
func (s *Script) Rules() []Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

// Clear removes all rules.
func (s *Script) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}
