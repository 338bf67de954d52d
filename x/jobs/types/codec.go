package types

import (
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/msgservice"
)

// RegisterInterfaces registers the module's messages.
func RegisterInterfaces(registry codectypes.InterfaceRegistry) {
	registry.RegisterImplementations((*sdk.Msg)(nil),
		&MsgRegisterJob{},
		&MsgForkJob{},
		&MsgUpdateJob{},
		&MsgPublishRelease{},
		&MsgRevokeRelease{},
		&MsgAddBuilder{},
		&MsgRemoveBuilder{},
		&MsgRequestJob{},
		&MsgCancelRequest{},
		&MsgAcceptJob{},
		&MsgResign{},
		&MsgRejectWorker{},
		&MsgGrantKey{},
		&MsgPublishCheckpoints{},
		&MsgSubmitResult{},
		&MsgRevealResult{},
		&MsgRank{},
		&MsgAcceptResult{},
		&MsgChallenge{},
		&MsgResolveChallenge{},
		&MsgUpdateParams{},
	)
	msgservice.RegisterMsgServiceDesc(registry, &_Msg_serviceDesc)
}

// MsgServiceName and QueryServiceName are the services' full names.
var (
	MsgServiceName   = _Msg_serviceDesc.ServiceName
	QueryServiceName = _Query_serviceDesc.ServiceName
)
