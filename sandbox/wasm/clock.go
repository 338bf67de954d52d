package wasm

import (
	"math"
	"time"

	"github.com/tetratelabs/wazero"
)

// epoch is what every program's wall clock shows when its run begins: equal runs must see equal times.
var epoch = time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()

// tick is how far each look at the clock moves it, so that a program that waits for a moment gets there.
const tick = int64(time.Microsecond)

// clock is a program's time. It knows nothing of real time: it moves when it is read, and by every sleep, which takes no real time.
type clock struct{ passed int64 }

func (c *clock) reset() { c.passed = 0 }

func (c *clock) read() int64 {
	c.sleep(tick)
	return c.passed
}

func (c *clock) sleep(ns int64) {
	if ns > 0 && c.passed < math.MaxInt64/4-ns { // four centuries are enough, and the sum below must not overflow
		c.passed += ns
	}
}

func (c *clock) configure(config wazero.ModuleConfig) wazero.ModuleConfig {
	return config.
		WithWalltime(func() (int64, int32) {
			now := epoch + c.read()
			return now / int64(time.Second), int32(now % int64(time.Second))
		}, 1000).
		WithNanotime(c.read, 1000).
		WithNanosleep(c.sleep).
		WithOsyield(func() { c.sleep(tick) })
}
