package limit

import "sync/atomic"

// Slots bound how much is at work at once. What finds no slot is shed at once;
// nothing waits.
type Slots struct {
	max  int64
	busy atomic.Int64
	shed atomic.Uint64
}

// NewSlots makes slots. It panics if there is not one at least.
func NewSlots(n int) *Slots {
	if n < 1 {
		panic("limit: no slots")
	}
	return &Slots{max: int64(n)}
}

// TryAcquire takes a slot, which Release gives back, if one is free.
func (s *Slots) TryAcquire() bool {
	for {
		n := s.busy.Load()
		if n >= s.max {
			s.shed.Add(1)
			return false
		}
		if s.busy.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Release gives a slot back. It panics if none was taken.
func (s *Slots) Release() {
	if s.busy.Add(-1) < 0 {
		panic("limit: a slot was released that was not taken")
	}
}

// InFlight is how many slots are taken.
func (s *Slots) InFlight() int { return int(s.busy.Load()) }

// Shed is how often there was no slot, since the start.
func (s *Slots) Shed() uint64 { return s.shed.Load() }
