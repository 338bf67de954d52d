package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/bandwidth/keeper"
	"github.com/ain-network/aind/x/bandwidth/types"
)

// setParams changes params as the authority does.
func (f *fixture) setParams(change func(*types.Params)) {
	f.t.Helper()
	params, err := f.keeper.Params(f.ctx)
	require.NoError(f.t, err)
	change(&params)
	_, err = f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
	require.NoError(f.t, err)
}

func TestRoomsAreToldWhole(t *testing.T) {
	f := newFixture(t)
	f.member()
	root, node := f.jobs[jobID], f.account("node", 0)
	require.NoError(t, f.charge(node, anything()))
	require.NoError(t, f.charge(node, &onJob{}))
	require.NoError(t, f.charge(f.account("new", 0), &application{}))
	at := f.ctx.BlockTime()
	state := func(uain, used int64, free time.Duration) types.State {
		return types.State{
			Full:   types.Room{Bytes: 1 << 30 * uint64(uain) / ain, Gas: 10 * cost * uint64(uain) / ain},
			Used:   types.Room{Gas: cost * uint64(used)},
			FreeMs: at.Add(free).UnixMilli(),
		}
	}
	own := &types.QueryRoomResponse{
		Owner: node.String(), State: state(ain, 1, 24*time.Hour/10), Stake: math.NewInt(ain), Allocated: math.ZeroInt(), Bound: math.NewInt(ain / 10),
	}
	require.Equal(t, own, f.room(node))
	require.Equal(t, own, f.room(f.account("operator", 0)), "an operator has its owner's room")
	require.Equal(t, math.NewInt(80*ain), f.room(root).Allocated)

	job := types.QueryJobRoomResponse{
		Root: root.String(), Allocated: math.NewInt(40 * ain), Bound: math.NewInt(ain / 5),
		State: state(40*ain, 2, 24*time.Hour/200), Applicants: state(8*ain, 1, 24*time.Hour/80),
	}
	require.Equal(t, &job, f.jobRoom(jobID, ""))
	share, none := state(4*ain, 1, 24*time.Hour/40), state(4*ain/5, 0, 0)
	none.FreeMs = 0
	job.IsNode, job.Share = true, &share
	require.Equal(t, &job, f.jobRoom(jobID, node.String()))
	require.Equal(t, &job, f.jobRoom(jobID, f.account("operator", 0).String()))
	job.IsNode, job.Share = false, &none
	require.Equal(t, &job, f.jobRoom(jobID, f.account("stranger", 0).String()))
}

func TestWhoOnlyStakesHasNoRecord(t *testing.T) {
	f := newFixture(t)
	f.staked("alice", ain)
	require.NoError(t, f.setStake(f.account("alice", 0), ain/2))
	require.Empty(t, f.exported().Accounts)
}

// The transactions of the genesis file are free.
func TestTransactionsOfTheGenesisFileAreFree(t *testing.T) {
	f := newFixture(t)
	tx := fakeTx{from: f.account("alice", 0), msgs: []sdk.Msg{anything()}, gas: cost}
	passed := 0
	next := func(ctx sdk.Context, _ sdk.Tx, _ bool) (sdk.Context, error) {
		passed++
		return ctx, nil
	}
	_, err := keeper.NewDecorator(f.keeper).AnteHandle(f.ctx.WithBlockHeight(0), tx, false, next)
	require.NoError(t, err)
	require.Equal(t, 1, passed)
	_, err = keeper.NewDecorator(f.keeper).AnteHandle(f.ctx.WithBlockHeight(1), tx, false, next)
	require.ErrorIs(t, err, types.ErrNoRoom)
	require.Equal(t, 1, passed, "what is refused goes no further")
	f.staked("alice", ain)
	_, err = keeper.NewDecorator(f.keeper).AnteHandle(f.ctx.WithBlockHeight(1), tx, false, next)
	require.NoError(t, err)
	require.Equal(t, 2, passed)
}

// Coins whose room is in use stay in stake, however deep in a transaction the message lies that would take them.
func TestBoundCoinsLeaveByNoMessage(t *testing.T) {
	for _, c := range []struct {
		name string
		msgs func(helper sdk.AccAddress, withdraws sdk.Msg) []sdk.Msg
	}{
		{"behind another message", func(_ sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{anything(), w} }},
		{"behind a raise of another stake", func(h sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{setStake(h, math.NewInt(ain)), w} }},
		{"before another message", func(_ sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{w, anything()} }},
		{"by authz", func(h sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{exec(h, w)} }},
		{"by authz behind another message", func(h sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{exec(h, anything(), w)} }},
		{"by authz within authz", func(h sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{exec(h, exec(h, w))} }},
		{"behind authz", func(h sdk.AccAddress, w sdk.Msg) []sdk.Msg { return []sdk.Msg{exec(h, anything()), w} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			alice, helper := f.staked("alice", ain), f.staked("helper", ain)
			require.NoError(t, f.charge(alice, anything()))
			for _, amount := range []int64{ain/10 - 1, ain / 10} {
				err := f.charge(helper, c.msgs(helper, setStake(alice, math.NewInt(amount)))...)
				if amount < ain/10 {
					require.ErrorIs(t, err, types.ErrBound)
					continue
				}
				require.NoError(t, err)
			}
		})
	}
}

