package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

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
	if err := k.checkRolesNotHeld(ctx, application.JobId, applicant, application.Roles); err != nil {
		return err
	}
	if err := k.countApproval(ctx, admin); err != nil {
		return err
	}
	node, err := k.approved(ctx, application, applicant)
	if err != nil {
		return err
	}
	if err := k.nodes.Set(ctx, collections.Join(application.JobId, applicant), node); err != nil {
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

// approved returns the node as it is after the approval.
func (k *Keeper) approved(ctx context.Context, application types.Application, applicant sdk.AccAddress) (types.Node, error) {
	node, err := k.nodes.Get(ctx, collections.Join(application.JobId, applicant))
	if errors.Is(err, collections.ErrNotFound) || (err == nil && !node.IsActive()) {
		node, err = types.Node{
			JobId:    application.JobId,
			Owner:    application.Applicant,
			Parent:   application.Admin,
			Status:   types.NODE_STATUS_ACTIVE,
			JoinedMs: nowMs(ctx),
		}, nil
	}
	node.Roles = types.MergeRoles(node.Roles, application.Roles)
	node.Capability = application.Capability
	return node, err
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
