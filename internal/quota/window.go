package quota

import "time"

const (
	// span is the window. It is a second longer than that of ACS: calls that
	// leave here apart may arrive there closer together.
	span = 31 * time.Second
	// rateSpan is the time that the rate of use is taken over.
	rateSpan = 10 * time.Second
	// A limit that ACS found too high is cut by half, and grows back by a tenth for each window without a refusal.
	growth = 10
	// How long a 429 closes an operation: as long as it says, within these bounds.
	minClosed, maxClosed = time.Second, time.Minute
)

// A window holds when the calls of the last span were made.
type window struct {
	limit  int // as configured
	now    int // as learned from 429; at most limit
	calls  []time.Time
	closed time.Time // nothing is let through before
	grown  time.Time // when now changed last
}

// tidy forgets calls that left the window, and lets a limit that was cut grow back.
func (w *window) tidy(t time.Time) {
	n := 0
	for n < len(w.calls) && t.Sub(w.calls[n]) >= span {
		n++
	}
	if n > 0 {
		w.calls = w.calls[:copy(w.calls, w.calls[n:])]
	}
	if steps := int(t.Sub(w.grown) / span); w.now < w.limit && steps > 0 {
		w.now = min(w.limit, w.now+steps*max(1, w.limit/growth))
		w.grown = w.grown.Add(time.Duration(steps) * span)
	}
}

// free is how many calls could be made at t. The window is tidy.
func (w *window) free(t time.Time) int {
	if t.Before(w.closed) {
		return 0
	}
	return max(0, w.now-len(w.calls))
}

func (w *window) add(t time.Time) { w.calls = append(w.calls, t) }

// when returns the time at which there is room for one call more, once n others were made. The window is tidy.
func (w *window) when(t time.Time, n int) time.Time {
	rounds := time.Duration(n/w.now) * span // so many windows are full
	at := t
	if over := len(w.calls) + n%w.now - w.now; over >= 0 { // less than len(w.calls)
		at = w.calls[over].Add(span)
	}
	if at.Before(w.closed) {
		at = w.closed
	}
	return at.Add(rounds)
}

// refused learns from a 429.
func (w *window) refused(t time.Time, after time.Duration) {
	if t.After(w.closed) { // one cut for all calls that were on their way
		w.now = max(1, w.now/2)
	}
	w.grown = t
	if until := t.Add(min(max(after, minClosed), maxClosed)); until.After(w.closed) {
		w.closed = until
	}
}

// exhaustion is after how long nothing is left if calls go on as in the last ten seconds.
func (w *window) exhaustion(t time.Time) time.Duration {
	used, freed := 0, 0
	for _, c := range w.calls {
		if t.Sub(c) < rateSpan {
			used++
		}
		if t.Sub(c) >= span-rateSpan {
			freed++
		}
	}
	if used <= freed {
		return Never
	}
	return time.Duration(float64(rateSpan) * float64(w.free(t)) / float64(used-freed))
}
