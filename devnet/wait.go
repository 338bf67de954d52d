package devnet

import (
	"context"
	"fmt"
	"time"
)

const (
	// patience with a process until it serves. Compiling the Python runtime takes seconds on a slow machine.
	patience = 90 * time.Second

	// pace at which a condition is looked at.
	pace = 50 * time.Millisecond
)

// await looks at a condition until it holds, the process that should bring it about has ended, or patience is over.
func await(ctx context.Context, p *process, what string, holds func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s while it was waited for %s; its log is %s", p.ended(), what, p.log)
		case <-ctx.Done():
			if context.Cause(ctx) == context.Canceled {
				return ctx.Err()
			}
			return fmt.Errorf("%s did not come within %s: %w; the log of %s is %s", what, patience, err, p.name, p.log)
		case <-ticker.C:
		}
	}
}
