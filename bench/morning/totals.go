package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/acs-solutions/acsauth/bench/internal/dev"
)

// totals add up the intervals of a steady load.
type totals struct {
	every    time.Duration
	requests int
	errors   map[string]int
	events   []string
	p99s     []time.Duration
	// of the first interval after the warm one, and of the last
	first, last, most [3]float64
	intervals         int
}

// add returns the row of one interval.
func (t *totals) add(at time.Duration, n tally, f dev.Figures) []string {
	t.late(n)
	p99 := dev.Quantile(n.took, 0.99)
	t.p99s = append(t.p99s, p99)
	t.last = [3]float64{f.Resident() / (1 << 20), f.Sum("go_goroutines"), f.Sum("process_open_fds")}
	if t.intervals++; t.intervals == 1 {
		t.first = t.last
	}
	for i, v := range t.last {
		t.most[i] = max(t.most[i], v)
	}
	return []string{fmt.Sprintf("%.0f", at.Seconds()), dev.Count(n.requests), listed(n.errors), dev.Millis(dev.Quantile(n.took, 0.5)), dev.Millis(p99),
		dev.Count(t.last[0]), dev.Count(t.last[1]), dev.Count(t.last[2]), strings.Join(n.events, "; ")}
}

// late counts what is in a tally.
func (t *totals) late(n tally) {
	t.requests += n.requests
	t.events = append(t.events, n.events...)
	if t.errors == nil {
		t.errors = map[string]int{}
	}
	for code, k := range n.errors {
		t.errors[code] += k
	}
}

func (t *totals) rows() [][]string {
	wrong := 0
	for _, n := range t.errors {
		wrong += n
	}
	p99s := slices.Sorted(slices.Values(t.p99s))
	grown := func(i int) string {
		return fmt.Sprintf("%.0f, %.0f, %.0f", t.first[i], t.last[i], t.most[i])
	}
	return [][]string{
		{"what", "figure"},
		{"requests", dev.Count(t.requests)},
		{"errors to clients, %", fmt.Sprintf("%.3f", 100*float64(wrong)/float64(max(1, t.requests)))},
		{"errors by code", listed(t.errors)},
		{"what happened", strings.Join(t.events, "; ")},
		{fmt.Sprintf("p99 of %v: median, worst, ms", t.every), dev.Millis(dev.Quantile(p99s, 0.5)) + ", " + dev.Millis(dev.Quantile(p99s, 1))},
		{"resident MiB: first, last, most", grown(0)},
		{"goroutines: first, last, most", grown(1)},
		{"open files: first, last, most", grown(2)},
	}
}
