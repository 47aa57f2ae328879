package limit

import (
	"hash/maphash"
	"sync"
)

const (
	// DefaultKeys is how many keys have a state of their own, unless other options are given.
	DefaultKeys = 1 << 16
	maxKeys     = 1 << 22
	shardCount  = 16
	oneShard    = 4096 // a smaller table is not divided
	perCell     = 16   // so many keys to one cell
	probes      = 8    // slots that a new key looks at to find an idle one
)

// A table keeps one state for each key, and never forgets a state that still
// counts: a slot is given away only when its state is idle, that is, the same as
// that of a key never seen. A key that finds no slot shares a cell with the
// others of its hash that find none. A key that gets a slot starts with the
// state of its cell. So no key can gain by being crowded out.
//
// Keys themselves are not kept, but 64 bits of a hash with a secret seed. So the
// bytes do not depend on the keys, and no personal data is held. For two given
// keys the chance to share a state is 2^-64.
type table[K comparable, S any] struct {
	seed   maphash.Seed
	shards []*shard[S]
	idle   func(s *S, now int64) bool
	copyOf func(s *S) S
}

type shard[S any] struct {
	mu     sync.Mutex
	index  map[uint64]int32 // of slots
	slots  []slot[S]
	cells  []S
	max    int
	hand   int // the next slot to look at
	shared uint64
}

type slot[S any] struct {
	print uint64
	state S
}

func newTable[K comparable, S any](keys int, idle func(*S, int64) bool, copyOf func(*S) S) *table[K, S] {
	n := shardCount
	if keys < oneShard {
		n = 1
	}
	t := &table[K, S]{seed: maphash.MakeSeed(), idle: idle, copyOf: copyOf}
	for range n {
		t.shards = append(t.shards, &shard[S]{
			index: map[uint64]int32{}, max: keys / n, cells: make([]S, max(1, keys/n/perCell)),
		})
	}
	return t
}

// lock returns the locked shard of a key, and the key's hash.
func (t *table[K, S]) lock(key K) (*shard[S], uint64) {
	print := maphash.Comparable(t.seed, key)
	sh := t.shards[print%uint64(len(t.shards))]
	sh.mu.Lock()
	return sh, print
}

// known returns the state that counts for a key, without making one.
func (sh *shard[S]) known(print uint64) *S {
	if i, ok := sh.index[print]; ok {
		return &sh.slots[i].state
	}
	return sh.cell(print)
}

func (sh *shard[S]) cell(print uint64) *S { return &sh.cells[(print>>32)%uint64(len(sh.cells))] }

// state returns the state that counts for a key: its own, if there is room.
func (t *table[K, S]) state(sh *shard[S], print uint64, now int64) *S {
	if i, ok := sh.index[print]; ok {
		return &sh.slots[i].state
	}
	for range probes {
		t.dropIdle(sh, now)
	}
	cell := sh.cell(print)
	if len(sh.slots) >= sh.max {
		sh.shared++
		return cell
	}
	sh.index[print] = int32(len(sh.slots))
	sh.slots = append(sh.slots, slot[S]{print, t.copyOf(cell)})
	return &sh.slots[len(sh.slots)-1].state
}

// dropIdle looks at one slot, and frees it if its state says nothing.
func (t *table[K, S]) dropIdle(sh *shard[S], now int64) {
	if len(sh.slots) == 0 {
		return
	}
	sh.hand %= len(sh.slots)
	s := &sh.slots[sh.hand]
	if !t.idle(&s.state, now) {
		sh.hand++
		return
	}
	delete(sh.index, s.print)
	last := len(sh.slots) - 1
	if sh.hand != last {
		*s = sh.slots[last]
		sh.index[s.print] = int32(sh.hand)
	}
	sh.slots[last] = slot[S]{}
	sh.slots = sh.slots[:last]
}

// TableStats says how full a limiter is.
type TableStats struct {
	Keys   int    // that have a state of their own
	Shared uint64 // events, good and refused, of keys that had none, since the start
}

func (t *table[K, S]) stats() (st TableStats) {
	for _, sh := range t.shards {
		sh.mu.Lock()
		st.Keys += len(sh.slots)
		st.Shared += sh.shared
		sh.mu.Unlock()
	}
	return st
}
