package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Revoke takes a release back; only its job's root may. Nobody accepts by it from now
// on, and the newest that is left takes its place. The requests that were made with
// it are ended by the following sweeps, a part in each block.
func (k *Keeper) Revoke(ctx context.Context, signer sdk.AccAddress, m *types.MsgRevokeRelease) error {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return err
	}
	if err := m.Validate(params); err != nil {
		return err
	}
	release, err := k.releases.Get(ctx, m.ReleaseId)
	if errors.Is(err, collections.ErrNotFound) {
		return types.ErrUnknownRelease.Wrapf("release %d", m.ReleaseId)
	}
	if err != nil {
		return err
	}
	job, err := k.ownJob(ctx, signer, release.JobId, "revokes a release of")
	if err != nil {
		return err
	}
	if release.Revoked {
		return types.ErrRevoked.Wrapf("release %d, since before", release.Id)
	}
	release.Revoked = true
	if err := k.releases.Set(ctx, release.Id, release); err != nil {
		return err
	}
	left, err := k.lastRelease(ctx, job.Id, release.Spec.Role, func(r types.Release) bool { return !r.Revoked })
	if err != nil {
		return err
	}
	if release.Spec.Role == program.ROLE_EVALUATOR {
		job.EvaluatorRelease = left.Id
	} else {
		job.WorkerRelease = left.Id
	}
	if err := k.jobs.Set(ctx, job.Id, job); err != nil {
		return err
	}
	if err := k.revocations.Set(ctx, release.Id, 0); err != nil {
		return err
	}
	return emit(ctx, &types.EventReleaseRevoked{JobId: job.Id, ReleaseId: release.Id, Role: release.Spec.Role, Reason: m.Reason})
}

// lastRelease is the latest of a job and role, of those that are wanted; one without
// an id: there is none. A job has at most max_releases.
func (k *Keeper) lastRelease(ctx context.Context, job uint64, role program.Role, wanted func(types.Release) bool) (types.Release, error) {
	iterator, err := k.releasesByJob.Iterate(ctx,
		collections.NewSuperPrefixedTripleRangeReversed[uint64, int32, uint64](job, int32(role)))
	if err != nil {
		return types.Release{}, err
	}
	defer iterator.Close()
	for ; iterator.Valid(); iterator.Next() {
		key, err := iterator.Key()
		if err != nil {
			return types.Release{}, err
		}
		release, err := k.releases.Get(ctx, key.K3())
		if err != nil || wanted == nil || wanted(release) {
			return release, err
		}
	}
	return types.Release{}, nil
}

// checkNotRevoked refuses to accept by a release whose requests are about to end.
func (k *Keeper) checkNotRevoked(ctx context.Context, l *live) error {
	for _, release := range []uint64{l.WorkerRelease, l.EvaluatorRelease} {
		revoked, err := k.revocations.Has(ctx, release)
		if err != nil {
			return err
		}
		if revoked {
			return types.ErrRevoked.Wrapf("release %d, with which request %d was made", release, l.Id)
		}
	}
	return nil
}

// endRevoked marks the requests of revoked releases, looking at no more than budget.
func (k *Keeper) endRevoked(ctx context.Context, budget int) error {
	iterator, err := k.revocations.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	pending, err := iterator.KeyValues()
	if err != nil {
		return err
	}
	for _, revocation := range pending {
		if budget <= 0 {
			return nil
		}
		looked, err := k.endRevokedOf(ctx, revocation.Key, revocation.Value, budget)
		if err != nil {
			return err
		}
		budget -= max(1, looked)
	}
	return nil
}

// endRevokedOf goes on with one release, from the request at which it stopped.
func (k *Keeper) endRevokedOf(ctx context.Context, releaseID, from uint64, budget int) (looked int, err error) {
	release, err := k.releases.Get(ctx, releaseID)
	if err != nil {
		return 0, err
	}
	iterator, err := k.requestsByJob.Iterate(ctx, collections.NewPrefixedPairRange[uint64, uint64](release.JobId).StartInclusive(from))
	if err != nil {
		return 0, err
	}
	var ids []uint64
	for ; iterator.Valid() && len(ids) < budget; iterator.Next() {
		key, err := iterator.Key()
		if err != nil {
			return 0, errors.Join(err, iterator.Close())
		}
		ids = append(ids, key.K2())
	}
	more := iterator.Valid()
	if err := iterator.Close(); err != nil {
		return 0, err
	}
	for _, id := range ids {
		cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
		if err := k.markRevoked(cached, id, releaseID); err != nil {
			sdk.UnwrapSDKContext(ctx).Logger().Error("request of a revoked release stays as it is", "request", id, "error", err)
			continue
		}
		write()
	}
	if more {
		return len(ids), k.revocations.Set(ctx, releaseID, ids[len(ids)-1]+1)
	}
	return len(ids), k.revocations.Remove(ctx, releaseID)
}

// markRevoked has a request end that was made with a release: at once where nobody
// reveals, after the reveal where some do. What is ranked stays ranked.
func (k *Keeper) markRevoked(ctx context.Context, id, releaseID uint64) error {
	l, err := k.load(ctx, id)
	if err != nil || l.IsFinished() || l.WorkerRelease != releaseID && l.EvaluatorRelease != releaseID {
		return err
	}
	if outcome, err := k.advance(ctx, l); err != nil || outcome != types.OUTCOME_UNSPECIFIED {
		return err // the sweep ends it as it is due
	}
	switch l.State {
	case types.REQUEST_STATE_RANKED, types.REQUEST_STATE_CHALLENGED:
	case types.REQUEST_STATE_REVEALING:
		l.Revoked = true
	default:
		now, err := k.now(ctx)
		if err != nil {
			return err
		}
		l.Revoked = true
		l.waitUntil(now)
	}
	return k.save(ctx, l)
}

// revokedOutcome is how a request ends that was made with a revoked release, when its
// phase ends.
func revokedOutcome(r types.Request) types.Outcome {
	switch {
	case r.Revealed > 0:
		return types.OUTCOME_RELEASE_REVOKED
	case r.State == types.REQUEST_STATE_OPEN || r.State == types.REQUEST_STATE_RUNNING:
		return types.OUTCOME_CANCELLED_RELEASE_REVOKED
	}
	return types.OUTCOME_NOTHING_REVEALED
}
