package keeper

import (
	"context"

	"github.com/ain-network/aind/x/permissions/types"
)

// InitGenesis sets the module's whole state.
func (k *Keeper) InitGenesis(ctx context.Context, state types.GenesisState) error {
	if err := state.Validate(); err != nil {
		return err
	}
	for _, rule := range state.Rules {
		rule, err := k.written(rule)
		if err != nil {
			return err
		}
		if err := k.store(ctx, rule); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the module's whole state, sorted by type URL.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	state := new(types.GenesisState)
	err := k.rules.Walk(ctx, nil, func(_ string, rule types.Rule) (bool, error) {
		rule, err := k.withAccounts(ctx, rule)
		state.Rules = append(state.Rules, rule)
		return false, err
	})
	return state, err
}
