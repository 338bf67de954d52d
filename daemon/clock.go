package daemon

import (
	"context"
	"sync"
	"time"
)

// ChainClock asks for the chain clock, in milliseconds.
type ChainClock interface {
	Now(ctx context.Context) (int64, error)
}

// Clock measures time left on the chain clock. Between two looks at the chain it adds what has passed on this machine since
// the last one: a halt of the chain makes it fast until the next look, which is the safe side for whoever is to be in time.
// The machine's idea of the date never matters.
type Clock struct {
	chain ChainClock
	fresh time.Duration

	mu    sync.Mutex
	nowMs int64
	asked time.Time
}

// clockFresh is how long an answer is built upon.
const clockFresh = 500 * time.Millisecond

// NewClock returns a clock over the chain's.
func NewClock(chain ChainClock) *Clock { return &Clock{chain: chain, fresh: clockFresh} }

// Now is the chain clock in milliseconds.
func (c *Clock) Now(ctx context.Context) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := time.Since(c.asked); c.asked.IsZero() || age > c.fresh {
		asked := time.Now()
		now, err := c.chain.Now(ctx)
		if err != nil {
			return 0, err
		}
		c.nowMs, c.asked = now, asked
		return now, nil
	}
	return c.nowMs + time.Since(c.asked).Milliseconds(), nil
}

// Left is the time until a deadline on the chain clock; it is negative when the deadline has passed.
func (c *Clock) Left(ctx context.Context, deadlineMs int64) (time.Duration, error) {
	now, err := c.Now(ctx)
	if err != nil {
		return 0, err
	}
	return time.Duration(deadlineMs-now) * time.Millisecond, nil
}
