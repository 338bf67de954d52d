package sandbox

import (
	"context"
	"sync"
	"time"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// pool keeps child processes warm. At most MaxChildren exist at any time; each holds one program and is in one of four places: starting,
// with a user, settling (making ready for its next run), or idle.
type pool struct {
	cfg     Config
	starter *starter
	ctx     context.Context // ends with the pool
	cancel  context.CancelFunc
	wg      sync.WaitGroup // every user, and the pool's own goroutines

	mu       sync.Mutex
	closed   bool
	alive    map[*child]struct{}
	count    int // children alive or about to be
	programs map[string]*warmProgram
	changed  chan struct{} // closed and replaced when a child becomes idle or ends
}

// warmProgram is what the pool knows of one program.
type warmProgram struct {
	prepare  wire.Prepare
	total    int // children that hold it, in any place
	settling int
	waiting  int // callers that wait for a child
	idle     []idleChild
}

type idleChild struct {
	*child
	since time.Time
	timer *time.Timer
}

func newPool(cfg Config) *pool {
	p := &pool{
		cfg: cfg, starter: newStarter(), alive: map[*child]struct{}{}, programs: map[string]*warmProgram{}, changed: make(chan struct{}),
	}
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// acquire returns a child that holds the program and is ready. It is now the caller's, until release or discard.
func (p *pool) acquire(ctx context.Context, key string, prepare wire.Prepare) (*child, error) {
	if !p.enter() {
		return nil, ErrClosed
	}
	c, err := p.take(ctx, key, prepare)
	if err != nil {
		p.wg.Done()
	}
	return c, err
}

// enter counts a user whom close waits for.
func (p *pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Add(1)
	return true
}

func (p *pool) take(ctx context.Context, key string, prepare wire.Prepare) (*child, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, ErrClosed
		}
		w := p.programs[key]
		if w == nil {
			w = new(warmProgram)
			p.programs[key] = w
		}
		w.prepare = prepare // the file may have moved
		if n := len(w.idle); n > 0 {
			c := w.idle[n-1]
			w.idle = w.idle[:n-1]
			c.timer.Stop()
			p.mu.Unlock()
			return c.child, nil
		}
		var evicted *child
		if w.settling <= w.waiting { // else one is there sooner than a new one could be
			if p.count >= p.cfg.MaxChildren {
				evicted = p.evict()
			}
			if p.count < p.cfg.MaxChildren || evicted != nil {
				w.total++
				p.count++
				p.mu.Unlock()
				p.end(evicted)
				return p.startWith(ctx, key, w.prepare)
			}
		}
		w.waiting++
		changed := p.changed
		p.mu.Unlock()
		err := error(nil)
		select {
		case <-changed:
		case <-ctx.Done():
			err = runEnded(ctx)
		}
		p.mu.Lock()
		w.waiting--
		p.forget(key)
		p.mu.Unlock()
		if err != nil {
			return nil, err
		}
	}
}

// startWith starts and prepares a child that is counted already.
func (p *pool) startWith(ctx context.Context, key string, prepare wire.Prepare) (*child, error) {
	c, err := startChild(p.cfg, p.starter.start)
	if err == nil {
		p.mu.Lock()
		p.alive[c] = struct{}{}
		if p.closed {
			killGroup(c.cmd) // close may have looked at alive before
		}
		p.mu.Unlock()
		ctx, cancel := context.WithTimeout(ctx, p.cfg.PrepareTimeout)
		err = c.prepare(ctx, prepare)
		cancel()
	}
	if err == nil {
		return c, nil
	}
	p.end(c)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.uncount(key)
	if p.closed {
		return nil, ErrClosed
	}
	return nil, err
}

// evict takes away the child that has been idle longest. Called with the lock; the caller ends the child.
func (p *pool) evict() *child {
	var oldest string
	var since time.Time
	for key, w := range p.programs {
		if len(w.idle) > 0 && (oldest == "" || w.idle[0].since.Before(since)) {
			oldest, since = key, w.idle[0].since
		}
	}
	if oldest == "" {
		return nil
	}
	w := p.programs[oldest]
	c := w.idle[0]
	w.idle = w.idle[1:]
	c.timer.Stop()
	p.uncount(oldest)
	return c.child
}

