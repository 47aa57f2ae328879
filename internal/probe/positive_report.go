package probe

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// A Timed is a result and how long its request took.
type Timed struct {
	Result
	Seconds float64 `json:"seconds"`
}

// A PositiveReport is what came of a run that expects to be served.
type PositiveReport struct {
	URL      string        `json:"url"`
	Passed   bool          `json:"passed"`
	At       time.Time     `json:"-"` // when it began
	Took     time.Duration `json:"-"`
	Results  []Timed       `json:"results"`
	Untested []Untested    `json:"untested"`
}

// Failures lists the results that are findings.
func (r PositiveReport) Failures() (out []Timed) {
	for _, x := range r.Results {
		if x.Failed() {
			out = append(out, x)
		}
	}
	return out
}

// Line is the report in one line.
func (r PositiveReport) Line() string {
	state := "pass"
	if !r.Passed {
		var names []string
		for _, x := range r.Failures() {
			if !slices.Contains(names, x.Control) {
				names = append(names, x.Control)
			}
		}
		state = "FAIL: " + strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s; %d answers looked at, %d wrong, %d not tested, %.2f s", state, len(r.Results), len(r.Failures()), len(r.Untested), r.Took.Seconds())
}

// WriteText writes the report as a table for people.
func (r PositiveReport) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CHECK\tREQUEST\tEXPECTED\tGOT\tTIME\tVERDICT")
	for _, x := range r.Results {
		took := "-"
		if x.Seconds > 0 {
			took = strconv.FormatFloat(x.Seconds*1000, 'f', 1, 64) + " ms"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", x.Control, x.Case, x.Expected, x.Got, took, x.Verdict)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, u := range r.Untested {
		fmt.Fprintf(w, "not tested: %s: %s\n", u.Control, u.Why)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.Line())
	return err
}

func statuses(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, " or ")
}

func oneOf(n int, list []int) bool { return slices.Contains(list, n) }
