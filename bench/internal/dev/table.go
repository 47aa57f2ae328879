package dev

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// WriteTable prints a table in Markdown under a heading. note says how it came about.
func WriteTable(w io.Writer, title string, rows [][]string, note string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", title)
	for i, row := range rows {
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	b.WriteString("\n" + note + "\n\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Quantile is the time that a share q of sorted ones do not exceed, or 0 of none.
func Quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// Median is the middle one, of an even number the mean of the two in the middle; 0 of none.
func Median[T float64 | time.Duration](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 0:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[n/2]
}

// Millis writes a time in milliseconds.
func Millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	switch {
	case ms < 1:
		return fmt.Sprintf("%.3f", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

// Count writes a number with commas: 10,000.
func Count[T int | int64 | float64](n T) string {
	s := fmt.Sprintf("%.0f", float64(n))
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Ratio compares v with that of the first row.
func Ratio(v, first float64) string {
	if first == 0 {
		return "-"
	}
	return fmt.Sprintf("x%.2f", v/first)
}
