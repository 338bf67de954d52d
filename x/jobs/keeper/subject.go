package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// Root of a job; nil if there is no such job.
func (k *Keeper) Root(ctx context.Context, jobID uint64) (sdk.AccAddress, error) {
	job, err := k.jobs.Get(ctx, jobID)
	if errors.Is(err, collections.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return types.ParseAddress("root", job.Root)
}

// onRequest is a message about one request.
type onRequest interface{ GetRequestId() uint64 }

// JobOf is the job that one of this module's messages is about, 0 for none and for a
// request or release that is not there, and the request, 0 for none. A fork is about
// the job that it makes, which is not there yet.
func (k *Keeper) JobOf(ctx context.Context, msg sdk.Msg) (jobID, requestID uint64, err error) {
	switch m := msg.(type) {
	case *types.MsgPublishRelease:
		return m.JobId, 0, nil
	case *types.MsgUpdateJob:
		return m.JobId, 0, nil
	case *types.MsgRevokeRelease:
		release, err := k.releases.Get(ctx, m.ReleaseId)
		if errors.Is(err, collections.ErrNotFound) {
			return 0, 0, nil
		}
		return release.JobId, 0, err
	case *types.MsgRequestJob:
		return m.Spec.JobId, 0, nil
	case *types.MsgCancelRequest, *types.MsgAcceptJob, *types.MsgResign, *types.MsgRejectWorker,
		*types.MsgGrantKey, *types.MsgPublishCheckpoints,
		*types.MsgSubmitResult, *types.MsgRevealResult, *types.MsgRank, *types.MsgAcceptResult,
		*types.MsgChallenge, *types.MsgResolveChallenge:
		requestID = m.(onRequest).GetRequestId()
	default:
		return 0, 0, nil
	}
	request, err := k.requests.Get(ctx, requestID)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, 0, nil
	}
	return request.Spec.JobId, requestID, err
}

// HasPlace says whether an account has a place in a request that is not finished.
func (k *Keeper) HasPlace(ctx context.Context, requestID uint64, owner sdk.AccAddress) (bool, error) {
	return k.places.Has(ctx, collections.Join3(owner, false, requestID))
}
