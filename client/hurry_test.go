package client

import (
	"testing"
	"time"
)

// HurryPings shortens what it takes to notice a dead connection, for a test.
func HurryPings(t *testing.T, every, silent time.Duration) {
	t.Helper()
	oldEvery, oldSilence := pingEvery, silence
	pingEvery, silence = every, silent
	t.Cleanup(func() { pingEvery, silence = oldEvery, oldSilence })
}
