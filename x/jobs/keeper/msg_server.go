package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

var _ types.MsgServer = msgServer{}

// msgServer finds out for whom a message's signer acts, and passes it on.
type msgServer struct{ k *Keeper }

// NewMsgServer returns the server of the module's messages.
func NewMsgServer(k *Keeper) types.MsgServer { return msgServer{k} }

// signer parses a message's signer and returns it with the owner that it acts for.
func (s msgServer) signer(ctx context.Context, address string) (signer, owner sdk.AccAddress, err error) {
	if signer, err = types.ParseAddress("signer", address); err != nil {
		return nil, nil, err
	}
	owner, err = s.k.reputation.Owner(ctx, signer)
	return signer, owner, err
}

// asNode runs a node's message, which is a sign of life too.
func (s msgServer) asNode(ctx context.Context, address string, run func(owner sdk.AccAddress) error) error {
	_, owner, err := s.signer(ctx, address)
	if err != nil {
		return err
	}
	if err := run(owner); err != nil {
		return err
	}
	return s.k.reputation.Touch(ctx, owner)
}

func (s msgServer) RegisterJob(ctx context.Context, m *types.MsgRegisterJob) (*types.MsgRegisterJobResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	id, err := s.k.Register(ctx, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgRegisterJobResponse{JobId: id}, nil
}

func (s msgServer) ForkJob(ctx context.Context, m *types.MsgForkJob) (*types.MsgForkJobResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	id, err := s.k.Fork(ctx, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgForkJobResponse{JobId: id}, nil
}

func (s msgServer) UpdateJob(ctx context.Context, m *types.MsgUpdateJob) (*types.MsgUpdateJobResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	version, err := s.k.Update(ctx, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgUpdateJobResponse{TermsVersion: version}, nil
}

func (s msgServer) RevokeRelease(ctx context.Context, m *types.MsgRevokeRelease) (*types.MsgRevokeReleaseResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgRevokeReleaseResponse{}, s.k.Revoke(ctx, owner, m)
}

func (s msgServer) PublishRelease(ctx context.Context, m *types.MsgPublishRelease) (*types.MsgPublishReleaseResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	id, err := s.k.Publish(ctx, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgPublishReleaseResponse{ReleaseId: id}, nil
}

func (s msgServer) AddBuilder(ctx context.Context, m *types.MsgAddBuilder) (*types.MsgAddBuilderResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgAddBuilderResponse{}, s.k.AddBuilder(ctx, owner, m)
}

func (s msgServer) RemoveBuilder(ctx context.Context, m *types.MsgRemoveBuilder) (*types.MsgRemoveBuilderResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgRemoveBuilderResponse{}, s.k.RemoveBuilder(ctx, owner, m)
}

func (s msgServer) RequestJob(ctx context.Context, m *types.MsgRequestJob) (*types.MsgRequestJobResponse, error) {
	signer, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	id, err := s.k.Order(ctx, signer, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgRequestJobResponse{RequestId: id}, nil
}

func (s msgServer) CancelRequest(ctx context.Context, m *types.MsgCancelRequest) (*types.MsgCancelRequestResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgCancelRequestResponse{}, s.k.Cancel(ctx, owner, m.RequestId)
}

func (s msgServer) AcceptJob(ctx context.Context, m *types.MsgAcceptJob) (*types.MsgAcceptJobResponse, error) {
	return &types.MsgAcceptJobResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.Accept(ctx, owner, m)
	})
}

func (s msgServer) Resign(ctx context.Context, m *types.MsgResign) (*types.MsgResignResponse, error) {
	return &types.MsgResignResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.Resign(ctx, owner, m.RequestId)
	})
}

func (s msgServer) RejectWorker(ctx context.Context, m *types.MsgRejectWorker) (*types.MsgRejectWorkerResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgRejectWorkerResponse{}, s.k.Reject(ctx, owner, m)
}

func (s msgServer) GrantKey(ctx context.Context, m *types.MsgGrantKey) (*types.MsgGrantKeyResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgGrantKeyResponse{}, s.k.Grant(ctx, owner, m)
}

func (s msgServer) PublishCheckpoints(ctx context.Context, m *types.MsgPublishCheckpoints) (*types.MsgPublishCheckpointsResponse, error) {
	return &types.MsgPublishCheckpointsResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.PublishCheckpoints(ctx, owner, m)
	})
}

func (s msgServer) SubmitResult(ctx context.Context, m *types.MsgSubmitResult) (*types.MsgSubmitResultResponse, error) {
	return &types.MsgSubmitResultResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.Submit(ctx, owner, m)
	})
}

func (s msgServer) RevealResult(ctx context.Context, m *types.MsgRevealResult) (*types.MsgRevealResultResponse, error) {
	return &types.MsgRevealResultResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.Reveal(ctx, owner, m)
	})
}

func (s msgServer) Rank(ctx context.Context, m *types.MsgRank) (*types.MsgRankResponse, error) {
	return &types.MsgRankResponse{}, s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) error {
		return s.k.Rank(ctx, owner, m)
	})
}

func (s msgServer) AcceptResult(ctx context.Context, m *types.MsgAcceptResult) (*types.MsgAcceptResultResponse, error) {
	_, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgAcceptResultResponse{}, s.k.Concede(ctx, owner, m.RequestId)
}

func (s msgServer) Challenge(ctx context.Context, m *types.MsgChallenge) (*types.MsgChallengeResponse, error) {
	signer, owner, err := s.signer(ctx, m.Signer)
	if err != nil {
		return nil, err
	}
	resolver, err := s.k.Challenge(ctx, signer, owner, m)
	if err != nil {
		return nil, err
	}
	return &types.MsgChallengeResponse{Resolver: resolver}, nil
}

func (s msgServer) ResolveChallenge(ctx context.Context, m *types.MsgResolveChallenge) (*types.MsgResolveChallengeResponse, error) {
	response := &types.MsgResolveChallengeResponse{}
	err := s.asNode(ctx, m.Signer, func(owner sdk.AccAddress) (err error) {
		response.Verdict, err = s.k.Resolve(ctx, owner, m)
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

func (s msgServer) UpdateParams(ctx context.Context, m *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if m.Authority != s.k.authority {
		return nil, types.ErrUnauthorized.Wrapf("authority: %.100q changes params; only %s may", m.Authority, s.k.authority)
	}
	version, err := s.k.setParams(ctx, m.Params)
	if err != nil {
		return nil, err
	}
	return &types.MsgUpdateParamsResponse{Version: version}, nil
}
