package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// InitGenesis sets the module's whole state. Escrow's genesis comes first: the holds are checked against it.
func (k *Keeper) InitGenesis(ctx context.Context, state types.GenesisState) error {
	if err := state.Validate(); err != nil {
		return err
	}
	if err := k.params.Set(ctx, state.Params); err != nil {
		return err
	}
	for _, provider := range state.Providers {
		owner, err := types.ParseAddress("owner", provider.Owner)
		if err != nil {
			return err
		}
		if err := k.providers.Set(ctx, owner, provider); err != nil {
			return err
		}
	}
	for _, space := range state.Spaces {
		if err := k.checkHold(ctx, space); err != nil {
			return err
		}
		if err := k.add(ctx, space); err != nil {
			return err
		}
	}
	return k.nextSpace.Set(ctx, state.NextSpaceId)
}

// ExportGenesis returns the module's whole state, sorted by key.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return nil, err
	}
	state := &types.GenesisState{Params: params}
	err = k.providers.Walk(ctx, nil, func(_ sdk.AccAddress, provider types.Provider) (bool, error) {
		state.Providers = append(state.Providers, provider)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	err = k.spaces.Walk(ctx, nil, func(_ uint64, space types.Space) (bool, error) {
		state.Spaces = append(state.Spaces, space)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	next, err := k.nextSpace.Peek(ctx)
	state.NextSpaceId = max(next, types.FirstSpaceID)
	return state, err
}
