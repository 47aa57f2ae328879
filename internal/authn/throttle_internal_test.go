package authn

import (
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestUnknownsAreBounded(t *testing.T) {
	var u unknowns
	now := time.Now()
	id := func(i int) keyID { return keyID{"t", v2, strconv.Itoa(i), "RS256"} }
	for i := range 5000 {
		u.add(id(i), now)
		u.add(id(i), now) // again: takes no second place
	}
	if len(u.until) != maxUnknown {
		t.Errorf("%d remembered, want %d", len(u.until), maxUnknown)
	}
	for i, want := range map[int]bool{4999: true, 5000 - maxUnknown: true, 5000 - maxUnknown - 1: false, 0: false} {
		if u.has(id(i), now) != want {
			t.Errorf("kid %d remembered: %v", i, !want)
		}
	}
	if u.has(id(4999), now.Add(forgetAfter)) {
		t.Error("remembered for too long")
	}
	if u.has(keyID{"t", v1, "4999", "RS256"}, now) || u.has(keyID{"other", v2, "4999", "RS256"}, now) {
		t.Error("a kid of one key set counts as unknown in another")
	}
}

func TestBudget(t *testing.T) {
	var b budget
	start, taken := time.Now(), []int{}
	for s := range 901 {
		now := start.Add(time.Duration(s) * time.Second)
		for range 3 {
			if b.take(now) {
				taken = append(taken, s)
			} else if w := b.wait(now); w <= 0 || w > refetchEvery {
				t.Fatalf("second %d: wait %v", s, w)
			}
		}
	}
	want := []int{0, 0, 60, 120, 180, 240, 300, 300, 360, 420, 480, 540, 600, 600, 660, 720, 780, 840, 900, 900}
	if !slices.Equal(taken, want) {
		t.Errorf("loads at %v, want %v", taken, want)
	}
	b = budget{} // the extra load counts as the last one
	for _, c := range []struct {
		second int
		want   bool
	}{{0, true}, {30, true}, {60, false}, {89, false}, {90, true}, {150, true}} {
		if got := b.take(start.Add(time.Duration(c.second) * time.Second)); got != c.want {
			t.Errorf("second %d: %v", c.second, got)
		}
	}
}
