package daemon

import (
	"sync"
	"time"
)

const (
	firstHold = 250 * time.Millisecond
	mostHold  = 30 * time.Second
)

// pause counts an attempt and returns how long to wait before the next one: first, doubled each time, at most most.
func pause(attempts *int, first, most time.Duration) time.Duration {
	wait := first << min(*attempts, 30)
	*attempts++
	if wait <= 0 || wait > most {
		return most
	}
	return wait
}

// Holds keeps away from what has just failed, longer each time. It forgets everything at a restart.
type Holds struct {
	mu    sync.Mutex
	holds map[uint64]hold
}

type hold struct {
	attempts int
	until    time.Time
}

// Hold holds a key for a while and returns how long.
func (h *Holds) Hold(key uint64) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.holds == nil {
		h.holds = map[uint64]hold{}
	}
	held := h.holds[key]
	wait := pause(&held.attempts, firstHold, mostHold)
	held.until = time.Now().Add(wait)
	h.holds[key] = held
	return wait
}

// Held says whether a key is held now.
func (h *Holds) Held(key uint64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Before(h.holds[key].until)
}

// Release forgets a key.
func (h *Holds) Release(key uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.holds, key)
}

// Next is the time until the first hold ends; 0: there is none.
func (h *Holds) Next() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	var next time.Duration
	now := time.Now()
	for key, held := range h.holds {
		left := held.until.Sub(now)
		if left > 0 {
			next = Sooner(next, left)
		} else if left < -2*mostHold {
			delete(h.holds, key) // nothing has come of it for long: the next failure is a first one again
		}
	}
	return next
}
