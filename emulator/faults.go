package emulator

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/acs-solutions/acsauth/emulator/internal/acs"
	"github.com/acs-solutions/acsauth/emulator/internal/graph"
)

// Fault is one misfortune of a request. A request to ACS or Graph meets it only if the service would have taken it on, that
// is, after its credential was checked; one to Entra ID before anything is looked at. The zero value is none.
type Fault struct {
	Status      int           // answer this error status (400 to 599); nothing takes effect
	StatusAfter int           // answer this error status though the effect took place
	RetryAfter  string        // Retry-After header of either
	DropBefore  bool          // close the connection; nothing takes effect
	DropAfter   bool          // close the connection after the effect took place
	Delay       time.Duration // wait first, in real time
	BadJSON     bool          // cut the body of a success in half
	Code        string        // error code of Status and StatusAfter, such as IdentityNotOwned; default that of the status
}

func (f Fault) acs() acs.Fault {
	return acs.Fault{
		Status: f.Status, StatusAfter: f.StatusAfter, RetryAfter: f.RetryAfter, DropBefore: f.DropBefore,
		DropAfter: f.DropAfter, Delay: f.Delay, BadJSON: f.BadJSON, Code: f.Code,
	}
}

func (f Fault) graph() graph.Fault {
	return graph.Fault{
		Status: f.Status, StatusAfter: f.StatusAfter, RetryAfter: f.RetryAfter, DropBefore: f.DropBefore,
		DropAfter: f.DropAfter, Delay: f.Delay, BadJSON: f.BadJSON, Code: f.Code,
	}
}

func fromRule(f acs.Fault) Fault {
	return Fault{
		Status: f.Status, StatusAfter: f.StatusAfter, RetryAfter: f.RetryAfter, DropBefore: f.DropBefore,
		DropAfter: f.DropAfter, Delay: f.Delay, BadJSON: f.BadJSON, Code: f.Code,
	}
}

// faults decides about the next request: by function, else by the rules.
type faults struct {
	function atomic.Pointer[func(op string) Fault]
	rules    rules
}

// next decides about a request to ACS or Graph.
func (f *faults) next(op string) Fault {
	if function := f.function.Load(); function != nil {
		if fault := (*function)(op); fault != (Fault{}) {
			return fault
		}
	}
	return f.rules.next(op)
}

func (f *faults) reset() {
	f.function.Store(nil)
	f.rules.clear()
}

// SetFault has f asked about every request to ACS, by operation: create, issue, revoke, delete, exchange and others; and to
// Graph: graph.user, graph.list, graph.get, graph.add, graph.update, graph.remove, graph.users and others. It is not asked
// about Entra ID; see [Emulator.AddFault]. nil ends it. f is called from several goroutines.
func (e *Emulator) SetFault(f func(op string) Fault) {
	if f == nil {
		e.faults.function.Store(nil)
		return
	}
	e.faults.function.Store(&f)
}

// AddFault makes the next times requests of an operation meet a fault; 0 is one and -1 all. Operations are those of
// [Emulator.SetFault], those of Entra ID (entra.token, entra.authorize, entra.discovery, entra.keys and others, see
// [EntraOperations]), "graph.*" and "entra.*" for all of a service, "" for all of ACS, and "*" for all. The oldest rule that
// fits wins, and at most 1000 are kept.
func (e *Emulator) AddFault(op string, times int, f Fault) error {
	if err := e.faults.rules.add(rule{faultRule: faultRule{Op: op, Times: times, Fault: f.acs()}}); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	return nil
}

// ClearFaults ends all faults, those of rehearsals included, and keeps everything else.
func (e *Emulator) ClearFaults() { e.faults.reset() }

// adminFaults lists the rules that are left.
func (e *Emulator) adminFaults(*http.Request) (any, error) { return e.faults.rules.all(), nil }

// adminClearFaults ends all faults and keeps everything else.
func (e *Emulator) adminClearFaults(r *http.Request) (any, error) {
	e.ClearFaults()
	return e.adminFaults(r)
}

// adminAddFault adds a rule: {"op","times","fault":{...}}. Without an op it is about ACS.
func (e *Emulator) adminAddFault(r *http.Request) (any, error) {
	var in faultRule
	if err := decodeOne(r.Body, &in); err != nil {
		return nil, err
	}
	if in.Fault == (acs.Fault{}) {
		return nil, refuse(http.StatusBadRequest, "the fault does nothing: it needs status, statusAfter, dropBefore, dropAfter, delay or badJson")
	}
	if err := e.faults.rules.add(rule{faultRule: in}); err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return e.adminFaults(r)
}
