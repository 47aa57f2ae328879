package dev

import (
	"strings"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	f, err := readFigures(strings.NewReader("# HELP a_total Help 1\na_total{op=\"x y\",status=\"429\"} 3\na_total{op=\"z\",status=\"200\"} 4e+1\na_total_more 9\ngo_memstats_next_gc_bytes 2.048e+06\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Sum("a_total"); got != 43 {
		t.Errorf("the sum is %v, want 43", got)
	}
	if got := f.Sum("a_total", `op="x y"`, `status="429"`); got != 3 {
		t.Errorf("the sum of 429 is %v, want 3", got)
	}
	if got := f.Live(); got != 1_024_000 {
		t.Errorf("live: %v", got)
	}
	if _, err := readFigures(strings.NewReader("a b\n")); err == nil {
		t.Error("what is no number was taken")
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", -100: "-100", 1234567: "1,234,567"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) is %q, want %q", n, got, want)
		}
	}
	times := []time.Duration{1, 2, 3, 4}
	if Quantile(times, 0.5) != 3 || Quantile(times, 0.99) != 4 || Quantile(times, 1) != 4 || Quantile(nil, 0.5) != 0 {
		t.Error("Quantile takes the wrong one")
	}
}
