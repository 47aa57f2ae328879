package moving

import (
	"sync"
	"sync/atomic"
	"time"
)

// A Meter tells how far a run is. It may be read at any time.
type Meter struct {
	mu    sync.Mutex
	phase string
	begun time.Time
	first int64 // done before this process began

	done, total atomic.Int64
}

// A Reading is what a Meter shows.
type Reading struct {
	Phase string
	Done  int64
	Total int64 // about; -1: not known
	// Rate is rows per second in this phase, and Left the time to go; zero: not known.
	Rate float64
	Left time.Duration
}

// start begins a phase, of which done rows were done by an earlier run.
func (m *Meter) start(phase string, done, total int64) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.phase, m.begun, m.first = phase, time.Now(), done
	m.done.Store(done)
	m.total.Store(total)
}

func (m *Meter) add(n int64) {
	if m != nil {
		m.done.Add(n)
	}
}

// Read returns where the run is. Before the first phase, Phase is empty.
func (m *Meter) Read() Reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := Reading{Phase: m.phase, Done: m.done.Load(), Total: m.total.Load()}
	passed := time.Since(m.begun).Seconds()
	if n := r.Done - m.first; n > 0 && passed > 0 {
		r.Rate = float64(n) / passed
		if r.Total > r.Done {
			r.Left = time.Duration(float64(r.Total-r.Done) / r.Rate * float64(time.Second))
		}
	}
	return r
}
