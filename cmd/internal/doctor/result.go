package doctor

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// The verdicts.
const (
	OK         = "ok"
	Warning    = "warning"     // it works, and is unwise or will break
	Fault      = "fault"       // it does not work
	NotChecked = "not checked" // it does not apply, was not asked for, or depends on what is faulty
)

// A Result is what one check found about one thing.
type Result struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Subject string `json:"subject,omitempty"` // which one, if there are several
	Verdict string `json:"verdict"`
	Seen    string `json:"seen"`
	Change  string `json:"change,omitempty"` // what to change
	Where   string `json:"where,omitempty"`  // the setting, the page of the portal, or the command
}

// A Report is what the doctor found.
type Report struct {
	Passed   bool     `json:"passed"` // no fault; there may be warnings
	Faults   int      `json:"faults"`
	Warnings int      `json:"warnings"`
	Seconds  float64  `json:"seconds"`
	Results  []Result `json:"results"`
}

// notes gathers results from checks that run at once.
type notes struct {
	mu   sync.Mutex
	list []Result
}

func (n *notes) add(r Result) {
	r.Name = nameOf(r.ID)
	r.Seen, r.Change = oneLine(r.Seen), oneLine(r.Change)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, r)
}

func (n *notes) ok(id, subject, seen string) {
	n.add(Result{ID: id, Subject: subject, Verdict: OK, Seen: seen})
}

func (n *notes) skip(id, subject, why string) {
	n.add(Result{ID: id, Subject: subject, Verdict: NotChecked, Seen: why})
}

// bad adds a warning or a fault.
func (n *notes) bad(id, subject, verdict, seen string, what advice) {
	n.add(Result{ID: id, Subject: subject, Verdict: verdict, Seen: seen, Change: what.change, Where: what.where})
}

// An advice is what to change, and where.
type advice struct{ change, where string }

// report puts the results in the order of the catalogue, and adds what no check came to.
func (n *notes) report(took time.Duration) Report {
	n.mu.Lock()
	defer n.mu.Unlock()
	r := Report{Seconds: float64(took.Milliseconds()) / 1000, Results: []Result{}}
	for _, c := range Checks() {
		from := len(r.Results)
		for _, x := range n.list {
			if x.ID == c.ID {
				r.Results = append(r.Results, x)
			}
		}
		if len(r.Results) == from {
			r.Results = append(r.Results, Result{ID: c.ID, Name: c.Name, Verdict: NotChecked, Seen: "does not apply to these settings"})
		}
		slices.SortStableFunc(r.Results[from:], func(a, b Result) int { return strings.Compare(a.Subject, b.Subject) })
	}
	for _, x := range r.Results {
		switch x.Verdict {
		case Fault:
			r.Faults++
		case Warning:
			r.Warnings++
		}
	}
	r.Passed = r.Faults == 0
	return r
}

func nameOf(id string) string {
	for _, c := range Checks() {
		if c.ID == id {
			return c.Name
		}
	}
	return "" // a test sees it
}
