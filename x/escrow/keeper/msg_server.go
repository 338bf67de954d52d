package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

type msgServer struct {
	keeper *Keeper
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the server of the messages that users send.
func NewMsgServer(k *Keeper) types.MsgServer {
	return msgServer{keeper: k}
}

// SetStake implements types.MsgServer.
func (s msgServer) SetStake(ctx context.Context, msg *types.MsgSetStake) (*types.MsgSetStakeResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	owner, err := types.ParseAddress("owner", msg.Owner)
	if err != nil {
		return nil, err
	}
	if err := s.keeper.SetStake(ctx, owner, msg.Amount); err != nil {
		return nil, err
	}
	return &types.MsgSetStakeResponse{}, nil
}

// SetPayout implements types.MsgServer.
func (s msgServer) SetPayout(ctx context.Context, msg *types.MsgSetPayout) (*types.MsgSetPayoutResponse, error) {
	if err := msg.ValidateBasic(); err != nil {
		return nil, err
	}
	owner, err := types.ParseAddress("owner", msg.Owner)
	if err != nil {
		return nil, err
	}
	var payout sdk.AccAddress
	if msg.Payout != "" {
		if payout, err = types.ParseAddress("payout", msg.Payout); err != nil {
			return nil, err
		}
	}
	if err := s.keeper.SetPayout(ctx, owner, payout); err != nil {
		return nil, err
	}
	return &types.MsgSetPayoutResponse{}, nil
}
