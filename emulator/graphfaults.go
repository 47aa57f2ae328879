package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// graphPrefix begins the name of an operation of Graph.
const graphPrefix = "graph."

// maxGraphRules bounds a graphScript.
const maxGraphRules = 1000

// graphScript hands out faults of Graph by rules, the oldest first. The zero value is empty.
type graphScript struct {
	mu    sync.Mutex
	rules []acs.Rule
}

// add appends a rule. The fault was checked when it was decoded.
func (s *graphScript) add(r acs.Rule) error {
	if op := strings.TrimPrefix(r.Op, graphPrefix); !slices.Contains(graph.Operations(), op) {
		return fmt.Errorf("graph: there is no operation %q", op)
	}
	if r.Times < -1 {
		return fmt.Errorf("graph: a rule cannot apply %d times", r.Times)
	}
	if r.Times == 0 {
		r.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rules) >= maxGraphRules {
		return errors.New("graph: too many rules")
	}
	s.rules = append(s.rules, r)
	return nil
}

// next returns the fault for a request of op and uses it up.
func (s *graphScript) next(op string) acs.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.rules, func(r acs.Rule) bool { return r.Op == op })
	if i < 0 {
		return acs.Fault{}
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

func (s *graphScript) list() []acs.Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rules)
}

func (s *graphScript) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}
