package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/escrow/types"
)

func TestPaymentsReachTheirReceivers(t *testing.T) {
	tests := []struct {
		name                        string
		payout, frozen              string // names of accounts
		pay                         func(f *fixture, ctx sdk.Context, id uint64, alice sdk.AccAddress) error
		wantWallet, wantCold, stake int64
	}{
		{name: "an earning goes to the wallet", pay: pay, wantWallet: 7},
		{name: "an earning goes to the payout address", payout: "cold", pay: pay, wantCold: 7},
		{name: "an earning that the payout address cannot take goes to the stake", payout: "cold", frozen: "cold", pay: pay, stake: 7},
		{name: "an earning that the wallet cannot take goes to the stake", frozen: "alice", pay: pay, stake: 7},
		{name: "a refund goes to the wallet and not to the payout address", payout: "cold", pay: refund, wantWallet: 7},
		{name: "a refund that the wallet cannot take goes to the stake", frozen: "alice", pay: refund, stake: 7},
		{name: "a bond goes back to the stake", payout: "cold", pay: returnStake, stake: 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			alice, cold := f.account("alice", 0), f.account("cold", 0)
			id := f.hold(10)
			if tt.payout != "" {
				require.NoError(t, f.keeper.SetPayout(f.ctx, alice, f.account(tt.payout, 0)))
			}
			if tt.frozen != "" {
				f.cannotReceive(f.account(tt.frozen, 0))
			}

			events := f.events(func(ctx sdk.Context) { require.NoError(t, tt.pay(f, ctx, id, alice)) })

			require.Equal(t, tt.wantWallet, f.wallet(alice))
			require.Equal(t, tt.wantCold, f.wallet(cold))
			require.Equal(t, tt.stake, f.stake(alice))
			require.EqualValues(t, 3, f.balance(id))
			require.Equal(t, []proto.Message{
				&types.EventPaid{HoldId: id, Owner: alice.String(), Amount: "7", ToStake: tt.stake > 0, Reason: "because"},
			}, events)
			_, found := f.bank.GetSendEnabledEntry(f.ctx, leftover)
			require.False(t, found, "what a failed transfer wrote is thrown away")
		})
	}
}

func pay(f *fixture, ctx sdk.Context, id uint64, owner sdk.AccAddress) error {
	return f.keeper.Pay(ctx, id, owner, math.NewInt(7), "because")
}

func refund(f *fixture, ctx sdk.Context, id uint64, owner sdk.AccAddress) error {
	return f.keeper.Refund(ctx, id, owner, math.NewInt(7), "because")
}

func returnStake(f *fixture, ctx sdk.Context, id uint64, owner sdk.AccAddress) error {
	return f.keeper.ReturnStake(ctx, id, owner, math.NewInt(7), "because")
}

func TestPayingAnAccountThatTheBankBlocksCreditsItsStake(t *testing.T) {
	f := newFixture(t)
	id := f.hold(10)
	collector := authtypes.NewModuleAddress(authtypes.FeeCollectorName)

	require.NoError(t, f.keeper.Pay(f.ctx, id, collector, math.NewInt(7), "reward"))

	require.EqualValues(t, 7, f.stake(collector))
	require.Zero(t, f.wallet(collector))
}

func TestPayFeeGoesToTheFeeCollector(t *testing.T) {
	f := newFixture(t)
	id := f.hold(10)

	events := f.events(func(ctx sdk.Context) { require.NoError(t, f.keeper.PayFee(ctx, id, math.NewInt(4))) })

	require.EqualValues(t, 4, f.wallet(authtypes.NewModuleAddress(authtypes.FeeCollectorName)))
	require.EqualValues(t, 6, f.balance(id))
	require.Equal(t, []proto.Message{&types.EventFeePaid{HoldId: id, Amount: "4"}}, events)
}

func TestBurnLowersTheSupply(t *testing.T) {
	f := newFixture(t)
	id := f.hold(10)

	events := f.events(func(ctx sdk.Context) { require.NoError(t, f.keeper.Burn(ctx, id, math.NewInt(4))) })

	require.EqualValues(t, 6, f.bank.GetSupply(f.ctx, chain.Denom).Amount.Int64())
	require.EqualValues(t, 6, f.balance(id))
	require.Equal(t, []proto.Message{&types.EventBurned{HoldId: id, Amount: "4"}}, events)
}

// exits are all the ways by which coins leave a hold.
var exits = map[string]func(f *fixture, id uint64, owner sdk.AccAddress, amount math.Int) error{
	"pay": func(f *fixture, id uint64, owner sdk.AccAddress, amount math.Int) error {
		return f.keeper.Pay(f.ctx, id, owner, amount, "")
	},
	"refund": func(f *fixture, id uint64, owner sdk.AccAddress, amount math.Int) error {
		return f.keeper.Refund(f.ctx, id, owner, amount, "")
	},
	"return stake": func(f *fixture, id uint64, owner sdk.AccAddress, amount math.Int) error {
		return f.keeper.ReturnStake(f.ctx, id, owner, amount, "")
	},
	"pay fee": func(f *fixture, id uint64, _ sdk.AccAddress, amount math.Int) error {
		return f.keeper.PayFee(f.ctx, id, amount)
	},
	"burn": func(f *fixture, id uint64, _ sdk.AccAddress, amount math.Int) error {
		return f.keeper.Burn(f.ctx, id, amount)
	},
}

func TestNothingLeavesAHoldThatIsNotInIt(t *testing.T) {
	tests := []struct {
		name   string
		id     uint64
		amount math.Int
		err    error
	}{
		{"more than the hold has, though another hold has it", 1, math.NewInt(11), types.ErrInsufficientHold},
		{"less than nothing", 1, math.NewInt(-1), types.ErrInvalidAmount},
		{"no amount", 1, math.Int{}, types.ErrInvalidAmount},
		{"out of a hold that was never opened", 99, math.NewInt(1), types.ErrUnknownHold},
	}
	for method, exit := range exits {
		for _, tt := range tests {
			t.Run(method+": "+tt.name, func(t *testing.T) {
				f := newFixture(t)
				first, second := f.hold(10), f.hold(1000)
				alice := f.staked("alice", 1000)

				require.ErrorIs(t, exit(f, tt.id, alice, tt.amount), tt.err)

				require.EqualValues(t, 10, f.balance(first))
				require.EqualValues(t, 1000, f.balance(second))
				require.EqualValues(t, 1000, f.stake(alice))
			})
		}
	}
}

func TestZeroIsPaidByDoingNothing(t *testing.T) {
	for method, exit := range exits {
		t.Run(method, func(t *testing.T) {
			f := newFixture(t)
			id, alice := f.hold(10), f.account("alice", 0)

			ctx := f.ctx
			events := f.events(func(counted sdk.Context) {
				f.ctx = counted
				require.NoError(t, exit(f, id, alice, math.ZeroInt()))
			})
			f.ctx = ctx

			require.Empty(t, events)
			require.EqualValues(t, 10, f.balance(id))
		})
	}
}
