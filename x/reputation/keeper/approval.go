package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// Approve makes the applicant a node below admin, or gives an active node the
// roles it asked for; its place in the tree then stays.
func (k *Keeper) Approve(ctx context.Context, admin sdk.AccAddress, id uint64) error {
	application, err := k.addressedTo(ctx, admin, id)
	if err != nil {
		return err
	}
	applicant, err := types.ParseAddress("applicant", application.Applicant)
	if err != nil {
		return err
	}
	// It may have become an operator since it applied.
	if err := k.checkNotOperator(ctx, applicant); err != nil {
		return err
	}
	// It may have been approved or dropped since it applied.
	if err := k.checkPlace(ctx, application, applicant); err != nil {
		return err
	}
	if err := k.countApproval(ctx, admin); err != nil {
		return err
	}
	node, err := k.approved(ctx, application, applicant)
	if err != nil {
		return err
	}
	if err := k.removeApplication(ctx, application); err != nil {
		return err
	}
	if err := k.seenApplying(ctx, applicant, application.AppliedMs); err != nil {
		return err
	}
	return emit(ctx, &types.EventNodeApproved{
		ApplicationId: id, JobId: node.JobId, Node: node.Owner, Parent: node.Parent, Roles: node.Roles,
	})
}

// approved stores the node as it is after the approval, in a place of the tree that
// the policy has room for.
func (k *Keeper) approved(ctx context.Context, application types.Application, applicant sdk.AccAddress) (types.Node, error) {
	key := collections.Join(application.JobId, applicant)
	node, err := k.nodes.Get(ctx, key)
	isNew := errors.Is(err, collections.ErrNotFound)
	if err != nil && !isNew {
		return node, err
	}
	joins := isNew || !node.IsActive()
	if joins {
		if err := k.checkRoom(ctx, application); err != nil {
			return node, err
		}
		node = types.Node{
			JobId:       application.JobId,
			Owner:       application.Applicant,
			Parent:      application.Admin,
			Status:      types.NODE_STATUS_ACTIVE,
			JoinedMs:    nowMs(ctx),
			Children:    node.Children,
			HasApproved: node.HasApproved,
		}
	}
	node.Roles = types.MergeRoles(node.Roles, application.Roles)
	if joins || !slices.Equal(application.Roles, []program.Role{program.ROLE_ADMIN}) {
		node.Capability = application.Capability
	}
	if err := k.nodes.Set(ctx, key, node); err != nil || !joins {
		return node, err
	}
	if err := k.changeParent(ctx, node, func(parent *types.Node) { parent.Children++; parent.HasApproved = true }); err != nil {
		return node, err
	}
	admin, err := types.ParseAddress("admin", application.Admin)
	if err != nil {
		return node, err
	}
	return node, k.changeScore(ctx, node.JobId, admin, func(s *types.Score) { s.ChildrenApproved++ })
}

// checkRoom wants room below the admin, by the tree's policy.
func (k *Keeper) checkRoom(ctx context.Context, application types.Application) error {
	tree, err := k.tree(ctx, application.JobId)
	if err != nil {
		return err
	}
	admin, err := k.admin(ctx, application.JobId, application.Admin)
	if err != nil {
		return err
	}
	if err := tree.CheckChildren(admin); err != nil {
		return err
	}
	depth := 0
	if err := k.climb(ctx, admin, func(types.Node) (bool, error) { depth++; return false, nil }); err != nil {
		return err
	}
	return tree.CheckDepth(admin.Owner, depth)
}

// seenApplying counts the application as the new node's sign of life.
func (k *Keeper) seenApplying(ctx context.Context, applicant sdk.AccAddress, appliedMs int64) error {
	seen, err := k.seen(ctx, applicant)
	if err != nil || seen >= appliedMs {
		return err
	}
	return k.lastSeen.Set(ctx, applicant, appliedMs)
}

// countApproval returns ErrApprovalLimit, naming the time at which it passes, if
// the admin approved as many as one window allows.
func (k *Keeper) countApproval(ctx context.Context, admin sdk.AccAddress) error {
	return k.countDecision(ctx, admin, func(params types.Params, decided *types.Approvals, ends int64) error {
		if decided.Count >= params.ApprovalsPerWindow {
			return types.ErrApprovalLimit.Wrapf("admin %s approved %d in %d ms; the next passes at block time %d ms",
				admin, decided.Count, params.ApprovalWindowMs, ends)
		}
		decided.Count++
		return nil
	})
}

// countDrop is the same for drops.
func (k *Keeper) countDrop(ctx context.Context, admin sdk.AccAddress) error {
	return k.countDecision(ctx, admin, func(params types.Params, decided *types.Approvals, ends int64) error {
		if decided.Drops >= params.DropsPerWindow {
			return types.ErrDropLimit.Wrapf("admin %s dropped %d in %d ms; the next passes at block time %d ms",
				admin, decided.Drops, params.ApprovalWindowMs, ends)
		}
		decided.Drops++
		return nil
	})
}

// countDecision keeps what an admin decided in its window. A window starts with the
// first decision after the one before has ended.
func (k *Keeper) countDecision(
	ctx context.Context, admin sdk.AccAddress, count func(params types.Params, decided *types.Approvals, ends int64) error,
) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	decided, err := k.approvals.Get(ctx, admin)
	if err != nil && !errors.Is(err, collections.ErrNotFound) {
		return err
	}
	now := nowMs(ctx)
	ends := decided.WindowStartMs + int64(params.ApprovalWindowMs)
	if err != nil || now >= ends {
		decided = types.Approvals{Admin: admin.String(), WindowStartMs: now}
	}
	if err := count(params, &decided, ends); err != nil {
		return err
	}
	return k.approvals.Set(ctx, admin, decided)
}
