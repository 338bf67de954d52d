package app_test

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/app"
)

func TestTheEnvironmentDecidesOnMemory(t *testing.T) {
	before := debug.SetGCPercent(100)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	t.Setenv("GOGC", "100")
	app.TradeMemoryForPace()
	require.Equal(t, 100, debug.SetGCPercent(100))
	t.Setenv("GOGC", "")
	app.TradeMemoryForPace()
	require.Equal(t, 400, debug.SetGCPercent(100))
}
