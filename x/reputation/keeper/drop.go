package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// Drop ends a node's work in a job. Its parent or any admin above that may; the node
// finishes what it has accepted, and its children keep their place.
func (k *Keeper) Drop(ctx context.Context, admin sdk.AccAddress, jobID uint64, owner sdk.AccAddress, reason string) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if err := types.ValidateReason(reason, params); err != nil {
		return err
	}
	node, err := k.activeNode(ctx, jobID, owner)
	if err != nil {
		return err
	}
	above, err := k.node(ctx, jobID, admin)
	if err != nil {
		return err
	}
	if !above.IsAdmin() {
		return types.ErrNotAdmin.Wrapf("%s in job %#x", admin, jobID)
	}
	if err := k.checkAbove(ctx, above.Owner, node, "may drop it"); err != nil {
		return err
	}
	if err := k.countDrop(ctx, admin); err != nil {
		return err
	}
	if err := k.end(ctx, node, owner, types.NODE_STATUS_DROPPED); err != nil {
		return err
	}
	parent, err := types.ParseAddress("parent", node.Parent)
	if err != nil {
		return err
	}
	if err := k.changeScore(ctx, jobID, parent, func(s *types.Score) { s.ChildrenDropped++ }); err != nil {
		return err
	}
	return emit(ctx, &types.EventNodeDropped{JobId: jobID, Node: node.Owner, Admin: above.Owner, Reason: reason, Parent: node.Parent})
}

// Leave ends an account's own work in a job.
func (k *Keeper) Leave(ctx context.Context, owner sdk.AccAddress, jobID uint64) error {
	node, err := k.activeNode(ctx, jobID, owner)
	if err != nil {
		return err
	}
	if err := k.end(ctx, node, owner, types.NODE_STATUS_LEFT); err != nil {
		return err
	}
	return emit(ctx, &types.EventNodeLeft{JobId: jobID, Node: node.Owner})
}

// activeNode returns a node that can be ended: the root cannot.
func (k *Keeper) activeNode(ctx context.Context, jobID uint64, owner sdk.AccAddress) (types.Node, error) {
	node, err := k.node(ctx, jobID, owner)
	if err != nil {
		return node, err
	}
	if node.IsRoot() {
		return node, types.ErrRoot.Wrapf("%s, job %#x: it cannot be dropped and cannot leave; fork the job instead", owner, jobID)
	}
	if !node.IsActive() {
		return node, types.ErrNodeNotActive.Wrapf("node %s, job %#x: %s", owner, jobID, node.Status)
	}
	return node, nil
}

// checkAbove wants an admin among those above a node.
func (k *Keeper) checkAbove(ctx context.Context, admin string, node types.Node, what string) error {
	above, err := k.isAbove(ctx, admin, node)
	if err != nil || above {
		return err
	}
	return types.ErrNotAdmin.Wrapf("%s is not above %s in job %#x; its parent or an admin above that %s", admin, node.Owner, node.JobId, what)
}

// end makes an active node inactive, and its parent has a child less.
func (k *Keeper) end(ctx context.Context, node types.Node, owner sdk.AccAddress, status types.NodeStatus) error {
	node.Status, node.EndedMs = status, nowMs(ctx)
	if err := k.nodes.Set(ctx, collections.Join(node.JobId, owner), node); err != nil {
		return err
	}
	return k.changeParent(ctx, node, func(parent *types.Node) { parent.Children-- })
}

// changeParent changes what a node's parent keeps of its children.
func (k *Keeper) changeParent(ctx context.Context, node types.Node, change func(parent *types.Node)) error {
	owner, err := types.ParseAddress("parent", node.Parent)
	if err != nil {
		return err
	}
	parent, err := k.node(ctx, node.JobId, owner)
	if err != nil {
		return err
	}
	change(&parent)
	return k.nodes.Set(ctx, collections.Join(node.JobId, owner), parent)
}

// checkMayReturn lets an account that left apply again at once, one that was dropped
// after a cool-down, and one whose work was forged never.
func (k *Keeper) checkMayReturn(ctx context.Context, node types.Node) error {
	if node.Forged {
		return types.ErrForged.Wrapf("node %s, job %#x: a final verdict named its work forged or copied", node.Owner, node.JobId)
	}
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if passes := node.EndedMs + int64(params.CoolDownMs); node.Status == types.NODE_STATUS_DROPPED && nowMs(ctx) < passes {
		return types.ErrCoolDown.Wrapf("node %s, job %#x: it may apply again at block time %d ms", node.Owner, node.JobId, passes)
	}
	return nil
}
