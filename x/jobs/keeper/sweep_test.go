package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/cosmos-sdk/runtime"
	sdk "github.com/cosmos/cosmos-sdk/types"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/keeper"
	"github.com/ain-network/aind/x/jobs/types"
)

// setParams changes the params that are in force.
func (f *fixture) setParams(change func(*types.Params)) {
	f.t.Helper()
	params := types.DefaultParams()
	change(&params)
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
		return err
	}))
}

func (f *fixture) states(ids ...uint64) []types.RequestState {
	f.t.Helper()
	var states []types.RequestState
	for _, id := range ids {
		states = append(states, f.get(id).State)
	}
	return states
}

func TestSweepCarriesOnInTheNextBlock(t *testing.T) {
	f, job := newMarket(t)
	f.setParams(func(p *types.Params) { p.SweepPayouts = 2 })
	var all []uint64
	for range 5 {
		all = append(all, f.request(job))
	}
	f.endBlock()
	for range 4 { // the open window is a minute
		f.beginBlock(15 * time.Second)
		if f.ctx.BlockTime().UnixMilli() < genesisMs+60_000 {
			f.endBlock()
		}
	}
	const open, cancelled = types.REQUEST_STATE_OPEN, types.REQUEST_STATE_CANCELLED
	f.endBlock()
	require.Equal(t, []types.RequestState{cancelled, cancelled, open, open, open}, f.states(all...))
	f.beginBlock(0)
	f.endBlock()
	require.Equal(t, []types.RequestState{cancelled, cancelled, cancelled, cancelled, open}, f.states(all...))

	// The sweep has not come to the last one, but it is over for every message.
	err := f.run(func(ctx context.Context) error {
		_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address("e1").String(), RequestId: all[4], Role: program.ROLE_EVALUATOR})
		return err
	})
	require.ErrorIs(t, err, types.ErrState)
	require.ErrorContains(t, err, "OUTCOME_CANCELLED_NO_EVALUATOR")
	f.beginBlock(0)
	f.endBlock()
	require.Equal(t, []types.RequestState{cancelled}, f.states(all[4]))
}

// A worker that is let go counts as a payout: its bond goes back.
func TestSweepCountsWorkersThatAreLetGo(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	for _, node := range []string{"e1", "w1", "w2", "w3"} {
		f.encrypt(node, true)
	}
	first, second := f.request(job), f.request(job)
	f.wait(30 * time.Second)
	f.wait(25 * time.Second)
	keyed := f.request(job, func(s *types.RequestSpec) { s.GrantKeys = true })
	f.accept(keyed, "e1", "w1", "w2", "w3")
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{
			Signer: f.address("client").String(), RequestId: keyed, Keys: []types.WrappedKey{{Account: f.address("w1").String(), Key: []byte("key")}},
		})
		return err
	}))
	f.setParams(func(p *types.Params) { p.SweepPayouts = 3 })
	f.endBlock()
	f.beginBlock(6 * time.Second)
	f.endBlock()
	require.Equal(t, uint32(1), f.get(keyed).Workers, "two are let go")
	for _, name := range []string{"w2", "w3"} {
		released, err := sdk.TypedEventToEvent(&types.EventWorkerReleased{RequestId: keyed, Worker: f.address(name).String()})
		require.NoError(t, err)
		require.Contains(t, f.ctx.EventManager().Events(), released)
	}
	const open, cancelled = types.REQUEST_STATE_OPEN, types.REQUEST_STATE_CANCELLED
	require.Equal(t, []types.RequestState{cancelled, open}, f.states(first, second), "which leaves one of three")
	f.beginBlock(0)
	f.endBlock()
	require.Equal(t, []types.RequestState{cancelled, cancelled}, f.states(first, second))
}

// TestLateMessageMeetsTheRightState: a message in the block in which a phase ends
// comes before the sweep of that block.
func TestLateMessageMeetsTheRightState(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	require.NoError(t, f.run(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err }))
	f.endBlock()
	f.beginBlock(3 * time.Second)
	require.Equal(t, types.REQUEST_STATE_RUNNING, f.get(id).State, "nothing has swept it")
	late := f.run(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w2")); return err })
	require.ErrorIs(t, late, types.ErrState)
	require.NoError(t, f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err }))
	r := f.get(id)
	require.Equal(t, types.REQUEST_STATE_EVALUATING, r.State)
	require.Equal(t, r.StartedMs+3_000+5_000, r.DeadlineMs)
}

// Hiring takes half of the time limit at most, rounded down.
func TestHiringTakesHalfOfTheTimeAtMost(t *testing.T) {
	f, job := newMarket(t)
	for limit, want := range map[uint64]int64{1000: 500, 1001: 500, 1999: 999, 2000: 1000, 2001: 1000, 9000: 1000} {
		id := f.request(job, func(s *types.RequestSpec) { s.TimeLimitMs = limit })
		f.accept(id, "e1")
		r := f.get(id)
		require.Equal(t, want, r.DeadlineMs-r.StartedMs, limit)
	}
}

