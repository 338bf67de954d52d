package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	_ "github.com/ain-network/aind/chain" // address prefix
	"github.com/ain-network/aind/x/escrow/types"
)

var (
	alice = sdk.AccAddress("alice_______________").String()
	cold  = sdk.AccAddress("cold________________").String()
)

func TestMessagesAreChecked(t *testing.T) {
	foreign, err := sdk.Bech32ifyAddressBytes("cosmos", []byte("alice_______________"))
	require.NoError(t, err)
	tests := []struct {
		name string
		msg  sdk.HasValidateBasic
		err  error
		says string
	}{
		{"a stake may be raised", &types.MsgSetStake{Owner: alice, Amount: math.NewInt(1)}, nil, ""},
		{"a stake may be taken back", &types.MsgSetStake{Owner: alice, Amount: math.ZeroInt()}, nil, ""},
		{"a stake has an owner", &types.MsgSetStake{Amount: math.NewInt(1)}, types.ErrInvalidAddress, "owner"},
		{"an owner of another chain is refused", &types.MsgSetStake{Owner: foreign, Amount: math.NewInt(1)}, types.ErrInvalidAddress, "give an address that starts with ain1"},
		{"a stake is not negative", &types.MsgSetStake{Owner: alice, Amount: math.NewInt(-5)}, types.ErrInvalidAmount, "amount: -5"},
		{"a stake has an amount", &types.MsgSetStake{Owner: alice}, types.ErrInvalidAmount, "amount: missing"},
		{"a payout address may be named", &types.MsgSetPayout{Owner: alice, Payout: cold}, nil, ""},
		{"a payout address may be removed", &types.MsgSetPayout{Owner: alice}, nil, ""},
		{"a payout address has an owner", &types.MsgSetPayout{Payout: cold}, types.ErrInvalidAddress, "owner"},
		{"a payout address of another chain is refused", &types.MsgSetPayout{Owner: alice, Payout: foreign}, types.ErrInvalidAddress, "payout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.msg.ValidateBasic()
			require.ErrorIs(t, err, tt.err)
			if tt.err != nil {
				require.ErrorContains(t, err, tt.says)
			}
		})
	}
}

func TestGenesisIsChecked(t *testing.T) {
	account := func(owner string, stake math.Int) types.Account { return types.Account{Owner: owner, Stake: stake} }
	hold := func(id uint64, balance math.Int) types.Hold { return types.Hold{Id: id, Balance: balance} }
	tests := []struct {
		name  string
		state types.GenesisState
		says  string // empty: accepted
	}{
		{"the default is good", *types.DefaultGenesis(), ""},
		{"stakes and holds are good", types.GenesisState{
			Accounts: []types.Account{account(alice, math.NewInt(1)), account(cold, math.ZeroInt())},
			Holds:    []types.Hold{hold(2, math.ZeroInt())}, NextHoldId: 3,
		}, ""},
		{"an owner appears once", types.GenesisState{
			Accounts: []types.Account{account(alice, math.NewInt(1)), account(alice, math.NewInt(1))}, NextHoldId: 1,
		}, "appears twice"},
		{"an owner is an address", types.GenesisState{Accounts: []types.Account{account("bob", math.NewInt(1))}, NextHoldId: 1}, `owner "bob"`},
		{"a payout is an address", types.GenesisState{
			Accounts: []types.Account{{Owner: alice, Stake: math.NewInt(1), Payout: "bob"}}, NextHoldId: 1,
		}, `payout "bob"`},
		{"a stake is not negative", types.GenesisState{Accounts: []types.Account{account(alice, math.NewInt(-1))}, NextHoldId: 1}, "stake"},
		{"a stake is there", types.GenesisState{Accounts: []types.Account{account(alice, math.Int{})}, NextHoldId: 1}, "stake: missing"},
		{"hold ids start at one", types.GenesisState{Holds: []types.Hold{hold(0, math.ZeroInt())}, NextHoldId: 1}, "holds[0].id"},
		{"the next hold id is new", types.GenesisState{Holds: []types.Hold{hold(2, math.ZeroInt())}, NextHoldId: 2}, "next_hold_id"},
		{"the next hold id is not zero", types.GenesisState{}, "next_hold_id"},
		{"a hold appears once", types.GenesisState{
			Holds: []types.Hold{hold(1, math.ZeroInt()), hold(1, math.ZeroInt())}, NextHoldId: 2,
		}, "appears twice"},
		{"a hold is not negative", types.GenesisState{Holds: []types.Hold{hold(1, math.NewInt(-1))}, NextHoldId: 2}, "balance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.state.Validate()
			if tt.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, types.ErrInvalidGenesis)
			require.ErrorContains(t, err, tt.says)
		})
	}
}
