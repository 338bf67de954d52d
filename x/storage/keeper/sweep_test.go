package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// A space whose hold has not what it should, which no message can bring about, is left as it is and tried again: the others are
// paid, and once the coins are there again nothing is lost.
func TestFaultInOneSpaceStopsNoOther(t *testing.T) {
	f := opened(t)
	f.fund("bob", ain, 0)
	f.must(reservation("bob"))
	broken := f.space(1).HoldId
	require.NoError(t, f.escrow.Refund(f.ctx, broken, address("thief"), math.NewInt(48_000), "fault"))

	sweep := func(ms int64) sdk.Events {
		t.Helper()
		f.now += ms
		ctx := f.ctx.WithEventManager(sdk.NewEventManager())
		require.NoError(t, f.keeper.EndBlock(ctx))
		return ctx.EventManager().Events()
	}
	failed := func() sdk.Event {
		t.Helper()
		event, err := sdk.TypedEventToEvent(&types.EventSweepFailed{Space: 1, RetryMs: f.now + 60_000})
		require.NoError(t, err)
		return event
	}
	before := f.space(1)
	require.Contains(t, sweep(day), failed())
	require.EqualValues(t, 24_000, f.wallet("provider"), "for bob's space")
	after := f.space(1)
	before.DueMs = f.now + 60_000
	require.Equal(t, before, after, "it is looked at again in a minute, and is otherwise as it was")
	require.NotContains(t, sweep(59_999), failed())
	require.Contains(t, sweep(1), failed(), "and again")

	require.NoError(t, f.escrow.LockWallet(f.ctx, broken, address("thief"), math.NewInt(48_000)))
	f.wait(60_000)
	require.EqualValues(t, 24_000+24_000+math.NewInt(10*price*2*60_000/hour).Int64(), f.wallet("provider"))
	f.wait(2 * day)
	require.EqualValues(t, 96_000, f.wallet("provider"))
	f.gone(1)
	f.gone(2)
}
