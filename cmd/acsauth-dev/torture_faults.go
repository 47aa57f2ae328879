package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/acs-solutions/acsauth/emulator"
)

// misfortune lets a share of the calls to ACS go wrong, and counts those that
// may leave an identity behind: creates whose request or answer was lost or late.
type misfortune struct {
	emulator *emulator.Emulator
	rate     float64

	mu   sync.Mutex
	dice *rand.Rand
	lost int
}

func newMisfortune(e *emulator.Emulator, rate float64, seed uint64) *misfortune {
	m := &misfortune{emulator: e, rate: rate, dice: newDice(seed)}
	e.SetFault(m.next)
	return m
}

// unclear are faults after which the caller of ACS cannot know what happened.
var unclear = []emulator.Fault{
	{StatusAfter: 500}, {StatusAfter: 503}, {DropAfter: true}, {DropAfter: true, Delay: 200 * time.Millisecond}, {DropBefore: true}, {Status: 500},
}

// refused are faults without effect, or with none but delay.
var refused = []emulator.Fault{
	{Status: 429, RetryAfter: "1"}, {Delay: 300 * time.Millisecond}, {Delay: time.Second},
}

// late is a create that its caller has given up when it runs.
var late = emulator.Fault{Delay: 10500 * time.Millisecond}

func (m *misfortune) next(op string) emulator.Fault {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dice.Float64() >= m.rate {
		return emulator.Fault{}
	}
	n := m.dice.IntN(20)
	switch {
	case n == 0 && op == "create":
		m.lost++
		return late
	case n < 12:
		if op == "create" {
			m.lost++
		}
		return unclear[m.dice.IntN(len(unclear))]
	}
	return refused[m.dice.IntN(len(refused))]
}

// end lets everything go right from now on.
func (m *misfortune) end() { m.emulator.SetFault(nil) }

func (m *misfortune) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lost
}
