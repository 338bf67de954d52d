package keeper

import (
	"context"

	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"github.com/cosmos/gogoproto/proto"
	"google.golang.org/grpc"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ain-network/aind/x/permissions/types"
)

// guard registers message services so that each method asks the rules first. A transaction, authz, governance and
// whatever else executes messages all end in the methods that are registered here, so no nesting gets around it.
type guard struct {
	keeper *Keeper
	server gogogrpc.Server
}

// Guard returns a server that registers with server what is registered with it, behind the rules.
func (k *Keeper) Guard(server gogogrpc.Server) gogogrpc.Server {
	return guard{keeper: k, server: server}
}

// RegisterService implements gogogrpc.Server. The description is copied: the generated one is shared by every app in
// the process.
func (g guard) RegisterService(service *grpc.ServiceDesc, handler any) {
	guarded := *service
	guarded.Methods = make([]grpc.MethodDesc, len(service.Methods))
	for i, method := range service.Methods {
		guarded.Methods[i] = grpc.MethodDesc{MethodName: method.MethodName, Handler: g.method(method.Handler)}
	}
	g.server.RegisterService(&guarded, handler)
}

// method puts the check between the router's interceptor, which supplies the message that is executed, and the
// module. One of the router's two ways in has no interceptor.
func (g guard) method(method grpc.MethodHandler) grpc.MethodHandler {
	return func(server any, ctx context.Context, decode func(any) error, outer grpc.UnaryServerInterceptor) (any, error) {
		check := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, execute grpc.UnaryHandler) (any, error) {
			checked := func(ctx context.Context, req any) (any, error) {
				if err := g.keeper.checkMessage(ctx, req); err != nil {
					return nil, err
				}
				return execute(ctx, req)
			}
			if outer == nil {
				return checked(ctx, req)
			}
			return outer(ctx, req, info, checked)
		}
		return method(server, ctx, decode, check)
	}
}

// checkMessage asks the rules about every signer of a message. What has no signer to ask about is refused.
func (k *Keeper) checkMessage(ctx context.Context, req any) error {
	msg, ok := req.(proto.Message)
	if !ok {
		return sdkerrors.ErrInvalidType.Wrapf("%T is no message", req)
	}
	typeURL := sdk.MsgTypeURL(msg)
	if types.ClassOf(typeURL) != types.ClassStarting {
		return nil
	}
	signers, _, err := k.cdc.GetMsgV1Signers(msg)
	if err != nil {
		return sdkerrors.ErrInvalidRequest.Wrapf("%s: signers: %v", typeURL, err)
	}
	if len(signers) == 0 {
		return sdkerrors.ErrInvalidRequest.Wrapf("%s: no signer", typeURL)
	}
	for _, signer := range signers {
		if err := k.Check(ctx, typeURL, signer); err != nil {
			return err
		}
	}
	return nil
}
