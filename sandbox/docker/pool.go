package docker

import (
	"context"
	"slices"
	"sync"
	"time"
)

// pool says how many containers there may be, and keeps those that wait for their next call. They take a place each, and lose it, the one
// that has waited longest first, to whoever needs one.
type pool struct {
	places int // for containers, busy and idle
	most   int // idle ones

	mu      sync.Mutex
	taken   int             // places
	idle    []*warm         // the one that has waited longest first
	resting map[warmKey]int // that have replied and are about to be idle, or to end
	changed chan struct{}   // closed at the next change
}

func newPool(places, most int) *pool {
	return &pool{places: places, most: most, resting: map[warmKey]int{}, changed: make(chan struct{})}
}

// acquire takes a place, with a container in it that waits for such a call, or nil. The place is given back by release, or kept by rest.
func (p *pool) acquire(ctx context.Context, key warmKey) (*warm, error) {
	for {
		found, has, changed := p.tryAcquire(key)
		if has {
			if found != nil && found.key != key {
				found.end()
				found = nil
			}
			return found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ended(ctx)
		}
	}
}

// tryAcquire may find a container of another key: its place is for the asking.
func (p *pool) tryAcquire(key warmKey) (found *warm, has bool, changed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.idle) - 1; i >= 0; i-- { // the others may have been idle long enough one day
		if p.idle[i].key == key {
			return p.takeAt(i), true, nil
		}
	}
	switch {
	case p.resting[key] > 0: // sooner there than a new one
	case p.taken < p.places:
		p.taken++
		return nil, true, nil
	case len(p.idle) > 0:
		return p.takeAt(0), true, nil
	}
	return nil, false, p.changed
}

func (p *pool) takeAt(i int) *warm {
	found := p.idle[i]
	p.idle = slices.Delete(p.idle, i, i+1)
	found.timer.Stop()
	return found
}

// release gives a place back.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
	p.change()
}

func (p *pool) change() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// rests says that a container will be idle, or gone, in a moment.
func (p *pool) rests(w *warm) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resting[w.key]++
}

// settle makes a container that rests an idle one for so long, or ends it where that is no time.
func (p *pool) settle(w *warm, idle time.Duration) {
	if idle <= 0 {
		w.end()
	}
	var over *warm
	p.mu.Lock()
	if p.resting[w.key]--; p.resting[w.key] == 0 {
		delete(p.resting, w.key)
	}
	if idle > 0 {
		w.timer = time.AfterFunc(idle, w.expire)
		p.idle = append(p.idle, w)
		if len(p.idle) > p.most {
			over = p.takeAt(0)
		}
	} else {
		p.taken--
	}
	p.change()
	p.mu.Unlock()
	if over != nil {
		over.end()
		p.release()
	}
}

// expire ends a container if it is still idle.
func (p *pool) expire(w *warm) {
	p.mu.Lock()
	i := slices.Index(p.idle, w)
	if i >= 0 {
		p.takeAt(i)
	}
	p.mu.Unlock()
	if i >= 0 {
		w.end()
		p.release()
	}
}

// drain ends all that are idle, and those that are about to be.
func (p *pool) drain() {
	for {
		p.mu.Lock()
		var w *warm
		if len(p.idle) > 0 {
			w = p.takeAt(0)
		}
		resting, changed := len(p.resting) > 0, p.changed
		p.mu.Unlock()
		switch {
		case w != nil:
			w.end()
			p.release()
		case resting:
			<-changed // within the time that a rest may take
		default:
			return
		}
	}
}
