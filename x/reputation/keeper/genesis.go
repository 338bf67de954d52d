package keeper

import (
	"context"
	"math"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// InitGenesis sets the module's whole state.
func (k *Keeper) InitGenesis(ctx context.Context, state types.GenesisState) error {
	if err := state.Validate(); err != nil {
		return err
	}
	if err := k.params.Set(ctx, state.Params); err != nil {
		return err
	}
	if err := k.nextApplicationID.Set(ctx, state.NextApplicationId); err != nil {
		return err
	}
	if err := k.importTrees(ctx, state); err != nil {
		return err
	}
	if err := k.importAccounts(ctx, state); err != nil {
		return err
	}
	for _, application := range state.Applications {
		// What was filed under a higher limit stays.
		if err := k.addApplication(ctx, application, math.MaxUint32); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) importTrees(ctx context.Context, state types.GenesisState) error {
	for _, tree := range state.Trees {
		if err := k.trees.Set(ctx, tree.JobId, tree); err != nil {
			return err
		}
	}
	for _, node := range state.Nodes {
		owner, err := types.ParseAddress("owner", node.Owner)
		if err != nil {
			return err
		}
		if err := k.nodes.Set(ctx, collections.Join(node.JobId, owner), node); err != nil {
			return err
		}
	}
	for _, score := range state.Scores {
		owner, err := types.ParseAddress("owner", score.Owner)
		if err != nil {
			return err
		}
		if err := k.scores.Set(ctx, collections.Join(score.JobId, owner), score); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) importAccounts(ctx context.Context, state types.GenesisState) error {
	for _, profile := range state.Profiles {
		owner, err := types.ParseAddress("owner", profile.Owner)
		if err != nil {
			return err
		}
		if err := k.profiles.Set(ctx, owner, profile); err != nil {
			return err
		}
	}
	for _, seen := range state.LastSeen {
		owner, err := types.ParseAddress("owner", seen.Owner)
		if err != nil {
			return err
		}
		if err := k.lastSeen.Set(ctx, owner, seen.SeenMs); err != nil {
			return err
		}
	}
	for _, approvals := range state.Approvals {
		admin, err := types.ParseAddress("admin", approvals.Admin)
		if err != nil {
			return err
		}
		if err := k.approvals.Set(ctx, admin, approvals); err != nil {
			return err
		}
	}
	return nil
}

// ExportGenesis returns the module's whole state, each list sorted by key.
func (k *Keeper) ExportGenesis(ctx context.Context) (*types.GenesisState, error) {
	state := new(types.GenesisState)
	var err error
	if state.Params, err = k.params.Get(ctx); err != nil {
		return nil, err
	}
	if state.NextApplicationId, err = k.nextApplicationID.Peek(ctx); err != nil {
		return nil, err
	}
	if state.Trees, err = values(ctx, k.trees); err != nil {
		return nil, err
	}
	if state.Nodes, err = values(ctx, k.nodes); err != nil {
		return nil, err
	}
	if state.Profiles, err = values(ctx, k.profiles); err != nil {
		return nil, err
	}
	if state.Applications, err = values(ctx, k.applications); err != nil {
		return nil, err
	}
	if state.Scores, err = values(ctx, k.scores); err != nil {
		return nil, err
	}
	if state.Approvals, err = values(ctx, k.approvals); err != nil {
		return nil, err
	}
	err = k.lastSeen.Walk(ctx, nil, func(owner sdk.AccAddress, seenMs int64) (bool, error) {
		state.LastSeen = append(state.LastSeen, types.LastSeen{Owner: owner.String(), SeenMs: seenMs})
		return false, nil
	})
	return state, err
}

// values lists a collection in the order of its keys.
func values[K, V any](ctx context.Context, collection interface {
	Walk(ctx context.Context, ranger collections.Ranger[K], walk func(K, V) (bool, error)) error
}) ([]V, error) {
	var list []V
	err := collection.Walk(ctx, nil, func(_ K, value V) (bool, error) {
		list = append(list, value)
		return false, nil
	})
	return list, err
}
