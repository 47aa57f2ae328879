package emulator

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// Fault is one misfortune of a request to ACS or Graph that would have been taken on. The zero value is none.
type Fault struct {
	Status      int           // answer this error status (400 to 599); nothing takes effect
	StatusAfter int           // answer this error status though the effect took place
	RetryAfter  string        // Retry-After header of either
	DropBefore  bool          // close the connection; nothing takes effect
	DropAfter   bool          // close the connection after the effect took place
	Delay       time.Duration // wait first
	BadJSON     bool          // cut the body of a success in half
}

// faults decides about the next request: by function, else by the rules that the administration listener took.
type faults struct {
	function atomic.Pointer[func(op string) Fault]
	script   acs.Script
	graph    graphScript
}

func (f *faults) next(op string) acs.Fault {
	if function := f.function.Load(); function != nil {
		if fault := acs.Fault((*function)(op)); fault != (acs.Fault{}) {
			return fault
		}
	}
	return f.script.Next(op)
}

// nextGraph decides about a request to Graph.
func (f *faults) nextGraph(op string) graph.Fault {
	op = graphPrefix + op
	if function := f.function.Load(); function != nil {
		if fault := graph.Fault((*function)(op)); fault != (graph.Fault{}) {
			return fault
		}
	}
	return graph.Fault(f.graph.next(op))
}

func (f *faults) reset() {
	f.function.Store(nil)
	f.script.Clear()
	f.graph.clear()
}

// SetFault has f asked about every request to ACS, by operation: create, issue, revoke, delete, exchange and others; and to
// Graph: graph.user, graph.list, graph.get, graph.add, graph.update, graph.remove and graph.users. nil ends it. f is called
// from several goroutines.
func (e *Emulator) SetFault(f func(op string) Fault) {
	if f == nil {
		e.faults.function.Store(nil)
		return
	}
	e.faults.function.Store(&f)
}

// adminFaults lists the rules that are left.
func (e *Emulator) adminFaults(*http.Request) (any, error) {
	return append(append([]acs.Rule{}, e.faults.script.Rules()...), e.faults.graph.list()...), nil
}

// adminClearFaults ends all faults and keeps everything else.
func (e *Emulator) adminClearFaults(r *http.Request) (any, error) {
	e.faults.reset()
	return e.adminFaults(r)
}

// adminAddFault adds a rule: {"op","times","fault":{...}}. Without an op it is about ACS.
func (e *Emulator) adminAddFault(r *http.Request) (any, error) {
	var rule acs.Rule
	if err := decodeOne(r.Body, &rule); err != nil {
		return nil, err
	}
	add := e.faults.script.Add
	if strings.HasPrefix(rule.Op, graphPrefix) {
		add = e.faults.graph.add
	}
	if err := add(rule); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminFaults(r)
}
