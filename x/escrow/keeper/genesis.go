package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// InitGenesis sets the module's whole state. The bank's genesis comes first: the
// books are checked against it.
func (k *Keeper) InitGenesis(ctx context.Context, state types.GenesisState) error {
	if err := state.Validate(); err != nil {
		return err
	}
	k.accountKeeper.GetModuleAccount(ctx, types.ModuleName) // creates it
	for _, account := range state.Accounts {
		owner, err := types.ParseAddress("owner", account.Owner)
		if err != nil {
			return err
		}
		if err := k.accounts.Set(ctx, owner, account); err != nil {
			return err
		}
	}
	for _, hold := range state.Holds {
		if err := k.holds.Set(ctx, hold.Id, hold); err != nil {
			return err
		}
	}
	if err := k.nextHoldID.Set(ctx, state.NextHoldId); err != nil {
		return err
	}
	return k.CheckBooks(ctx)
}

// ExportGenesis returns the module's whole state, sorted by key.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	state := new(types.GenesisState)
	err := k.accounts.Walk(ctx, nil, func(_ sdk.AccAddress, account types.Account) (bool, error) {
		state.Accounts = append(state.Accounts, account)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	err = k.holds.Walk(ctx, nil, func(_ uint64, hold types.Hold) (bool, error) {
		state.Holds = append(state.Holds, hold)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	state.NextHoldId, err = k.nextHoldID.Peek(ctx)
	return state, err
}
