package devnet

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

const (
	// patience with a process until it serves. Compiling the Python runtime takes seconds on a slow machine.
	patience = 90 * time.Second

	// pace at which a condition is looked at.
	pace = 50 * time.Millisecond
)

// await looks at a condition until it holds, one of the processes that should bring it about has ended, or patience is over.
func await(ctx context.Context, what string, holds func(context.Context) error, by ...*process) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		err := holds(ctx)
		if err == nil {
			return nil
		}
		for _, p := range by {
			if p.hasEnded() {
				return fmt.Errorf("%s did not come: %s", what, p.ended())
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("%s did not come within %s: %w; logs are in %s", what, patience, err, filepath.Dir(by[0].log))
		}
	}
}
