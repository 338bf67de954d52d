package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// InitGenesis sets the module's whole state.
func (k *Keeper) InitGenesis(ctx context.Context, state types.GenesisState) error {
	if err := state.Validate(); err != nil {
		return err
	}
	if err := k.params.Set(ctx, state.Params); err != nil {
		return err
	}
	for _, account := range state.Accounts {
		owner, err := types.ParseAddress("owner", account.Owner)
		if err != nil {
			return err
		}
		stake, err := k.escrow.Stake(ctx, owner)
		if err != nil {
			return err
		}
		if account.Allocated.GT(stake) {
			return types.ErrInvalidGenesis.Wrapf("accounts: %s allocates %s uain, its stake is %s", owner, account.Allocated, stake)
		}
		if err := k.accounts.Set(ctx, owner, account); err != nil {
			return err
		}
	}
	for _, allocation := range state.Allocations {
		if err := k.allocations.Set(ctx, allocation.JobId, allocation); err != nil {
			return err
		}
	}
	for _, share := range state.Shares {
		account, err := types.ParseAddress("account", share.Account)
		if err != nil {
			return err
		}
		if err := k.shares.Set(ctx, collections.Join(share.JobId, account), share.Meter); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the module's whole state, sorted by key.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return nil, err
	}
	state := &types.GenesisState{Params: params}
	err = k.accounts.Walk(ctx, nil, func(_ sdk.AccAddress, account types.Account) (bool, error) {
		state.Accounts = append(state.Accounts, account)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	err = k.allocations.Walk(ctx, nil, func(_ uint64, allocation types.Allocation) (bool, error) {
		state.Allocations = append(state.Allocations, allocation)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	err = k.shares.Walk(ctx, nil, func(key shareKey, meter types.Meter) (bool, error) {
		state.Shares = append(state.Shares, types.Share{JobId: key.K1(), Account: key.K2().String(), Meter: meter})
		return false, nil
	})
	return state, err
}
