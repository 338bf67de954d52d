package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// touchFraction of the running window passes before a sign of life is written
// again: most messages then write nothing, and what is read is that stale at most.
const touchFraction = 4

// Touch notes a sign of life of a node's account at the time of the block.
func (k *Keeper) Touch(ctx context.Context, owner sdk.AccAddress) error {
	stale, err := k.isStale(ctx, owner)
	if err != nil || !stale {
		return err
	}
	return k.lastSeen.Set(ctx, owner, nowMs(ctx))
}

// touchNode is Touch for messages that strangers may send too: of them nothing is kept.
func (k *Keeper) touchNode(ctx context.Context, owner sdk.AccAddress) error {
	stale, err := k.isStale(ctx, owner)
	if err != nil || !stale {
		return err
	}
	member, err := k.isNodeAnywhere(ctx, owner)
	if err != nil || !member {
		return err
	}
	return k.lastSeen.Set(ctx, owner, nowMs(ctx))
}

// isStale says whether the last sign of life is old enough to be written anew.
func (k *Keeper) isStale(ctx context.Context, owner sdk.AccAddress) (bool, error) {
	params, err := k.Params(ctx)
	if err != nil {
		return false, err
	}
	seen, err := k.seen(ctx, owner)
	return nowMs(ctx)-seen > int64(params.RunningWindowMs)/touchFraction, err
}

// seen returns the block time of the last sign of life in ms; 0: never.
func (k *Keeper) seen(ctx context.Context, owner sdk.AccAddress) (int64, error) {
	seen, err := k.lastSeen.Get(ctx, owner)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return seen, err
}

// info adds to a node its sign of life. Only an active node is running.
func (k *Keeper) info(ctx context.Context, params types.Params, node types.Node) (types.NodeInfo, error) {
	owner, err := types.ParseAddress("owner", node.Owner)
	if err != nil {
		return types.NodeInfo{}, err
	}
	seen, err := k.seen(ctx, owner)
	if err != nil {
		return types.NodeInfo{}, err
	}
	return types.NodeInfo{
		Node:    node,
		SeenMs:  seen,
		Running: node.IsActive() && nowMs(ctx) < seen+int64(params.RunningWindowMs),
	}, nil
}
