package emu

import (
	"slices"
	"sync"
)

// RingSize is how many things a [Ring] remembers.
const RingSize = 1000

// Ring remembers the last things that were added. The zero value is empty, and it is safe for concurrent use.
type Ring[T any] struct {
	mu   sync.Mutex
	list []T
	next int // the oldest, once the ring is full
}

// Add remembers one more thing, and forgets the oldest if there is no room.
func (r *Ring[T]) Add(one T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) < RingSize {
		r.list = append(r.list, one)
		return
	}
	r.list[r.next] = one
	r.next = (r.next + 1) % RingSize
}

// All lists what is remembered, oldest first.
func (r *Ring[T]) All() []T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Concat(r.list[r.next:], r.list[:r.next])
}

// Replace remembers a list, of at most RingSize, in place of what there is.
func (r *Ring[T]) Replace(list []T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list, r.next = slices.Clone(list), 0
}
