package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hasRows looks for rows that have a figure.
func hasRows(t *testing.T, out, title string, rows ...string) {
	t.Helper()
	_, table, ok := strings.Cut(out, "## "+title+"\n")
	if !ok {
		t.Errorf("there is no table %q", title)
	}
	table, _, _ = strings.Cut(table, "## ")
	for _, row := range rows {
		if !strings.Contains(table, "\n| "+row) {
			t.Errorf("%s: there is no row %q", title, row)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestQuick runs the morning with few users, and looks at the rows.
func TestQuick(t *testing.T) {
	o := usual()
	var out, notes strings.Builder
	o.out, o.notes, o.scale = &out, &notes, quickScale
	if err := o.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	hasRows(t, out.String(), "A morning", "users | 300 |", "served | 300 |", "shed (429 of the service) | ", "429 that ACS gave the service (the goal is 0) | 0 |", "out of order, % | ", "compared with that | x")
}

// TestQuickSoak has all bad moments within seconds.
func TestQuickSoak(t *testing.T) {
	o := usual()
	var out, notes strings.Builder
	o.out, o.notes, o.soak, o.rate = &out, &notes, 8*time.Second, 50
	if err := o.run(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	hasRows(t, out.String(), "A steady load", "requests | 4", "errors to clients, % | ", "resident MiB: first, last, most | ", "goroutines: ", "open files: ")
	hasRows(t, out.String(), "A steady load, as it went", "1 | ", "8 | ")
	for _, event := range []string{"keys rolled", "ACS refuses 10 calls with 429", "PostgreSQL was away for"} {
		if !strings.Contains(out.String(), event) {
			t.Errorf("it did not happen: %s", event)
		}
	}
}

func TestFlagsAreBounded(t *testing.T) {
	for want, change := range map[string]func(*options){
		"-scale": func(o *options) { o.scale = 0 },
		"-rate":  func(o *options) { o.rate = 2001 },
		"-soak":  func(o *options) { o.soak = time.Second },
		"-store": func(o *options) { o.store = "cosmos" },
		"-quota": func(o *options) { o.quota = "0" },
	} {
		o := usual()
		change(&o)
		if err := o.run(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestDisorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Map(rapid.IntRange(0, 20), func(n int) time.Duration { return time.Duration(n) }), 0, 40).Draw(t, "times")
		wrong, pairs := 0, 0
		for i := range times {
			for j := range i {
				pairs++
				if times[j] > times[i] {
					wrong++
				}
			}
		}
		want := float64(wrong) / float64(max(1, pairs))
		before := slices.Clone(times)
		if got := disorder(times); got != want {
			t.Fatalf("%v: %v, want %v", times, got, want)
		}
		if !slices.Equal(before, times) {
			t.Fatal("the times were moved")
		}
	})
}

func TestSums(t *testing.T) {
	s := sum([]visit{
		{came: 1, served: 11, tries: 1},
		{came: 2, served: 5, tries: 3, answers: map[string]int{"429 throttled": 1, "503 unavailable": 1}, untold: 1},
		{came: 3, tries: 2, answers: map[string]int{"429 throttled": 2}},
	})
	if s.served != 2 || s.returned != 3 || s.untold != 1 || s.mostTries != 3 || s.refusals["429 throttled"] != 3 || s.disorder != 1 || s.firstTenth != 10 || s.lastTenth != 3 {
		t.Errorf("%+v", s)
	}
	if got := busiest([]time.Duration{0, 1, limitWindow, limitWindow + 1, limitWindow + 2}); got != 3 {
		t.Errorf("%d within the window, want 3", got)
	}
	if empty := sum(nil); empty.served != 0 || empty.firstTenth != 0 {
		t.Errorf("%+v", empty)
	}
	if got := usual().taken(); got != 900 {
		t.Errorf("%d creates in 30 s", got)
	}
}
