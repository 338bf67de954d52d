package daemon_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
)

// TestLoopAfterAnInterruption runs on a clock of its own: the pauses are exact.
func TestLoopAfterAnInterruption(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var passes []time.Duration
		began, away := time.Now(), true
		loop := daemon.NewLoop(time.Hour, daemontest.Log(t), func(context.Context) (time.Duration, error) {
			passes = append(passes, time.Since(began))
			if away {
				return 0, errors.New("chain is away")
			}
			return 0, nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		wake := make(chan struct{}, 1)
		go loop.Run(ctx, wake)
		wake <- struct{}{} // an event does not shorten the pauses

		time.Sleep(6 * time.Second)
		synctest.Wait()
		ms := time.Millisecond
		require.Equal(t, []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms, 5750 * ms}, passes, "never more than 2 s apart")
		away = false
		loop.Nudge() // something got through
		synctest.Wait()
		require.Len(t, passes, 8, "at once, and once more for the event")
		cancel()
		synctest.Wait()
	})
}