// uncount notes that a child of the program is no more. Called with the lock.
func (p *pool) uncount(key string) {
	p.count--
	p.programs[key].total--
	p.forget(key)
	p.announce()
}

// forget drops a program that nobody has a child of or waits for. Called with the lock.
func (p *pool) forget(key string) {
	if w := p.programs[key]; w != nil && w.total == 0 && w.waiting == 0 {
		delete(p.programs, key)
	}
}

// announce wakes all who wait. Called with the lock.
func (p *pool) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// end kills a child and waits until it is gone. It takes nil.
func (p *pool) end(c *child) {
	if c == nil {
		return
	}
	c.kill()
	p.mu.Lock()
	delete(p.alive, c)
	p.mu.Unlock()
}

// release gives back a child that is ready for its next run.
func (p *pool) release(key string, c *child) {
	p.mu.Lock()
	w := p.programs[key]
	if p.closed {
		p.mu.Unlock()
		p.drop(key, c)
		return
	}
	w.idle = append(w.idle, idleChild{c, time.Now(), time.AfterFunc(p.cfg.IdleTimeout, func() { p.expire(key, c) })})
	p.announce()
	p.mu.Unlock()
	p.wg.Done()
}

// releaseSettling gives back a child whose run went well, once it is ready for the next.
func (p *pool) releaseSettling(key string, c *child) {
	p.mu.Lock()
	p.programs[key].settling++
	p.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(p.ctx, p.cfg.PrepareTimeout)
		defer cancel()
		err := c.awaitReady(ctx)
		p.mu.Lock()
		p.programs[key].settling--
		p.mu.Unlock()
		if err != nil {
			p.drop(key, c)
			return
		}
		p.release(key, c)
	}()
}

// discard gives back a child whose run failed. It is never used again; where it was the program's last, another is made ready in its place,
// because the next run is likely to be as urgent.
func (p *pool) discard(key string, c *child) {
	p.mu.Lock()
	w := p.programs[key]
	replace := !p.closed && w.total == 1
	if replace {
		w.total++ // the replacement's place: nobody else may take it meanwhile
		p.count++
		p.wg.Add(1)
	}
	prepare := w.prepare
	p.mu.Unlock()
	p.drop(key, c)
	if !replace {
		return
	}
	go func() {
		fresh, err := p.startWith(p.ctx, key, prepare)
		if err != nil {
			p.wg.Done() // whoever runs the program next will see the error
			return
		}
		p.release(key, fresh)
	}()
}

// drop ends a user's child.
func (p *pool) drop(key string, c *child) {
	p.end(c)
	p.mu.Lock()
	p.uncount(key)
	p.mu.Unlock()
	p.wg.Done()
}

// expire ends a child that has been idle for too long.
func (p *pool) expire(key string, c *child) {
	p.mu.Lock()
	w := p.programs[key]
	for i := 0; w != nil && !p.closed && i < len(w.idle); i++ {
		if w.idle[i].child == c {
			w.idle = append(w.idle[:i:i], w.idle[i+1:]...)
			p.wg.Add(1)
			p.mu.Unlock()
			p.drop(key, c)
			return
		}
	}
	p.mu.Unlock()
}

// close kills every child, and returns when all of them and all users are gone.
func (p *pool) close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		p.wg.Wait()
		return
	}
	p.closed = true
	p.cancel()
	var idle []*child
	for _, w := range p.programs {
		for _, c := range w.idle {
			c.timer.Stop()
			idle = append(idle, c.child)
		}
		w.idle = nil
	}
	for c := range p.alive {
		killGroup(c.cmd) // its user, if any, sees its frames end
	}
	p.announce()
	p.mu.Unlock()
	for _, c := range idle {
		p.end(c)
	}
	p.wg.Wait()
	p.starter.stop()
}
