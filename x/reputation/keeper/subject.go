package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// JobOf is the job that one of this module's messages is about, 0 for none and for
// an application that is not there, and whether the message is an applicant's.
func (k *Keeper) JobOf(ctx context.Context, msg sdk.Msg) (jobID uint64, applies bool, err error) {
	switch m := msg.(type) {
	case *types.MsgApplyJob:
		return m.JobId, true, nil
	case *types.MsgWithdrawApplication:
		jobID, err = k.jobOfApplication(ctx, m.ApplicationId)
		return jobID, true, err
	case *types.MsgApproveNode:
		jobID, err = k.jobOfApplication(ctx, m.ApplicationId)
	case *types.MsgRejectApplication:
		jobID, err = k.jobOfApplication(ctx, m.ApplicationId)
	case *types.MsgDropNode:
		jobID = m.JobId
	case *types.MsgLeaveJob:
		jobID = m.JobId
	case *types.MsgUpdateCapability:
		jobID = m.JobId
	}
	return jobID, false, err
}

func (k *Keeper) jobOfApplication(ctx context.Context, id uint64) (uint64, error) {
	application, err := k.applications.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) {
		return 0, nil
	}
	return application.JobId, err
}

// IsActiveNode says whether an account is an active node of a job.
func (k *Keeper) IsActiveNode(ctx context.Context, jobID uint64, owner sdk.AccAddress) (bool, error) {
	node, err := k.nodes.Get(ctx, collections.Join(jobID, owner))
	if errors.Is(err, collections.ErrNotFound) {
		return false, nil
	}
	return node.IsActive(), err
}
