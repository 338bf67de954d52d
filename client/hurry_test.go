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

// NeverResend makes a sending broadcast again for better reasons than that time has passed.
func NeverResend(t *testing.T) {
	t.Helper()
	old := resendEvery
	resendEvery = time.Hour
	t.Cleanup(func() { resendEvery = old })
}
