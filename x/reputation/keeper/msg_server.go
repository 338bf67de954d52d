package keeper

import (
	"context"
	"slices"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

type msgServer struct {
	keeper *Keeper
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the server of the messages that users send.
func NewMsgServer(k *Keeper) types.MsgServer {
	return msgServer{keeper: k}
}

// acting checks a message and returns the account that its signer acts for. The
// message is a sign of life of that account's nodes.
func (s msgServer) acting(ctx context.Context, msg sdk.HasValidateBasic, signer string) (sdk.AccAddress, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	address, err := types.ParseAddress("signer", signer)
	if err != nil {
		return nil, err
	}
	owner, err := s.keeper.Owner(ctx, address)
	if err != nil {
		return nil, err
	}
	return owner, s.keeper.touchNode(ctx, owner)
}

// ApplyJob implements types.MsgServer.
func (s msgServer) ApplyJob(ctx context.Context, msg *types.MsgApplyJob) (*types.MsgApplyJobResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	roles := slices.Clone(msg.Roles)
	slices.Sort(roles)
	id, err := s.keeper.Apply(ctx, types.Application{
		JobId:          msg.JobId,
		Applicant:      owner.String(),
		Roles:          roles,
		Admin:          msg.Admin,
		Capability:     msg.Capability,
		EncryptionKey:  msg.EncryptionKey,
		Nonce:          msg.Nonce,
		Qualifications: msg.Qualifications,
	})
	if err != nil {
		return nil, err
	}
	return &types.MsgApplyJobResponse{ApplicationId: id}, nil
}

// WithdrawApplication implements types.MsgServer.
func (s msgServer) WithdrawApplication(ctx context.Context, msg *types.MsgWithdrawApplication) (*types.MsgWithdrawApplicationResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgWithdrawApplicationResponse{}, s.keeper.Withdraw(ctx, owner, msg.ApplicationId)
}

// ApproveNode implements types.MsgServer.
func (s msgServer) ApproveNode(ctx context.Context, msg *types.MsgApproveNode) (*types.MsgApproveNodeResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgApproveNodeResponse{}, s.keeper.Approve(ctx, owner, msg.ApplicationId)
}

// RejectApplication implements types.MsgServer.
func (s msgServer) RejectApplication(ctx context.Context, msg *types.MsgRejectApplication) (*types.MsgRejectApplicationResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgRejectApplicationResponse{}, s.keeper.Reject(ctx, owner, msg.ApplicationId, msg.Reason)
}

// DropNode implements types.MsgServer.
func (s msgServer) DropNode(ctx context.Context, msg *types.MsgDropNode) (*types.MsgDropNodeResponse, error) {
	admin, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	node, err := types.ParseAddress("node", msg.Node)
	if err != nil {
		return nil, err
	}
	return &types.MsgDropNodeResponse{}, s.keeper.Drop(ctx, admin, msg.JobId, node, msg.Reason)
}

// LeaveJob implements types.MsgServer.
func (s msgServer) LeaveJob(ctx context.Context, msg *types.MsgLeaveJob) (*types.MsgLeaveJobResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgLeaveJobResponse{}, s.keeper.Leave(ctx, owner, msg.JobId)
}

// UpdateCapability implements types.MsgServer.
func (s msgServer) UpdateCapability(ctx context.Context, msg *types.MsgUpdateCapability) (*types.MsgUpdateCapabilityResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgUpdateCapabilityResponse{}, s.keeper.UpdateCapability(ctx, msg.JobId, owner, msg.Capability)
}

// SetOperator implements types.MsgServer. Only the owner itself signs it.
func (s msgServer) SetOperator(ctx context.Context, msg *types.MsgSetOperator) (*types.MsgSetOperatorResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	owner, err := types.ParseAddress("owner", msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.touchNode(ctx, owner); err != nil {
		return nil, err
	}
	var operator sdk.AccAddress
	if msg.Operator != "" {
		if operator, err = types.ParseAddress("operator", msg.Operator); err != nil {
			return nil, err
		}
		err = types.VerifyOperatorConsent(chainID(ctx), owner, operator, msg.OperatorPublicKey, msg.OperatorSignature)
		if err != nil {
			return nil, err
		}
	}
	return &types.MsgSetOperatorResponse{}, s.keeper.SetOperator(ctx, owner, operator)
}

// SetEncryptionKey implements types.MsgServer.
func (s msgServer) SetEncryptionKey(ctx context.Context, msg *types.MsgSetEncryptionKey) (*types.MsgSetEncryptionKeyResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	return &types.MsgSetEncryptionKeyResponse{}, s.keeper.SetEncryptionKey(ctx, owner, msg.EncryptionKey)
}

// Heartbeat implements types.MsgServer. Strangers have no sign of life to give.
func (s msgServer) Heartbeat(ctx context.Context, msg *types.MsgHeartbeat) (*types.MsgHeartbeatResponse, error) {
	owner, err := s.acting(ctx, msg, msg.Signer)
	if err != nil {
		return nil, err
	}
	member, err := s.keeper.isNodeAnywhere(ctx, owner)
	if err != nil {
		return nil, err
	}
	if !member {
		return nil, types.ErrNotNode.Wrapf("%s is a node of no job; apply first", owner)
	}
	return &types.MsgHeartbeatResponse{}, nil
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
	return &types.MsgUpdateParamsResponse{}, emit(ctx, &types.EventParamsUpdated{Params: msg.Params})
}
