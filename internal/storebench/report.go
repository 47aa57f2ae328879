package storebench

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"
)

// A Report is what a run found.
type Report struct {
	options Options
	columns []*column
}

func reportOf(o Options, columns []*column) *Report { return &Report{o, columns} }

// Failed lists, by name of the store, why its measurement was broken off.
func (r *Report) Failed() map[string]error {
	out := map[string]error{}
	for _, c := range r.columns {
		if c.err != nil {
			out[c.Name] = c.err
		}
	}
	return out
}

// WriteMarkdown prints the table and how it came about.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| |")
	for _, c := range r.columns {
		b.WriteString(" " + c.Name + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(r.columns)) + "\n")
	for _, all := range []bool{false, true} {
		for _, k := range kinds() {
			if all && (k.writes || r.options.Mappings == r.options.First) {
				continue
			}
			r.row(&b, r.title(k, all), func(c *column) string { return r.figure(c, cell{k, all}) })
		}
	}
	r.row(&b, "filling", filled)
	r.row(&b, "bytes for a mapping", func(c *column) string {
		if c.bytes == 0 {
			return "not known"
		}
		return fmt.Sprintf("%.0f", c.bytes)
	})
	r.row(&b, "mappings in the end", func(c *column) string { return count(c.rows) })
	fmt.Fprintf(&b, "\nMedian time of a call, calls per second, and calls per second compared with %s. Medians of %d rounds of %v in which the stores took turns; "+
		"one run, %s/%s, %d CPUs, %s.\n", r.columns[0].Name, r.options.Rounds, r.options.Slice, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
	for _, c := range r.columns {
		if c.err != nil {
			fmt.Fprintf(&b, "\n%s was broken off: %v\n", c.Name, c.err)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) row(b *strings.Builder, title string, text func(*column) string) {
	b.WriteString("| " + title + " |")
	for _, c := range r.columns {
		b.WriteString(" " + text(c) + " |")
	}
	b.WriteString("\n")
}

// title names a measurement, such as "read, 16 callers, 10,000 mappings".
func (r *Report) title(k kind, all bool) string {
	callers := "1 caller"
	if k.callers > 1 {
		callers = fmt.Sprint(k.callers) + " callers"
	}
	n := r.options.First
	if all {
		n = r.options.Mappings
	}
	return fmt.Sprintf("%s, %s, %s mappings", k.name, callers, count(int64(n)))
}

// figure is the median of one cell, and how it compares with that of the first store.
func (r *Report) figure(c *column, at cell) string {
	rounds := c.rounds[at]
	if len(rounds) == 0 {
		return "none"
	}
	f := Median(rounds)
	text := fmt.Sprintf("%s, %s/s", short(f.Median), count(int64(f.Rate+0.5)))
	if first := r.columns[0]; c != first && len(first.rounds[at]) > 0 {
		text += fmt.Sprintf(", x%.2g", f.Rate/Median(first.rounds[at]).Rate)
	}
	n := r.options.First
	if at.all {
		n = r.options.Mappings
	}
	if held := c.held[at.all]; held < int64(n) {
		text += " (with " + count(held) + ")" // there was no time for more
	}
	return text
}

// filled is the rate of the last load, the largest.
func filled(c *column) string {
	if len(c.loads) == 0 {
		return "none"
	}
	l := c.loads[len(c.loads)-1]
	return fmt.Sprintf("%s/s, %d callers", count(int64(float64(l.rows)/l.took.Seconds())), c.Loaders)
}

// short writes a time with three digits at most.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
}

// count writes a number with commas: 10,000.
func count(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
