package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/bandwidth/types"
)

func TestCoinsWhoseRoomIsInUseAreNotLocked(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", 10*ain)
	for range 40 {
		require.NoError(t, f.charge(alice, anything()))
	}
	before := f.room(alice)
	err := f.lock(alice, 6*ain+1)
	require.ErrorIs(t, err, types.ErrBound)
	require.EqualError(t, err, "stake of "+alice.String()+": 3999999 uain would be left; 0 of it count for jobs, and the room of 4000000 "+
		"is in use until 2023-11-15T07:49:20Z; stake 1 uain more: coins are bound")
	require.Equal(t, before, f.room(alice))

	require.NoError(t, f.lock(alice, 6*ain))
	require.Zero(t, f.spend(alice, anything()), "what is left in stake is in use")
	f.wait(24 * time.Hour)
	require.NoError(t, f.lock(alice, 4*ain))
}

func TestCoinsThatCountForAJobLeaveInNoWay(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 10*ain)
	f.jobs[jobID], f.jobs[8] = root, root
	require.NoError(t, f.allocate(root, jobID, 6*ain))
	require.NoError(t, f.allocate(root, 8, 2*ain))
	require.ErrorContains(t, f.lock(root, 2*ain+1), "7999999 uain would be left; 8000000 of it count for jobs")
	require.ErrorIs(t, f.setStake(root, 8*ain-1), types.ErrBound, "where it executes, whatever was allocated before it in the transaction")
	require.NoError(t, f.lock(root, 2*ain))
	require.ErrorIs(t, f.lock(root, 1), types.ErrBound)
	require.NoError(t, f.allocate(root, 8, 0))
	require.NoError(t, f.setStake(root, 6*ain))
	require.Equal(t, uint64(60*cost), f.jobRoom(jobID, "").State.Full.Gas)
}

// Coins that come for a visit do not free what was used without them.
func TestRoomIsFreedAtThePaceOfTheCoinsThatLay(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	require.Equal(t, 10, f.spend(alice, anything()))
	f.account("alice", 99*ain)
	for range 24 {
		require.NoError(t, f.setStake(alice, 100*ain))
		require.NoError(t, f.setStake(alice, ain))
		f.wait(time.Hour / 2)
	}
	require.NoError(t, f.setStake(alice, 100*ain))
	require.InDelta(t, 5*cost, f.room(alice).State.Used.Gas, 24, "half a day of one AIN")
}

func TestCoinsInAHoldFreeNothing(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", 10*ain)
	for range 50 {
		require.NoError(t, f.charge(alice, anything()))
	}
	require.NoError(t, f.lock(alice, 5*ain))
	f.wait(12 * time.Hour)
	require.Equal(t, uint64(25*cost), f.room(alice).State.Used.Gas, "half of what five AIN free in a day")
	require.NoError(t, f.escrow.ReturnStake(f.ctx, f.hold, alice, math.NewInt(5*ain), "bond"))
	require.Equal(t, uint64(25*cost), f.room(alice).State.Used.Gas)
	f.wait(6 * time.Hour)
	require.Zero(t, f.room(alice).State.Used.Gas, "a quarter of what ten free")
}

// What a stake is locked for and somebody else is paid has no room in use: a bond that is lost to a friend on purpose
// gives its room once.
func TestBondsLostToAFriendGiveTheirRoomOnce(t *testing.T) {
	f := newFixture(t)
	accounts := []sdk.AccAddress{f.staked("a", 20*ain), f.account("b", 0), f.account("c", 0), f.account("d", 0)}
	used, at := 0, accounts[0]
	for i := range 40 {
		used += f.spend(at, anything())
		room := f.room(at)
		free := room.Stake.Sub(room.Bound)
		if room.Bound.IsPositive() {
			require.ErrorIs(t, f.lock(at, free.Int64()+1), types.ErrBound)
		}
		require.NoError(t, f.lock(at, free.Int64()))
		next := accounts[(i+1)%len(accounts)]
		require.NoError(t, f.escrow.Pay(f.ctx, f.hold, next, free, "lost bond"))
		require.NoError(t, f.setStake(next, f.room(next).Stake.Add(f.wallet(next)).Int64()))
		at = next
		f.wait(time.Minute)
	}
	require.LessOrEqual(t, used, 200+200*40/(24*60)+1, "a day's room, and what forty minutes free")
}

// A transaction does not take along the coins whose room it uses itself, but for a small one that does nothing else: with a
// few AIN somebody could fill block after block otherwise, each from an account of its own.
func TestTransactionLeavesTheCoinsWhoseRoomItUses(t *testing.T) {
	const small = 300_000 // of gas, which is 30 AIN's
	for _, c := range []struct {
		name  string
		tx    func(alice sdk.AccAddress) fakeTx
		bytes int
		least int64
	}{
		{"what does nothing else, and is small", func(a sdk.AccAddress) fakeTx {
			return fakeTx{from: a, gas: small, msgs: []sdk.Msg{setStake(a, math.ZeroInt())}}
		}, 1000, 0},
		{"what asks for more gas", func(a sdk.AccAddress) fakeTx {
			return fakeTx{from: a, gas: small + cost, msgs: []sdk.Msg{setStake(a, math.ZeroInt())}}
		}, 1000, 30*ain + ain/10},
		{"what has more bytes", func(a sdk.AccAddress) fakeTx {
			return fakeTx{from: a, gas: cost, msgs: []sdk.Msg{setStake(a, math.ZeroInt())}}
		}, 1001, ain / 10},
		{"what does something else, too", func(a sdk.AccAddress) fakeTx {
			return fakeTx{from: a, gas: cost, msgs: []sdk.Msg{anything(), setStake(a, math.ZeroInt())}}
		}, 1000, ain / 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			alice := f.staked("alice", 100*ain)
			f.ctx = f.ctx.WithTxBytes(make([]byte, c.bytes))
			tx := c.tx(alice)
			if c.least > 0 {
				require.ErrorIs(t, f.chargeTx(tx), types.ErrBound)
				require.True(t, f.room(alice).State.Used.IsZero(), "what is refused uses nothing")
				tx.msgs[len(tx.msgs)-1] = setStake(alice, math.NewInt(c.least-1))
				require.ErrorContains(t, f.chargeTx(tx), "ask for "+math.NewInt(c.least).String()+" or more")
				tx.msgs[len(tx.msgs)-1] = setStake(alice, math.NewInt(c.least))
			}
			require.NoError(t, f.chargeTx(tx))
			require.NoError(t, f.setStake(alice, c.least))
			require.Equal(t, sdk.NewInt64Coin(chain.Denom, 100*ain-c.least).Amount, f.wallet(alice))
		})
	}
}

func TestWithdrawalThatAnotherPaysForIsNotAnOwnersOnly(t *testing.T) {
	f := newFixture(t)
	alice, helper := f.staked("alice", ain), f.staked("helper", ain)
	f.spend(alice, anything())
	err := f.chargeTx(fakeTx{from: helper, gas: cost, msgs: []sdk.Msg{setStake(alice, math.ZeroInt())}})
	require.ErrorIs(t, err, types.ErrBound)
}
