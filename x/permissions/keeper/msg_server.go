package keeper

import (
	"context"

	"github.com/ain-network/aind/x/permissions/types"
)

type msgServer struct {
	keeper *Keeper
}

var _ types.MsgServer = msgServer{}

// NewMsgServer returns the server of the messages that change rules.
func NewMsgServer(k *Keeper) types.MsgServer {
	return msgServer{keeper: k}
}

// SetRule implements types.MsgServer. An operator does not sign here for its owner: who may do what is no daemon's
// business.
func (s msgServer) SetRule(ctx context.Context, msg *types.MsgSetRule) (*types.MsgSetRuleResponse, error) {
	by, err := types.ParseAddress("authority", msg.Authority)
	if err != nil {
		return nil, err
	}
	return &types.MsgSetRuleResponse{}, s.keeper.SetRule(ctx, by, msg.Rule)
}
