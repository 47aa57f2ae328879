package broker

import (
	"flag"
	"testing"
)

var (
	full      = flag.Bool("full", false, "follow all schedules, not only those of the small worlds")
	firstSeed = flag.Uint64("seed", 1, "first seed of the random schedules")
	seeds     = flag.Int("seeds", 500, "number of random schedules of each world")
)

// TestEveryInterleaving runs the real broker through every schedule of its I/O,
// with a fault at each call. The largest world needs -full.
func TestEveryInterleaving(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		large bool
		cfg   worldConfig
	}{
		{"two callers, no fault", false, worldConfig{callers: 2, leases: 1}},
		{"two callers and a delete, no fault", false, worldConfig{callers: 2, leases: 1, deleters: 1}},
		{"two callers, one fault anywhere", false, worldConfig{callers: 2, leases: 1, faults: 1, crash: true, late: true}},
		{"one caller, two faults anywhere", false, worldConfig{callers: 1, leases: 1, faults: 2, crash: true, late: true}},
		{"a caller and a sweeper, one fault anywhere", false, worldConfig{callers: 1, leases: 1, sweepers: 1, faults: 1, crash: true, late: true}},
		{"two callers and a delete, one fault anywhere", true, worldConfig{callers: 2, leases: 1, deleters: 1, faults: 1, crash: true, late: true}},
		{"a caller, a revocation and a delete, one fault anywhere", false, worldConfig{callers: 1, leases: 1, revokers: 1, deleters: 1, faults: 1, crash: true, late: true}},
		{"two callers and two revocations, one fault anywhere", true, worldConfig{callers: 2, leases: 1, revokers: 2, faults: 1}},
		{"customId: two callers, one fault anywhere", false, worldConfig{callers: 2, leases: 1, faults: 1, crash: true, late: true, custom: true}},
	} {
		if c.large && !*full {
			t.Logf("%s: run with -full, as scripts/test.sh does", c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			y := explore(t, c.cfg)
			t.Logf("%s: %s", c.name, &y)
			if y.violation != "" {
				t.Fatal(y.story())
			}
		})
	}
}

// TestSchedules follows random schedules of larger worlds. A failure names its seed.
func TestSchedules(t *testing.T) {
	t.Parallel()
	n := *seeds
	if *full {
		n *= 70
	}
	for _, c := range []struct {
		name string
		cfg  worldConfig
	}{
		{"three callers, two deletes, a sweeper, three faults", worldConfig{callers: 3, leases: 4, deleters: 2, sweepers: 1, faults: 3, crash: true, late: true}},
		{"four callers, two sweepers, four faults", worldConfig{callers: 4, leases: 4, sweepers: 2, faults: 4, crash: true, late: true}},
		{"three callers, two revocations, a delete, three faults", worldConfig{callers: 3, leases: 4, revokers: 2, deleters: 1, faults: 3, crash: true, late: true}},
		{"customId: three callers, a delete, a sweeper, three faults", worldConfig{callers: 3, leases: 4, deleters: 1, sweepers: 1, faults: 3, crash: true, late: true, custom: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			y := sample(t, c.cfg, *firstSeed, n)
			t.Logf("%s: %s", c.name, &y)
			if y.violation != "" {
				t.Fatalf("seed %d (replay: -run %s -seed %d -seeds 1)\n%s", y.seed, "TestSchedules", y.seed, y.story())
			}
		})
	}
}
