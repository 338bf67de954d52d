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

// Apply files an application and returns its id. The caller has set applicant,
// roles, capability, key, nonce and qualifications; an empty admin is the root.
func (k *Keeper) Apply(ctx context.Context, application types.Application) (uint64, error) {
	applicant, err := types.ParseAddress("applicant", application.Applicant)
	if err != nil {
		return 0, err
	}
	params, err := k.Params(ctx)
	if err != nil {
		return 0, err
	}
	if err := types.ValidateCapability(application.Capability, params); err != nil {
		return 0, err
	}
	if application.Admin, err = k.askedAdmin(ctx, application); err != nil {
		return 0, err
	}
	if err := k.checkPlace(ctx, application, applicant); err != nil {
		return 0, err
	}
	if err := k.checkNotApplied(ctx, application.JobId, applicant); err != nil {
		return 0, err
	}
	application.AppliedMs = nowMs(ctx)
	application.ExpiresMs = application.AppliedMs + int64(params.ApplicationTtlMs)
	if application.Id, err = k.nextApplicationID.Next(ctx); err != nil {
		return 0, err
	}
	if err := k.addApplication(ctx, application, params.MaxApplicationsPerAdmin); err != nil {
		return 0, err
	}
	if application.EncryptionKey != "" {
		if err := k.SetEncryptionKey(ctx, applicant, application.EncryptionKey); err != nil {
			return 0, err
		}
	}
	return application.Id, emit(ctx, &types.EventJobApplied{
		ApplicationId: application.Id,
		JobId:         application.JobId,
		Applicant:     application.Applicant,
		Admin:         application.Admin,
		Roles:         application.Roles,
	})
}

// Withdraw takes an applicant's undecided application back.
func (k *Keeper) Withdraw(ctx context.Context, applicant sdk.AccAddress, id uint64) error {
	application, err := k.undecided(ctx, id)
	if err != nil {
		return err
	}
	if application.Applicant != applicant.String() {
		return types.ErrWrongSigner.Wrapf("application %d is %s's; only they or their operator may withdraw it", id, application.Applicant)
	}
	if err := k.removeApplication(ctx, application); err != nil {
		return err
	}
	return emit(ctx, &types.EventApplicationWithdrawn{ApplicationId: id, JobId: application.JobId, Applicant: application.Applicant})
}

// Reject refuses an application that is addressed to admin.
func (k *Keeper) Reject(ctx context.Context, admin sdk.AccAddress, id uint64, reason string) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	if err := types.ValidateReason(reason, params); err != nil {
		return err
	}
	application, err := k.addressedTo(ctx, admin, id)
	if err != nil {
		return err
	}
	if err := k.removeApplication(ctx, application); err != nil {
		return err
	}
	return emit(ctx, &types.EventApplicationRejected{
		ApplicationId: id, JobId: application.JobId, Applicant: application.Applicant, Reason: reason,
	})
}

// askedAdmin returns who an application goes to: the root, or, where the tree's
// policy lets admins approve, any of them.
func (k *Keeper) askedAdmin(ctx context.Context, application types.Application) (string, error) {
	tree, err := k.tree(ctx, application.JobId)
	if err != nil {
		return "", err
	}
	if !tree.Policy.AdminsApprove && slices.Contains(application.Roles, program.ROLE_ADMIN) {
		return "", types.ErrPolicy.Wrapf("roles: job %#x has no admin but its root; ask for evaluator or worker", tree.JobId)
	}
	if application.Admin == "" || application.Admin == tree.Root {
		return tree.Root, nil
	}
	if !tree.Policy.AdminsApprove {
		return "", types.ErrNotAdmin.Wrapf("admin %s, job %#x; ask its root %s", application.Admin, tree.JobId, tree.Root)
	}
	_, err = k.admin(ctx, tree.JobId, application.Admin)
	return application.Admin, err
}

// admin returns an active admin's node.
func (k *Keeper) admin(ctx context.Context, jobID uint64, address string) (types.Node, error) {
	owner, err := types.ParseAddress("admin", address)
	if err != nil {
		return types.Node{}, err
	}
	node, err := k.node(ctx, jobID, owner)
	if err == nil && !node.IsAdmin() {
		err = types.ErrNotAdmin.Wrapf("%s in job %#x", address, jobID)
	}
	return node, err
}

// checkPlace holds what an application asks for against the place in the tree that
// the applicant has or had: who answers for a node is above it, and stays there.
func (k *Keeper) checkPlace(ctx context.Context, application types.Application, applicant sdk.AccAddress) error {
	node, err := k.nodes.Get(ctx, collections.Join(application.JobId, applicant))
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !node.IsActive() {
		if err := k.checkMayReturn(ctx, node); err != nil {
			return err
		}
		if !node.HasApproved {
			return nil
		}
		// Its children still point at it: further down it could come to be below
		// itself, or they too deep.
		return k.checkAbove(ctx, application.Admin, node, "may let it return")
	}
	for _, role := range application.Roles {
		if node.HasRole(role) {
			return types.ErrRoleHeld.Wrapf("roles: %s holds %s in job %#x; ask for other roles only", applicant, role, application.JobId)
		}
	}
	if node.IsRoot() && application.Admin == node.Owner {
		return nil
	}
	return k.checkAbove(ctx, application.Admin, node, "may give it roles")
}

// checkNotApplied allows one undecided application for a job. One that has
// expired and still waits for its sweep makes room.
func (k *Keeper) checkNotApplied(ctx context.Context, jobID uint64, applicant sdk.AccAddress) error {
	id, err := k.applications.Indexes.Applicant.MatchExact(ctx, collections.Join(jobID, applicant))
	if errors.Is(err, collections.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	application, err := k.applications.Get(ctx, id)
	if err != nil {
		return err
	}
	if application.HasExpired(nowMs(ctx)) {
		return k.expire(ctx, application)
	}
	return types.ErrAlreadyApplied.Wrapf("application %d of %s for job %#x is undecided; withdraw it or wait", id, applicant, jobID)
}

// undecided returns an application that can still be decided.
func (k *Keeper) undecided(ctx context.Context, id uint64) (types.Application, error) {
	application, err := k.application(ctx, id)
	if err != nil {
		return types.Application{}, err
	}
	if application.HasExpired(nowMs(ctx)) {
		return types.Application{}, types.ErrApplicationExpired.Wrapf("application %d: at %d ms; apply again", id, application.ExpiresMs)
	}
	return application, nil
}

// addressedTo returns an undecided application that admin may decide.
func (k *Keeper) addressedTo(ctx context.Context, admin sdk.AccAddress, id uint64) (types.Application, error) {
	application, err := k.undecided(ctx, id)
	if err != nil {
		return types.Application{}, err
	}
	if application.Admin != admin.String() {
		return types.Application{}, types.ErrNotAdmin.Wrapf("application %d is addressed to %s, not to %s", id, application.Admin, admin)
	}
	if _, err := k.admin(ctx, application.JobId, application.Admin); err != nil {
		return types.Application{}, err
	}
	// The tree's policy may have changed since.
	_, err = k.askedAdmin(ctx, application)
	return application, err
}

func (k *Keeper) application(ctx context.Context, id uint64) (types.Application, error) {
	application, err := k.applications.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Application{}, types.ErrUnknownApplication.Wrapf("application %d: never filed, or decided, withdrawn or expired", id)
	}
	return application, err
}
