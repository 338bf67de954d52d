package keeper

import (
	"context"

	"github.com/ain-network/aind/x/storage/types"
)

type msgServer struct {
	keeper *Keeper
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the server of the messages that users send.
func NewMsgServer(k *Keeper) types.MsgServer {
	return msgServer{keeper: k}
}

// act reads who a signer acts for.
func (k *Keeper) act(ctx context.Context, signer string) (payer, error) {
	address, err := types.ParseAddress("signer", signer)
	if err != nil {
		return payer{}, err
	}
	owner, err := k.reputation.Owner(ctx, address)
	return payer{owner: owner, operator: !owner.Equals(address)}, err
}

// RegisterProvider implements types.MsgServer.
func (s msgServer) RegisterProvider(ctx context.Context, msg *types.MsgRegisterProvider) (*types.MsgRegisterProviderResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := msg.Validate(params); err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.register(ctx, who.owner, msg); err != nil {
		return nil, err
	}
	return &types.MsgRegisterProviderResponse{}, nil
}

// ReserveSpace implements types.MsgServer.
func (s msgServer) ReserveSpace(ctx context.Context, msg *types.MsgReserveSpace) (*types.MsgReserveSpaceResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := msg.Validate(params); err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	id, err := s.keeper.open(ctx, who, msg, params)
	if err != nil {
		return nil, err
	}
	return &types.MsgReserveSpaceResponse{Space: id}, nil
}

// ExtendSpace implements types.MsgServer.
func (s msgServer) ExtendSpace(ctx context.Context, msg *types.MsgExtendSpace) (*types.MsgExtendSpaceResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.extend(ctx, who, msg, params); err != nil {
		return nil, err
	}
	return &types.MsgExtendSpaceResponse{}, nil
}

// SetAccess implements types.MsgServer.
func (s msgServer) SetAccess(ctx context.Context, msg *types.MsgSetAccess) (*types.MsgSetAccessResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	if err := msg.Validate(params); err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.setAccess(ctx, who.owner, msg); err != nil {
		return nil, err
	}
	return &types.MsgSetAccessResponse{}, nil
}

// PublishFolder implements types.MsgServer.
func (s msgServer) PublishFolder(ctx context.Context, msg *types.MsgPublishFolder) (*types.MsgPublishFolderResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	version, err := s.keeper.publish(ctx, who.owner, msg)
	if err != nil {
		return nil, err
	}
	return &types.MsgPublishFolderResponse{Version: version}, nil
}

// ReleaseSpace implements types.MsgServer.
func (s msgServer) ReleaseSpace(ctx context.Context, msg *types.MsgReleaseSpace) (*types.MsgReleaseSpaceResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.keeper.act(ctx, msg.Signer)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.release(ctx, who.owner, msg.Space, params); err != nil {
		return nil, err
	}
	return &types.MsgReleaseSpaceResponse{}, nil
}

// UpdateParams implements types.MsgServer.
func (s msgServer) UpdateParams(ctx context.Context, msg *types.MsgUpdateParams) (*types.MsgUpdateParamsResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	if msg.Authority != s.keeper.authority {
		return nil, types.ErrWrongSigner.Wrapf("authority: %s; only %s changes params", msg.Authority, s.keeper.authority)
	}
	if err := s.keeper.params.Set(ctx, msg.Params); err != nil {
		return nil, err
	}
	return &types.MsgUpdateParamsResponse{}, emit(ctx, &types.EventParamsUpdated{})
}