// TestFaultInOneRequestStopsNoOther plants a fault that cannot happen: a hold from
// which a coin is gone.
func TestFaultInOneRequestStopsNoOther(t *testing.T) {
	f, job := newMarket(t)
	broken, sound := f.request(job), f.request(job)
	hold := f.get(broken).HoldId
	require.NoError(t, f.escrow.PayFee(f.ctx, hold, math.NewInt(1)))
	before := f.get(broken)

	f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime())
	for range 2 {
		f.beginBlock(30 * time.Second)
		require.NoError(t, f.keeper.EndBlock(f.ctx))
	}
	require.Equal(t, types.REQUEST_STATE_CANCELLED, f.get(sound).State)
	after := f.get(broken)
	require.Equal(t, before.State, after.State)
	require.Equal(t, before.DeadlineMs, after.DeadlineMs)
	require.Equal(t, int64(60_000), after.SweepMs-after.DeadlineMs, "tried again after a minute")
	failed, err := sdk.TypedEventToEvent(&types.EventSweepFailed{RequestId: broken, RetryMs: after.SweepMs})
	require.NoError(t, err)
	require.Contains(t, f.ctx.EventManager().Events(), failed)
	balance, err := f.escrow.Balance(f.ctx, hold)
	require.NoError(t, err)
	require.Equal(t, int64(1_110), balance.Int64(), "nothing was paid")

	// Once the fault is gone it settles by itself.
	require.NoError(t, f.escrow.LockWallet(f.ctx, hold, f.address("client"), math.NewInt(1)))
	for range 2 {
		f.beginBlock(30 * time.Second)
		f.endBlock()
	}
	require.Equal(t, types.REQUEST_STATE_CANCELLED, f.get(broken).State)
}

func TestRemovalIsCapped(t *testing.T) {
	f, job := newMarket(t)
	f.setParams(func(p *types.Params) { p.SweepRemovals, p.RetentionMs = 2, 0 })
	for range 3 {
		id := f.request(job)
		require.NoError(t, f.run(func(ctx context.Context) error {
			_, err := f.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: f.address("client").String(), RequestId: id})
			return err
		}))
	}
	left := func() int {
		response, err := f.query.Requests(f.ctx, &types.QueryRequestsRequest{})
		require.NoError(t, err)
		return len(response.Requests)
	}
	f.endBlock()
	require.Equal(t, 1, left())
	f.beginBlock(0)
	f.endBlock()
	require.Zero(t, left())
}

// TestNothingIsLeftOfARequest: after retention only what was there before remains.
func TestNothingIsLeftOfARequest(t *testing.T) {
	f, job := newMarket(t)
	keys := func() []string {
		var keys []string
		for key := range f.dump() {
			keys = append(keys, key)
		}
		return keys
	}
	f.wait(time.Second)
	before := keys()
	id := f.request(job)
	f.accept(id, "e1", "w1", "w2", "w3")
	f.wait(3 * time.Second)
	require.Equal(t, types.OUTCOME_NOTHING_REVEALED, f.get(id).Outcome)
	f.wait(time.Hour)
	require.ElementsMatch(t, before, keys())
}

func TestClock(t *testing.T) {
	f := newFixture(t)
	clock := func() int64 {
		response, err := f.query.Clock(f.ctx, &types.QueryClockRequest{})
		require.NoError(t, err)
		require.Equal(t, f.ctx.BlockTime().UnixMilli(), response.Clock.BlockMs)
		return response.Clock.NowMs
	}
	require.Equal(t, int64(genesisMs), clock(), "the first block sets it")
	f.beginBlock(20 * time.Millisecond)
	require.Equal(t, int64(genesisMs+20), clock())
	f.beginBlock(30 * time.Second)
	require.Equal(t, int64(genesisMs+30_020), clock(), "a gap of the limit counts")
	f.beginBlock(30*time.Second + time.Millisecond)
	require.Equal(t, int64(genesisMs+30_020), clock(), "a longer one does not count at all")
	f.beginBlock(0)
	require.Equal(t, int64(genesisMs+30_020), clock())
	f.beginBlock(-time.Second)
	require.Equal(t, int64(genesisMs+30_020), clock(), "it never goes back")
}

// panicking is an escrow that panics when one hold is closed.
type panicking struct {
	types.EscrowKeeper
	hold uint64
}

func (p panicking) CloseHold(ctx context.Context, hold uint64) error {
	if hold == p.hold {
		panic("planted")
	}
	return p.EscrowKeeper.CloseHold(ctx, hold)
}

// TestPanicInOneRequestStopsNoOther: a panic is an error like any other, and leaves nothing of what was done before it.
func TestPanicInOneRequestStopsNoOther(t *testing.T) {
	f, job := newMarket(t)
	broken, sound := f.request(job), f.request(job)
	before := f.get(broken)
	cdc := moduletestutil.MakeTestEncodingConfig().Codec
	faulty := keeper.NewKeeper(cdc, runtime.NewKVStoreService(f.keys[types.StoreKey]), panicking{f.escrow, before.HoldId}, f.reputation, f.bank, f.listed, authority())
	for range 2 {
		f.ctx = f.ctx.WithBlockTime(f.ctx.BlockTime().Add(30 * time.Second)).WithBlockHeight(f.ctx.BlockHeight() + 1)
		require.NoError(t, faulty.BeginBlock(f.ctx))
		require.NoError(t, faulty.EndBlock(f.ctx))
	}
	require.Equal(t, types.REQUEST_STATE_CANCELLED, f.get(sound).State)
	after := f.get(broken)
	require.Equal(t, before.DeadlineMs+60_000, after.SweepMs, "tried again after a minute")
	after.SweepMs = before.SweepMs
	require.Equal(t, before, after)
	f.checkBooks()

	// By a program without the fault it ends by itself.
	for range 2 {
		f.beginBlock(30 * time.Second)
		f.endBlock()
	}
	require.Equal(t, types.REQUEST_STATE_CANCELLED, f.get(broken).State)
}
