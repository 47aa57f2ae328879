package entra

import (
	"maps"
	"sync"
)

// counts is a set of named counters. The names are constants of this package.
type counts struct {
	mu sync.Mutex
	n  map[string]int64
}

func newCounts() *counts { return &counts{n: make(map[string]int64)} }

func (c *counts) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[name]++
}

func (c *counts) all() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.n)
}

func (c *counts) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.n)
}

func (c *counts) set(n map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n = make(map[string]int64)
	maps.Copy(c.n, n)
}
