//go:build mistakes

package broker

import (
	"strings"
	"testing"
)

func setMistake(b *Broker, m mistake) { b.mistakes.on = m }

// TestMistakesAreCaught commits the ten mistakes of an implementer, one at a
// time, in the real code, and shows that the exploration finds each.
func TestMistakesAreCaught(t *testing.T) {
	for _, c := range []struct {
		name string
		want string // the invariants that may catch it
		cfg  worldConfig
	}{
		{"a refused commit taken as lost without looking", "S1", worldConfig{callers: 2, leases: 1, faults: 1, late: true, mistake: blindLoss}},
		{"own id deleted when the commit's outcome is unknown", "S1", worldConfig{callers: 2, leases: 1, faults: 1, mistake: hastyDelete}},
		{"a stale read after an unknown commit", "S1", worldConfig{callers: 2, leases: 1, faults: 1, mistake: staleRead}},
		{"the commit accepts any Pending row", "S1 P11 S4 S7", worldConfig{callers: 2, leases: 1, faults: 1, late: true, mistake: noFence}},
		{"the mapping removed before the identity", "S5 S7", worldConfig{callers: 1, leases: 1, deleters: 1, faults: 1, crash: true, mistake: unmapFirst}},
		{"no journal", "S7", worldConfig{callers: 2, leases: 1, faults: 1, crash: true, mistake: noJournal}},
		{"nobody sweeps abandoned intents", "S5b", worldConfig{callers: 1, leases: 1, faults: 1, crash: true, custom: true, mistake: noSweep}},
		{"a suspect resolved while its create is in flight", "S5b S1 S6", worldConfig{callers: 1, leases: 1, sweepers: 1, faults: 1, late: true, custom: true, mistake: resolveEarly}},
		{"one customId for each user, with a retry", "S6 S1", worldConfig{callers: 2, leases: 1, faults: 1, late: true, custom: true, mistake: oneCustomID}},
		{"one customId for each user, in parallel, no intent", "S6 S1", worldConfig{callers: 2, leases: 1, custom: true, mistake: noIntent}},
	} {
		t.Run(c.name, func(t *testing.T) {
			y := explore(t, c.cfg)
			if y.violation == "" {
				t.Fatalf("not caught: %s", &y)
			}
			if name, _, _ := strings.Cut(y.violation, ":"); !strings.Contains(" "+c.want+" ", " "+name+" ") {
				t.Errorf("caught by %s, want one of %s\n%s", name, c.want, y.story())
			}
			t.Logf("%s: caught after %d schedules, in %d steps, by %s", c.name, y.schedules, len(y.trace), y.violation)
		})
		good := c.cfg
		good.mistake = 0
		t.Run(c.name+", not made", func(t *testing.T) {
			if y := explore(t, good); y.violation != "" {
				t.Error(y.story())
			}
		})
	}
}
