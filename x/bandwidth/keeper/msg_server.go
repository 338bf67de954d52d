package keeper

import (
	"context"

	"github.com/ain-network/aind/x/bandwidth/types"
)

type msgServer struct {
	keeper *Keeper
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the server of the messages that users send.
func NewMsgServer(k *Keeper) types.MsgServer {
	return msgServer{keeper: k}
}

// AllocateToJob implements types.MsgServer.
func (s msgServer) AllocateToJob(ctx context.Context, msg *types.MsgAllocateToJob) (*types.MsgAllocateToJobResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	signer, err := types.ParseAddress("signer", msg.Signer)
	if err != nil {
		return nil, err
	}
	owner, err := s.keeper.reputation.Owner(ctx, signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgAllocateToJobResponse{}, s.keeper.Allocate(ctx, owner, msg.JobId, msg.Amount)
}

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context, msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if msg.Authority != s.keeper.authority {
		return nil, types.ErrWrongSigner.Wrapf("authority: %s; only %s changes params", msg.Authority, s.keeper.authority)
	}
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	if err := s.keeper.params.Set(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &types.MsgUpdateParamsResponse{}, emit(ctx, &types.EventParamsUpdated{})
}
