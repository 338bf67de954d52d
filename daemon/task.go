package daemon

import (
	"maps"
	"sync"
)

// Tasks runs at most one thing at a time for each key, and knows when all have ended.
type Tasks[K comparable] struct {
	// Ended is called after each task; it must not block.
	Ended func()

	mu    sync.Mutex
	busy  map[K]bool
	group sync.WaitGroup
}

// Start runs f in the background unless something is running for the key. It says whether it did.
func (t *Tasks[K]) Start(key K, f func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.busy[key] {
		return false
	}
	if t.busy == nil {
		t.busy = map[K]bool{}
	}
	t.busy[key] = true
	t.group.Go(func() {
		defer t.end(key)
		f()
	})
	return true
}

func (t *Tasks[K]) end(key K) {
	t.mu.Lock()
	delete(t.busy, key)
	t.mu.Unlock()
	if t.Ended != nil {
		t.Ended()
	}
}

// Running lists the keys for which something is running. Whoever asks the chain takes it before asking: for those keys the
// answer may be older than what their tasks have done meanwhile.
func (t *Tasks[K]) Running() map[K]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.busy)
}

// Wait returns when all have ended.
func (t *Tasks[K]) Wait() { t.group.Wait() }
