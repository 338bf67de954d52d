package keeper_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/bandwidth/keeper"
	"github.com/ain-network/aind/x/bandwidth/types"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

func authority() string { return authtypes.NewModuleAddress("gov").String() }

func queries(f *fixture) types.QueryServer { return keeper.NewQueryServer(f.keeper) }

func setStake(owner sdk.AccAddress, amount math.Int) *escrowtypes.MsgSetStake {
	return &escrowtypes.MsgSetStake{Owner: owner.String(), Amount: amount}
}

func TestBaseIsForWalletsThatHaveItsBalance(t *testing.T) {
	f := newFixture(t)
	params, err := f.keeper.Params(f.ctx)
	require.NoError(t, err)
	params.Base, params.BaseBalance = types.Room{Bytes: 1 << 20, Gas: 3 * cost}, ain
	_, err = f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
	require.NoError(t, err)
	require.Equal(t, 3, f.spend(f.account("rich", ain), anything()))
	require.Zero(t, f.spend(f.account("poor", ain-1), anything()))
	both := f.staked("both", ain)
	require.Equal(t, 10, f.spend(both, anything()), "what is in stake is not in the wallet")
	f.account("both", ain)
	require.Equal(t, 3, f.spend(both, anything()))
}

func TestBytesCountToo(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	f.ctx = f.ctx.WithTxBytes(make([]byte, 1<<29))
	require.Equal(t, 2, f.spend(alice, anything()), "gas would do for ten")
	require.ErrorContains(t, f.charge(alice, anything()), "536870912 bytes and 1000 gas asked")
}

func TestCoinsThatJustCameHaveFreedNothing(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	require.Equal(t, 10, f.spend(alice, anything()))
	f.wait(time.Hour)
	f.account("alice", 99*ain)
	require.NoError(t, f.escrow.SetStake(f.ctx, alice, math.NewInt(100*ain)))
	require.InDelta(t, 10*cost*23/24, f.room(alice).State.Used.Gas, 1, "an hour of one AIN, not of a hundred")
}

// Whoever sends the same coins from account to account, staking, using and
// withdrawing them, gets no more room than by leaving them where they are; not even
// with a helper whose room pays, by authz, for the steps between.
func TestCoinsThatGoRoundGiveTheirRoomOnce(t *testing.T) {
	const coins, crowd = 20 * ain, 8
	rapid.Check(t, func(rt *rapid.T) {
		f := newFixture(t)
		helper := f.staked("helper", 1000*ain)
		accounts := []sdk.AccAddress{f.account("a", coins)}
		for i := range crowd {
			accounts = append(accounts, f.account(string(rune('b'+i)), 0))
		}
		set := func(owner sdk.AccAddress, amount math.Int) bool {
			err := f.charge(helper, setStake(owner, amount))
			if err == nil {
				require.NoError(rt, f.escrow.SetStake(f.ctx, owner, amount))
			}
			return err == nil
		}
		used, at := 0, accounts[0]
		for range 60 {
			require.True(rt, set(at, f.room(at).Stake.Add(f.wallet(at))), "staking is never refused")
			for range rapid.IntRange(0, 200).Draw(rt, "flood") {
				if f.charge(at, anything()) != nil {
					break
				}
				used++
			}
			f.wait(time.Duration(rapid.IntRange(0, 10).Draw(rt, "seconds")) * time.Second)
			require.True(rt, set(at, math.ZeroInt()) || set(at, f.room(at).Bound), "what is not bound can be withdrawn")
			next := rapid.SampledFrom(accounts).Draw(rt, "next")
			if all := f.wallet(at); all.IsPositive() {
				require.NoError(rt, f.bank.SendCoins(f.ctx, at, next, sdk.NewCoins(sdk.NewCoin(chain.Denom, all))))
			}
			at = next
		}
		// What was used first is free again while the last is used: ten minutes of the day.
		require.LessOrEqual(rt, used, 10*coins/ain*101/100)
	})
}

// A raise that ran out of gas would leave its coins in the wallet, from where they could give their room again.
func TestRaiseCountsOnlyIfItCannotRunOutOfGas(t *testing.T) {
	f := newFixture(t)
	alice := f.account("alice", ain)
	f.ctx = f.ctx.WithGasMeter(storetypes.NewGasMeter(100_000))
	require.ErrorIs(t, f.charge(alice, setStake(alice, math.NewInt(ain))), types.ErrNoRoom)
	require.True(t, f.room(alice).State.Used.IsZero())

	f.ctx = f.ctx.WithGasMeter(storetypes.NewGasMeter(200_000))
	require.NoError(t, f.charge(alice, setStake(alice, math.NewInt(ain))))
	before := f.ctx.GasMeter().GasConsumed()
	require.NoError(t, f.escrow.SetStake(f.ctx, alice, math.NewInt(ain)))
	require.Less(t, f.ctx.GasMeter().GasConsumed()-before, uint64(50_000), "half of what is asked for")
}

