package broker

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
)

// A step is one choice of the scheduler.
type step struct {
	turn    turn
	outcome string
}

func (w *world) options(waiting []turn) (steps []step) {
	for _, t := range waiting {
		for _, o := range t.outcomes() {
			steps = append(steps, step{t, o})
		}
	}
	return steps
}

// apply books a fault and lets the turn through.
func (w *world) apply(s step) {
	switch s.outcome {
	case "ok":
	case "lease over":
		w.leases--
	default:
		w.left--
	}
	switch s.outcome {
	case "crash":
		w.mu.Lock()
		w.dead[s.turn.proc] = true
		w.mu.Unlock()
	case "refused", "not sent":
		w.harmless++
	}
	w.trace = append(w.trace, fmt.Sprintf("%s %s: %s", s.turn.proc, s.turn.op, s.outcome))
	w.sched.grant(s.turn, s.outcome)
}

// drive runs a world to its end, or until choose gives up with -1.
func (w *world) drive(choose func(waiting []turn, options []step) int) (complete bool) {
	w.run()
	for {
		waiting := w.sched.settle()
		w.check()
		if w.violation != "" {
			break
		}
		if len(waiting) == 0 {
			if w.running != 0 {
				w.fail("stuck: %d replicas neither work nor end", w.running)
			}
			complete = w.violation == ""
			break
		}
		options := w.options(waiting)
		c := choose(waiting, options)
		if c < 0 {
			break
		}
		w.apply(options[c])
	}
	w.sched.end()
	synctest.Wait()
	if complete {
		w.settle()
	}
	return complete
}

// A tally is what an exploration saw.
type tally struct {
	schedules, complete, states int
	maxLeaks, maxSuspects       int
	leaks, suspects, faults     int
	violation                   string
	trace                       []string
	seed                        uint64
}

func (y *tally) add(w *world, complete bool) {
	y.schedules++
	if complete {
		y.complete++
		y.leaks += w.acs.leaks
		y.suspects += w.suspects
		y.faults += w.cfg.faults - w.left - w.harmless
		y.maxLeaks = max(y.maxLeaks, w.acs.leaks)
		y.maxSuspects = max(y.maxSuspects, w.suspects)
	}
	if w.violation != "" && y.violation == "" {
		y.violation, y.trace = w.violation, w.trace
	}
}

func (y *tally) String() string {
	violations := 0
	if y.violation != "" {
		violations = 1
	}
	return fmt.Sprintf("%d schedules (%d run to the end, the others met a known state), %d violations; at most %d orphans and %d suspects; in all %d faults, %d orphans, %d suspects",
		y.schedules, y.complete, violations, y.maxLeaks, y.maxSuspects, y.faults, y.leaks, y.suspects)
}

// explore follows every schedule of a world, depth first, each distinct state
// once. It ends early at the first violation.
func explore(t *testing.T, cfg worldConfig) tally {
	var y tally
	visited := map[uint64]struct{}{}
	seed := maphash.MakeSeed()
	var path []int
	for {
		var taken, width []int
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cfg)
			complete := w.drive(func(waiting []turn, options []step) int {
				c := 0
				if len(taken) < len(path) {
					c = path[len(taken)]
				} else {
					h := maphash.String(seed, w.state(waiting))
					if _, ok := visited[h]; ok {
						return -1
					}
					visited[h] = struct{}{}
				}
				taken, width = append(taken, c), append(width, len(options))
				return c
			})
			y.add(w, complete)
		})
		y.states = len(visited)
		i := len(taken) - 1
		for i >= 0 && taken[i]+1 >= width[i] {
			i--
		}
		if i < 0 || y.violation != "" {
			return y
		}
		path = append(append([]int{}, taken[:i]...), taken[i]+1)
	}
}

// sample follows n random schedules; each is replayed by its seed alone.
func sample(t *testing.T, cfg worldConfig, first uint64, n int) tally {
	var y tally
	for seed := first; seed < first+uint64(n) && y.violation == ""; seed++ {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cfg)
			r := rand.New(rand.NewPCG(seed, 0))
			y.add(w, w.drive(func(_ []turn, options []step) int { return pick(r, options) }))
		})
		y.seed = seed
	}
	return y
}

// pick lets things go well four times in five.
func pick(r *rand.Rand, options []step) int {
	if r.IntN(5) > 0 {
		var calm []int
		for i, o := range options {
			if o.outcome == "ok" || o.outcome == "lease over" && r.IntN(3) == 0 {
				calm = append(calm, i)
			}
		}
		return calm[r.IntN(len(calm))]
	}
	return r.IntN(len(options))
}

func (y *tally) story() string { return y.violation + "\n  " + strings.Join(y.trace, "\n  ") }
