package keeper_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/keeper"
	"github.com/ain-network/aind/x/jobs/types"
)

// TestGasIsTheSameOnACacheHitAndMiss: a node that has just started has no compiled
// schemas, and must come to the same block results as one that has.
func TestGasIsTheSameOnACacheHitAndMiss(t *testing.T) {
	f, job := newMarket(t)
	gas := func() uint64 {
		meter := storetypes.NewInfiniteGasMeter()
		cached, _ := f.ctx.WithGasMeter(meter).CacheContext()
		_, err := f.server.RequestJob(cached, f.order(job))
		require.NoError(t, err)
		return meter.GasConsumed()
	}
	f.server = keeper.NewMsgServer(f.restarted())
	miss := gas()
	hit := gas()
	require.NotZero(t, miss)
	require.Equal(t, miss, hit)
}

func TestDecodingIsChargedByTheByte(t *testing.T) {
	f, job := newMarket(t)
	gas := func(perByte uint64) uint64 {
		f.setParams(func(p *types.Params) { p.GasPerDecodedByte = perByte })
		meter := storetypes.NewInfiniteGasMeter()
		require.NoError(t, f.run(func(ctx context.Context) error {
			_, err := f.server.RequestJob(sdk.UnwrapSDKContext(ctx).WithGasMeter(meter), f.order(job))
			return err
		}))
		return meter.GasConsumed()
	}
	gas(100) // Ids and versions grow no longer by a byte from here on.
	input := uint64(len(f.order(job).Spec.Input.Inline))
	require.Equal(t, 100*input, gas(300)-gas(200))
}

func TestDecodingAResultIsChargedByTheByte(t *testing.T) {
	f, job := newMarket(t)
	gas := func(perByte uint64) uint64 {
		f.setParams(func(p *types.Params) { p.GasPerDecodedByte = perByte })
		id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
		f.accept(id, "e1", "w1")
		require.NoError(t, f.run(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err }))
		meter := storetypes.NewInfiniteGasMeter()
		require.NoError(t, f.run(func(ctx context.Context) error {
			_, err := f.server.RevealResult(sdk.UnwrapSDKContext(ctx).WithGasMeter(meter), f.reveal(id, "w1"))
			return err
		}))
		return meter.GasConsumed()
	}
	gas(100)
	require.Equal(t, 100*uint64(len(reply("w1"))), gas(300)-gas(200))
}
