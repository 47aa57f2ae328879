package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// maxLine bounds what one check says.
const maxLine = 400

// oneLine makes text fit for one line of a terminal: printable, and bounded.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "..."
	}
	return s
}

// WriteText writes the report for people: what is well, what was not checked, and last what to change.
func (r Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, x := range r.Results {
		if x.Verdict == OK {
			fmt.Fprintf(t, "ok\t%s\t%s\n", x.title(), x.Seen)
		}
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if skipped := r.with(NotChecked); len(skipped) > 0 {
		fmt.Fprintf(w, "\nNot checked\n")
		writeSkipped(w, skipped)
	}
	writeFindings(w, "Warnings", r.with(Warning))
	writeFindings(w, "Faults", r.with(Fault))
	_, err := fmt.Fprintf(w, "\n%s in %.2f s\n", r.line(), r.Seconds)
	return err
}

// writeSkipped lists them by reason, each check once.
func writeSkipped(w io.Writer, list []Result) {
	var reasons []string
	ids := map[string][]string{}
	for _, x := range list {
		if len(ids[x.Seen]) == 0 {
			reasons = append(reasons, x.Seen)
		}
		if !slices.Contains(ids[x.Seen], x.ID) {
			ids[x.Seen] = append(ids[x.Seen], x.ID)
		}
	}
	for _, why := range reasons {
		fmt.Fprintf(w, "%s: %s\n", why, strings.Join(ids[why], ", "))
	}
}

func writeFindings(w io.Writer, heading string, list []Result) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", heading)
	for _, x := range list {
		fmt.Fprintf(w, "%s: %s\n  seen    %s\n", x.title(), x.Name, x.Seen)
		if x.Change != "" {
			fmt.Fprintf(w, "  change  %s\n", x.Change)
		}
		if x.Where != "" {
			fmt.Fprintf(w, "  where   %s\n", x.Where)
		}
	}
}

func (x Result) title() string {
	if x.Subject == "" {
		return x.ID
	}
	return x.ID + " (" + x.Subject + ")"
}

func (r Report) with(verdict string) (out []Result) {
	for _, x := range r.Results {
		if x.Verdict == verdict {
			out = append(out, x)
		}
	}
	return out
}

func (r Report) line() string {
	n := func(verdict string) int { return len(r.with(verdict)) }
	return fmt.Sprintf("%d ok, %d warnings, %d faults, %d not checked", n(OK), r.Warnings, r.Faults, n(NotChecked))
}