// Whoever's coins come into stake, they count for their owner alone.
func TestRaiseOfAnotherDoesNotCount(t *testing.T) {
	f := newFixture(t)
	alice, bob := f.account("alice", ain), f.account("bob", ain)
	require.ErrorIs(t, f.charge(alice, setStake(bob, math.NewInt(ain))), types.ErrNoRoom)
	require.NoError(t, f.charge(alice, setStake(alice, math.NewInt(ain))))
}

func TestTransactionSaysWhoPaysAndSigns(t *testing.T) {
	f := newFixture(t)
	alice := f.staked("alice", ain)
	tx := fakeTx{from: alice, msgs: []sdk.Msg{anything()}, gas: cost}
	for says, raw := range map[string]sdk.Tx{
		"the transaction does not say who pays":  struct{ sdk.Tx }{tx},
		"the transaction does not say who signs": struct{ sdk.FeeTx }{tx},
	} {
		err := f.try(func(ctx sdk.Context) error { return f.keeper.Charge(ctx, raw, false) })
		require.ErrorIs(t, err, sdkerrors.ErrTxDecode)
		require.ErrorContains(t, err, says)
	}
	require.True(t, f.room(alice).State.Used.IsZero())
}

func TestUnknownAccountsAndJobsAreAnswered(t *testing.T) {
	f := newFixture(t)
	nobody := f.room(f.account("nobody", 0))
	require.Zero(t, nobody.State)
	require.True(t, nobody.Stake.IsZero() && nobody.Allocated.IsZero() && nobody.Bound.IsZero())

	f.jobs[jobID] = f.account("root", 0)
	require.True(t, f.jobRoom(jobID, "").Allocated.IsZero())
	for _, c := range []struct {
		name string
		ask  func() error
		code codes.Code
	}{
		{"a room of no address", func() error {
			_, err := queries(f).Room(f.ctx, &types.QueryRoomRequest{Account: "alice"})
			return err
		}, codes.InvalidArgument},
		{"a share of no address", func() error {
			_, err := queries(f).JobRoom(f.ctx, &types.QueryJobRoomRequest{JobId: jobID, Account: "alice"})
			return err
		}, codes.InvalidArgument},
		{"a job that is not there", func() error {
			_, err := queries(f).JobRoom(f.ctx, &types.QueryJobRoomRequest{JobId: 99})
			return err
		}, codes.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.code, status.Code(c.ask())) })
	}
}

func TestExportImportExportGivesTheSameBytes(t *testing.T) {
	f := newFixture(t)
	root, worker := f.staked("root", 10*ain), f.account("worker", 0)
	f.jobs[jobID], f.jobs[8] = root, root
	f.nodes[worker.String()] = true
	require.NoError(t, f.allocate(root, jobID, 4*ain))
	require.NoError(t, f.allocate(root, 8, 1*ain))
	f.wait(time.Minute)
	f.spend(worker, &onJob{})
	f.spend(root, anything())

	first, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2, 1}, []int{len(first.Accounts), len(first.Allocations), len(first.Shares)})
	require.Equal(t, types.Share{
		JobId: jobID, Account: worker.String(), Meter: types.Meter{
			Used: types.Room{Gas: 4 * cost}, Full: types.Room{Bytes: 4 << 30 / 10, Gas: 4 * cost}, AtMs: f.ctx.BlockTime().UnixMilli(),
		},
	}, first.Shares[0])
	other := newFixture(t)
	require.ErrorContains(t, other.keeper.InitGenesis(other.ctx, *first), "allocates 5000000 uain, its stake is 0")
	other.staked("root", 5*ain)
	require.NoError(t, other.keeper.InitGenesis(other.ctx, *first))
	second, err := other.keeper.ExportGenesis(other.ctx)
	require.NoError(t, err)
	want, err := first.Marshal()
	require.NoError(t, err)
	got, err := second.Marshal()
	require.NoError(t, err)
	require.Equal(t, want, got)

	first.Accounts[0].Allocated = math.NewInt(1)
	require.ErrorIs(t, other.keeper.InitGenesis(other.ctx, *first), types.ErrInvalidGenesis)
}
