package daemon

import (
	"context"
	"log/slog"
	"time"
)

// The pause after a pass that failed grows from firstRetry to mostRetry.
const (
	firstRetry = 250 * time.Millisecond
	mostRetry  = 2 * time.Second
)

// Loop asks the chain again and again: at start, when an event wakes it, when something here is done, at the latest after
// a poll interval, and sooner where a pass says so. A pass that fails is repeated with a growing pause. Events do not shorten
// that pause, for they come in numbers when a chain is in trouble; a nudge does, for it says that something got through.
type Loop struct {
	Poll time.Duration
	// Pass looks at the chain and starts what is due. It returns when it wants to look again at the latest; 0: no wish.
	Pass func(ctx context.Context) (time.Duration, error)
	Log  *slog.Logger

	nudge chan struct{}
}

// NewLoop returns a loop that has not begun.
func NewLoop(poll time.Duration, log *slog.Logger, pass func(context.Context) (time.Duration, error)) *Loop {
	return &Loop{Poll: poll, Pass: pass, Log: log, nudge: make(chan struct{}, 1)}
}

// Nudge has the loop look again soon. It never blocks.
func (l *Loop) Nudge() {
	select {
	case l.nudge <- struct{}{}:
	default:
	}
}

// Run loops until ctx ends. Wake-ups come from the chain's events; the channel may be closed.
func (l *Loop) Run(ctx context.Context, wake <-chan struct{}) {
	retry := firstRetry
	for ctx.Err() == nil {
		wish, err := l.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			l.Log.Warn("could not look at the chain, trying again", "error", err, "in", retry)
			wait(ctx, retry, nil, l.nudge)
			retry = min(2*retry, mostRetry)
			continue
		}
		retry = firstRetry
		pause := l.Poll
		if wish > 0 {
			pause = min(pause, wish)
		}
		if !wait(ctx, pause, wake, l.nudge) {
			wake = nil // closed: the poll interval remains
		}
	}
}

// wait returns after a pause or a wake-up, or when ctx ends. It is false when wake is closed.
func wait(ctx context.Context, pause time.Duration, wake, nudge <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-nudge:
	case _, open := <-wake:
		return open
	}
	return true
}
