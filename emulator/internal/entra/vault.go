package entra

import (
	"sync"
	"time"
)

// vault keeps short-lived things under random names. It is bounded: the oldest entry makes room for a new one.
type vault[T any] struct {
	limit int
	mu    sync.Mutex
	items map[string]sealed[T]
	order []string
}

type sealed[T any] struct {
	value   T
	expires time.Time
}

func newVault[T any](limit int) *vault[T] {
	return &vault[T]{limit: limit, items: make(map[string]sealed[T])}
}

// put stores a value and returns its new name, which starts with prefix.
func (v *vault[T]) put(prefix string, value T, expires time.Time) string {
	name := prefix + randomText(32)
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.order) >= v.limit {
		delete(v.items, v.order[0])
		v.order = v.order[1:]
	}
	v.items[name] = sealed[T]{value, expires}
	v.order = append(v.order, name)
	return name
}

// get returns a value. An expired one is found, too, until it is pushed out: found and fresh differ then.
func (v *vault[T]) get(name string, now time.Time) (value T, found, fresh bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	item, ok := v.items[name]
	return item.value, ok, ok && now.Before(item.expires)
}

// update runs f on a stored value under the lock, so that only one caller can see a given change happen.
func (v *vault[T]) update(name string, f func(*T)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if item, ok := v.items[name]; ok {
		f(&item.value)
		v.items[name] = item
	}
}

// expire ends a value early.
func (v *vault[T]) expire(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if item, ok := v.items[name]; ok {
		item.expires = time.Time{}
		v.items[name] = item
	}
}

// clear forgets everything.
func (v *vault[T]) clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.items)
	v.order = nil
}

// dump returns what is stored, oldest first.
func (v *vault[T]) dump() (names []string, items []sealed[T]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, name := range v.order {
		names, items = append(names, name), append(items, v.items[name])
	}
	return names, items
}

// load replaces what is stored. There are no more names than the limit, each once.
func (v *vault[T]) load(names []string, items []sealed[T]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.items)
	v.order = names
	for i, name := range names {
		v.items[name] = items[i]
	}
}
