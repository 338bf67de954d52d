package daemontest

import (
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/ain-network/aind/daemon"
)

// Crash has a daemon die within the process of the test.
type Crash struct {
	happened atomic.Bool
	dead     chan struct{}
}

// CrashAt has kill called when a failpoint is reached for the first time; the goroutine that reached it goes no further.
// Kill must see to it that nothing that the daemon does from then on reaches the chain or the disk, as after kill -9: see
// Kill.
func CrashAt(t testing.TB, number int, kill func()) *Crash {
	c := &Crash{dead: make(chan struct{}, 1)}
	daemon.OnFailpoint(func(reached int) {
		if reached != number || !c.happened.CompareAndSwap(false, true) {
			return
		}
		kill()
		c.dead <- struct{}{}
		runtime.Goexit()
	})
	t.Cleanup(func() { daemon.OnFailpoint(nil) })
	return c
}

// Kill cuts a daemon off: its way to the chain, its journal, and its context.
func Kill(t testing.TB, connection *Connection, journal *daemon.Journal, cancel func()) {
	connection.SetDown(true)
	if err := journal.Close(); err != nil {
		t.Error(err)
	}
	cancel()
}

// Happened says whether the failpoint was reached.
func (c *Crash) Happened() bool { return c.happened.Load() }

// Dead says, once, that the daemon has died and has to be started again.
func (c *Crash) Dead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}
