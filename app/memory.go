package app

import (
	"os"
	"runtime/debug"
)

// memoryForPace is how far a node's memory grows, in percent of what is in use, before it is tidied up. Executing messages leaves
// much behind that is soon forgotten, while what is kept is small: Go's own default, 100, spends a fifth of the time on tidying up.
const memoryForPace = 400

// TradeMemoryForPace has the process tidy up its memory less often than Go does by default. The environment's GOGC wins.
func TradeMemoryForPace() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(memoryForPace)
	}
}
