package daemon_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// lateNetwork answers with what was there before something happened.
type lateNetwork struct {
	daemon.Network
	meanwhile func()
}

func (n lateNetwork) Places(context.Context, string) ([]jobstypes.Place, error) {
	n.meanwhile()
	return nil, nil
}

func TestAPlaceTakenWhileTheChainWasAskedIsNotOverlooked(t *testing.T) {
	requests := daemon.NewRequests(daemontest.Log(t), func() {})
	accepted := make(chan struct{})
	require.True(t, requests.Start(t.Context(), 7, func() error { <-accepted; return nil }))
	look, err := requests.Look(t.Context(), lateNetwork{meanwhile: func() {
		close(accepted)
		requests.Wait()
	}}, "me")
	require.NoError(t, err)
	require.Equal(t, []uint64{7}, look.Unseen())
	require.False(t, look.MayStart(7))

	look, err = requests.Look(t.Context(), lateNetwork{meanwhile: func() {}}, "me")
	require.NoError(t, err)
	require.Empty(t, look.Unseen(), "nothing was running")
}
