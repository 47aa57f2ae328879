package probe

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// The verdicts on one request.
const (
	Refused     = "refused"    // as it must be
	Accepted    = "accepted"   // a good request, as it must be
	LetIn       = "LET IN"     // a wrong request was served
	WrongAnswer = "WRONG"      // refused, but not with the status and code of its control; or a good request was refused
	NoAnswer    = "NO ANSWER"  // the server could not be reached, or is overloaded
	Another     = "by another" // refused by another rule, so its own control is not proven
)

// A Result is what came of one request.
type Result struct {
	Control  string `json:"control"`
	Case     string `json:"case"`
	Expected string `json:"expected"`
	Got      string `json:"got"`
	Verdict  string `json:"verdict"`
}

// Failed reports whether the result is a finding.
func (r Result) Failed() bool {
	return r.Verdict == LetIn || r.Verdict == WrongAnswer || r.Verdict == NoAnswer
}

// An Untested is a control that could not be tried, or not on its own.
type Untested struct {
	Control string `json:"control"`
	Why     string `json:"why"`
}

// A Report is what came of a run.
type Report struct {
	URL      string     `json:"url"`
	Passed   bool       `json:"passed"`
	Proven   []string   `json:"proven"` // controls of which every request was refused
	Results  []Result   `json:"results"`
	Untested []Untested `json:"untested"`
	Skipped  []string   `json:"skipped,omitempty"`
}

// Findings lists the controls with a finding, each once.
func (r Report) Findings() []string {
	out := []string{}
	for _, x := range r.Results {
		if x.Failed() && !slices.Contains(out, x.Control) {
			out = append(out, x.Control)
		}
	}
	return out
}

// finish draws the conclusions of the results.
func (r *Report) finish() {
	r.Passed = len(r.Findings()) == 0
	bad := r.Findings()
	for _, u := range r.Untested {
		bad = append(bad, u.Control)
	}
	r.Proven = []string{}
	for _, x := range r.Results {
		if !slices.Contains(bad, x.Control) && !slices.Contains(r.Proven, x.Control) && x.Control != goodControl {
			r.Proven = append(r.Proven, x.Control)
		}
	}
}

// count returns how many results have a verdict.
func (r Report) count(verdict string) (n int) {
	for _, x := range r.Results {
		if x.Verdict == verdict {
			n++
		}
	}
	return n
}

// Line is the report in one line.
func (r Report) Line() string {
	state := "pass"
	if !r.Passed {
		state = "FAIL: " + strings.Join(r.Findings(), ", ")
	}
	return fmt.Sprintf("%s; %d requests, %d refused, %d let in, %d controls proven, %d not tested",
		state, len(r.Results), r.count(Refused)+r.count(Another), r.count(LetIn), len(r.Proven), len(r.Untested))
}

// WriteText writes the report as a table for people.
func (r Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CONTROL\tREQUEST\tEXPECTED\tGOT\tVERDICT")
	for _, x := range r.Results {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", x.Control, x.Case, x.Expected, x.Got, x.Verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(w, "\nProven (%d): %s\n", len(r.Proven), strings.Join(r.Proven, ", "))
	if len(r.Untested) > 0 {
		fmt.Fprintf(w, "Not tested (%d):\n", len(r.Untested))
		for _, u := range r.Untested {
			fmt.Fprintf(w, "  %s: %s\n", u.Control, u.Why)
		}
	}
	if len(r.Skipped) > 0 {
		fmt.Fprintf(w, "Skipped, as asked: %s\n", strings.Join(r.Skipped, ", "))
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Line())
	return err
}

// Failures lists the results that are findings.
func (r Report) Failures() (out []Result) {
	for _, x := range r.Results {
		if x.Failed() {
			out = append(out, x)
		}
	}
	return out
}
