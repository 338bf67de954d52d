package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// Eligible returns nil if the owner's node may take work in a role with a
// requirement, else ErrUnknownJob, ErrNotNode, ErrNodeNotActive, ErrMissingRole or
// ErrCapability.
func (k *Keeper) Eligible(ctx context.Context, jobID uint64, owner sdk.AccAddress, role program.Role, requirement program.Capability) error {
	node, err := k.node(ctx, jobID, owner)
	if err != nil {
		return err
	}
	return node.Eligible(role, requirement)
}

// UpdateCapability states what an active node offers from now on.
func (k *Keeper) UpdateCapability(ctx context.Context, jobID uint64, owner sdk.AccAddress, capability program.Capability) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if err := types.ValidateCapability(capability, params); err != nil {
		return err
	}
	node, err := k.node(ctx, jobID, owner)
	if err != nil {
		return err
	}
	if !node.IsActive() {
		return types.ErrNodeNotActive.Wrapf("node %s, job %#x: %s", owner, jobID, node.Status)
	}
	if node.Capability.Equal(capability) {
		return nil
	}
	node.Capability = capability
	if err := k.nodes.Set(ctx, collections.Join(jobID, owner), node); err != nil {
		return err
	}
	return emit(ctx, &types.EventCapabilityUpdated{JobId: jobID, Node: node.Owner})
}

// node returns an account's node, or says whether the job or the node is unknown.
func (k *Keeper) node(ctx context.Context, jobID uint64, owner sdk.AccAddress) (types.Node, error) {
	node, err := k.nodes.Get(ctx, collections.Join(jobID, owner))
	if !errors.Is(err, collections.ErrNotFound) {
		return node, err
	}
	if _, err := k.tree(ctx, jobID); err != nil {
		return types.Node{}, err
	}
	return types.Node{}, types.ErrNotNode.Wrapf("%s in job %#x; apply first", owner, jobID)
}

// isNodeAnywhere says whether the account is a node of any job, active or not.
func (k *Keeper) isNodeAnywhere(ctx context.Context, owner sdk.AccAddress) (bool, error) {
	iterator, err := k.nodes.Indexes.Owner.MatchExact(ctx, owner)
	if err != nil {
		return false, err
	}
	defer iterator.Close()
	return iterator.Valid(), nil
}

// checkNotOperator refuses an operator as a node: its messages act for its owner,
// so nobody could speak for that node.
func (k *Keeper) checkNotOperator(ctx context.Context, account sdk.AccAddress) error {
	serves, err := k.Owner(ctx, account)
	if err != nil {
		return err
	}
	if !serves.Equals(account) {
		return types.ErrInvalidOperator.Wrapf("%s is the operator of %s and cannot be a node itself", account, serves)
	}
	return nil
}
