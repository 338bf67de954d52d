//go:build !unix

package wasm

import (
	"os"
	"time"
)

// lockFile takes no lock: two processes that compile the same module at once waste time and nothing else.
func lockFile(*os.File) error { return nil }

var started = time.Now()

// cpuTime is the time since the start: a child runs one program at a time, on one thread.
func cpuTime() int64 { return int64(time.Since(started)) }
