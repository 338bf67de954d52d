package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// PlantTree gives a job its tree with root as its only node, an active admin, to grow
// by a policy. The module that registers jobs calls it once for each; a planted tree is how this
// module knows that the job exists.
func (k *Keeper) PlantTree(ctx context.Context, jobID uint64, root sdk.AccAddress, policy program.TreePolicy) error {
	if err := types.ValidatePolicy(policy); err != nil {
		return err
	}
	if jobID == types.TotalJobID {
		return types.ErrUnknownJob.Wrap("job_id: 0; jobs start at 0x1")
	}
	if has, err := k.trees.Has(ctx, jobID); err != nil {
		return err
	} else if has {
		return types.ErrTreeExists.Wrapf("job %#x", jobID)
	}
	if err := k.checkNotOperator(ctx, root); err != nil {
		return err
	}
	if err := k.trees.Set(ctx, jobID, types.Tree{JobId: jobID, Root: root.String(), Policy: policy}); err != nil {
		return err
	}
	node := types.Node{
		JobId:    jobID,
		Owner:    root.String(),
		Roles:    []program.Role{program.ROLE_ADMIN},
		Status:   types.NODE_STATUS_ACTIVE,
		JoinedMs: nowMs(ctx),
	}
	if err := k.nodes.Set(ctx, collections.Join(jobID, root), node); err != nil {
		return err
	}
	if err := k.Touch(ctx, root); err != nil {
		return err
	}
	return emit(ctx, &types.EventTreePlanted{JobId: jobID, Root: node.Owner})
}

// SetPolicy has a tree grow by another policy from now on. Nodes stay where they are,
// however deep; admins below the root decide nothing while the root alone approves.
func (k *Keeper) SetPolicy(ctx context.Context, jobID uint64, policy program.TreePolicy) error {
	if err := types.ValidatePolicy(policy); err != nil {
		return err
	}
	tree, err := k.tree(ctx, jobID)
	if err != nil || tree.Policy.Equal(policy) {
		return err
	}
	tree.Policy = policy
	if err := k.trees.Set(ctx, jobID, tree); err != nil {
		return err
	}
	return emit(ctx, &types.EventTreePolicySet{JobId: jobID, Policy: policy})
}

// Ancestors returns the admins above a node, nearest first: at most max of them,
// only active ones, the last always the root. The root itself has none.
func (k *Keeper) Ancestors(ctx context.Context, jobID uint64, owner sdk.AccAddress, max uint32) ([]sdk.AccAddress, error) {
	node, err := k.node(ctx, jobID, owner)
	if err != nil || max == 0 {
		return nil, err
	}
	var ancestors []sdk.AccAddress
	err = k.climb(ctx, node, func(above types.Node) (bool, error) {
		// The last place is the root's.
		if !above.IsRoot() && !(above.IsAdmin() && len(ancestors) < int(max)-1) {
			return false, nil
		}
		ancestor, err := types.ParseAddress("ancestor", above.Owner)
		ancestors = append(ancestors, ancestor)
		return false, err
	})
	return ancestors, err
}

// climb visits the nodes above one, whatever their status, from its parent to the
// root, until visit says that it is done.
func (k *Keeper) climb(ctx context.Context, from types.Node, visit func(above types.Node) (done bool, err error)) error {
	node := from
	for range types.MaxDepth {
		if node.IsRoot() {
			return nil
		}
		parent, err := types.ParseAddress("parent", node.Parent)
		if err != nil {
			return err
		}
		if node, err = k.node(ctx, node.JobId, parent); err != nil {
			return err
		}
		if done, err := visit(node); done || err != nil {
			return err
		}
	}
	if node.IsRoot() {
		return nil
	}
	return types.ErrBrokenTree.Wrapf("job %#x, node %s: no root within %d steps", from.JobId, from.Owner, types.MaxDepth)
}

// isAbove says whether an account is a node's parent or above that.
func (k *Keeper) isAbove(ctx context.Context, admin string, node types.Node) (bool, error) {
	found := false
	err := k.climb(ctx, node, func(above types.Node) (bool, error) {
		found = above.Owner == admin
		return found, nil
	})
	return found, err
}

func (k *Keeper) tree(ctx context.Context, jobID uint64) (types.Tree, error) {
	tree, err := k.trees.Get(ctx, jobID)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Tree{}, types.ErrUnknownJob.Wrapf("job %#x; list the jobs there are", jobID)
	}
	return tree, err
}