func exec(by sdk.AccAddress, msgs ...sdk.Msg) sdk.Msg {
	msg := authz.NewMsgExec(by, msgs)
	return &msg
}

// When params give less room for a coin, a stake may bind more coins than it has: it can stay and grow, and that is all.
func TestStakeThatBindsMoreThanItHas(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	require.Equal(t, 10, f.spend(alice, anything()))
	f.setParams(func(p *types.Params) { p.PerAin.Gas = 5 * cost })
	require.Equal(t, math.NewInt(ain), f.room(alice).Bound, "no more than there is")
	helper := f.staked("helper", 10*ain)
	require.ErrorIs(t, f.charge(helper, setStake(alice, math.NewInt(ain-1))), types.ErrBound)
	require.ErrorContains(t, f.charge(helper, setStake(alice, math.NewInt(ain-1))), "ask for 1000000 or more")
	require.NoError(t, f.charge(helper, setStake(alice, math.NewInt(ain))))
	f.account("alice", ain/2)
	require.NoError(t, f.setStake(alice, ain*3/2))
	require.ErrorIs(t, f.lock(alice, 1), types.ErrBound)

	root := f.staked("root", 10*ain)
	f.jobs[jobID] = root
	require.Equal(t, 50, f.spend(root, anything()))
	f.setParams(func(p *types.Params) { p.PerAin.Gas = cost })
	err := f.allocate(root, jobID, 7)
	require.ErrorIs(t, err, types.ErrBound)
	require.ErrorContains(t, err, "stake 7 uain more", "as if all were in use")
	least, err := f.keeper.LeastStake(f.ctx, root)
	require.NoError(t, err)
	require.Equal(t, math.NewInt(10*ain), least)
}

// What was used of a base that is no more is not free again before something is staked.
func TestUseOfABaseThatIsNoMore(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", 2)
	f.setParams(func(p *types.Params) { p.Base = types.Room{Bytes: 1, Gas: cost} })
	require.Equal(t, 1, f.spend(alice, anything()))
	f.setParams(func(p *types.Params) { p.Base, p.PerAin.Gas = types.Room{}, 10 })
	helper := f.staked("helper", 10_000*ain)
	require.ErrorContains(t, f.charge(helper, setStake(alice, math.NewInt(1))), "is in use until more is staked; ask for 2 or more")
	f.wait(1000 * time.Hour)
	require.Equal(t, uint64(cost), f.room(alice).State.Used.Gas)
}

// A raise that has no room yet passes when what is in use has become free at the pace of the stake that there is.
func TestRefusedRaiseNamesTheTime(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	require.Equal(t, 10, f.spend(alice, anything()))
	f.account("alice", 2*ain)
	f.setParams(func(p *types.Params) { p.PerAin.Gas = 5 * cost })
	raise := fakeTx{from: alice, gas: 10 * cost, msgs: []sdk.Msg{setStake(alice, math.NewInt(3*ain))}}
	require.ErrorContains(t, f.chargeTx(raise), "would pass in 24:00:00, at ")
	f.wait(24*time.Hour - time.Millisecond)
	require.ErrorIs(t, f.chargeTx(raise), types.ErrNoRoom)
	f.wait(time.Millisecond)
	require.NoError(t, f.chargeTx(raise))
}

// A refusal names the stake with which the transaction would pass at once, besides what counts for jobs.
func TestRefusalNamesTheStake(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 10*ain)
	f.jobs[jobID] = root
	require.NoError(t, f.allocate(root, jobID, 9*ain))
	require.Equal(t, 10, f.spend(root, anything()))
	require.EqualError(t, f.charge(root, anything()), "0 bytes and 1000 gas asked; the room of "+root.String()+
		" is 1073741824 bytes and 10000 gas, of which 0 and 10000 are in use; would pass in 02:24:00, at 2023-11-15T00:37:20Z; "+
		"or at once with a stake of 10100000 uain: no room")
	f.account("root", ain)
	require.NoError(t, f.setStake(root, 10_100_000-1))
	require.ErrorIs(t, f.charge(root, anything()), types.ErrNoRoom)
	require.NoError(t, f.setStake(root, 10_100_000))
	require.NoError(t, f.charge(root, anything()))
}

func TestMessagesAreCheckedWhereTheyRun(t *testing.T) {
	f := newFixture(t)
	specification.EmptyMessagesAreRefused(f.ctx, t, f.server)
	root := f.staked("root", ain)
	f.jobs[jobID] = root
	require.ErrorIs(t, f.allocate(root, jobID, -1), types.ErrInvalidAmount)
}
