package quota

import (
	"testing"
	"testing/synctest"
	"time"
)

// A limit that was cut grows back by a tenth for each window without a refusal.
func TestCutLimitsGrowBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := window{limit: 100, now: 100}
		w.refused(time.Now(), 0)
		w.refused(time.Now(), 90*time.Second) // of a call that was on its way
		if w.now != 50 || w.free(time.Now()) != 0 {
			t.Fatalf("limit %d, want one cut", w.now)
		}
		time.Sleep(maxClosed)
		for _, want := range []int{60, 70, 80, 90, 100, 100} {
			w.tidy(time.Now())
			if w.now != want {
				t.Errorf("limit %d, want %d", w.now, want)
			}
			time.Sleep(span)
		}
		if w.free(time.Now()) != 100 {
			t.Errorf("%d free", w.free(time.Now()))
		}
		for range 20 {
			w.closed = time.Time{}
			w.refused(time.Now(), time.Second)
		}
		if w.now != 1 {
			t.Errorf("limit %d, want at least 1", w.now)
		}
	})
}
