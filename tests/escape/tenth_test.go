package escape_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
)

// A program gets what it was promised, and at most a tenth more.
func TestLimitsAreHitWithinATenth(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		what, attempt string
		n, limit      int64
		limits        sandbox.Limits
		got           func(outcome) int64 // default: what the probe says
	}{
		{what: "bytes in /tmp", attempt: "fill-scratch", n: 100 * mib, limit: 64 * mib},
		{what: "bytes in /ain/out", attempt: "fill-output", n: 20 * mib, limit: 8 * mib, limits: sandbox.Limits{DiskBytes: 8 * mib}},
		{what: "files", attempt: "files-scratch", n: 20_000, limit: 16384},
		{what: "processes and threads", attempt: "processes", n: 600, limit: 256},
		{what: "open files", attempt: "descriptors", n: 2000, limit: 1024},
		{what: "bytes of log", attempt: "flood-log", n: 8 * mib, limit: 64 << 10, got: func(o outcome) int64 { return int64(len(o.result.Log)) }},
		{what: "nanoseconds of processor in 3 s", attempt: "burn", n: int64(3 * time.Second), limit: 3 * slowCPU * int64(time.Millisecond)},
		{what: "nanoseconds", attempt: "overtime", n: int64(10 * time.Second), limit: int64(2 * time.Second),
			limits: sandbox.Limits{WallTime: 2 * time.Second}, got: func(o outcome) int64 { return int64(o.result.Wall) }},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got int64
			for range 3 { // a machine that is busy with other things gives less, or is late
				o := w.byItself(t, attempt{name: c.attempt, n: c.n, limits: c.limits}, nil)
				if got = o.n; c.got != nil {
					got = c.got(o)
				}
				if got >= c.limit*9/10 && got <= c.limit*11/10 {
					break
				}
			}
			t.Logf("%d of %d", got, c.limit)
			assert.InEpsilon(t, c.limit, got, 0.1)
		})
	}
	// Of memory a program is told nothing: it has it, or is ended.
	for part, ends := range map[int64]bool{87: false, 110: true} {
		o := w.byItself(t, attempt{name: "eat-shared", n: 256 * mib * part / 100, limits: sandbox.Limits{MemoryBytes: 256 * mib}}, nil)
		if ends {
			require.ErrorIs(t, o.err, sandbox.ErrMemory)
		} else {
			require.NoError(t, o.err, "the warden and the probe take the rest")
		}
	}
	for part, ends := range map[int64]bool{99: false, 110: true} {
		o := w.byItself(t, attempt{name: "flood", n: 4 * mib * part / 100, limits: sandbox.Limits{OutputBytes: 4 * mib}}, nil)
		if ends {
			require.ErrorIs(t, o.err, sandbox.ErrOutputTooLarge)
		} else {
			require.NoError(t, o.err)
		}
	}
}
