package server

import (
	"sync"
	"time"
)

// maxBuckets bounds what a limiter remembers: more strangers than that share what is left.
const maxBuckets = 65536

// limiter lets each name do something at a rate, and in bursts.
type limiter struct {
	every time.Duration // between two of one name, on the long run
	burst int
	now   func() time.Time

	mu   sync.Mutex
	full map[string]time.Time // when the name will have its whole burst again
}

func newLimiter(perSecond, burst int, now func() time.Time) *limiter {
	return &limiter{every: time.Second / time.Duration(perSecond), burst: burst, now: now, full: map[string]time.Time{}}
}

// allow says whether name may, and if not, how long it has to wait.
func (l *limiter) allow(name string) (time.Duration, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if _, known := l.full[name]; !known && len(l.full) >= maxBuckets && !l.forget(now) {
		name = "" // all strangers together, while there are too many to tell apart
	}
	full := l.full[name]
	if full.Before(now) {
		full = now
	}
	most := now.Add(time.Duration(l.burst) * l.every)
	if next := full.Add(l.every); !next.After(most) {
		l.full[name] = next
		return 0, true
	}
	return full.Add(l.every).Sub(most), false
}

// forget drops the names that have their whole burst, and says whether there were any.
func (l *limiter) forget(now time.Time) bool {
	before := len(l.full)
	for name, full := range l.full {
		if !full.After(now) {
			delete(l.full, name)
		}
	}
	return len(l.full) < before
}
