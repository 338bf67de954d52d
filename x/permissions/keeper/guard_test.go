package keeper_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/x/permissions/types"
)

const sendURL = "/cosmos.bank.v1beta1.MsgSend"

// errReached says that the module got the message.
var errReached = errors.New("reached")

// service is a message service of one method, as generated code describes it.
var service = grpc.ServiceDesc{ServiceName: "cosmos.bank.v1beta1.Msg", Methods: []grpc.MethodDesc{{
	MethodName: "Send",
	Handler: func(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		in := new(banktypes.MsgSend)
		if err := decode(in); err != nil {
			return nil, err
		}
		execute := func(context.Context, any) (any, error) { return nil, errReached }
		if interceptor == nil {
			return execute(ctx, in)
		}
		return interceptor(ctx, in, &grpc.UnaryServerInfo{}, execute)
	},
}}}

// registered keeps what is registered with it.
type registered struct{ method *grpc.MethodDesc }

func (r *registered) RegisterService(desc *grpc.ServiceDesc, _ any) { r.method = &desc.Methods[0] }

func guarded(f *fixture) *grpc.MethodDesc {
	behind := &registered{}
	f.keeper.Guard(behind).RegisterService(&service, nil)
	return behind.method
}

func from(name string) func(any) error {
	return func(msg any) error {
		msg.(*banktypes.MsgSend).FromAddress = account(name).String()
		return nil
	}
}

// executing is an interceptor that has something else executed than what was decoded.
func executing(f *fixture, msg any) grpc.UnaryServerInterceptor {
	return func(_ context.Context, _ any, _ *grpc.UnaryServerInfo, execute grpc.UnaryHandler) (any, error) {
		return execute(f.ctx, msg)
	}
}

// The router supplies the message either by decoding it, or by an interceptor that puts another in its place.
func TestTheGuardChecksWhatIsExecuted(t *testing.T) {
	f := newFixture(t)
	f.mustSet(f.gov, listed(sendURL, "alice"))
	method := guarded(f)
	require.Equal(t, "Send", method.MethodName)

	_, err := method.Handler(nil, f.ctx, from("alice"), nil)
	require.ErrorIs(t, err, errReached)
	_, err = method.Handler(nil, f.ctx, from("bob"), nil)
	require.ErrorIs(t, err, types.ErrNotAllowed)

	replace := func(name string) grpc.UnaryServerInterceptor {
		return executing(f, &banktypes.MsgSend{FromAddress: account(name).String()})
	}
	nothing := func(any) error { return nil }
	_, err = method.Handler(nil, context.Background(), nothing, replace("alice"))
	require.ErrorIs(t, err, errReached)
	_, err = method.Handler(nil, context.Background(), from("alice"), replace("bob"))
	require.ErrorIs(t, err, types.ErrNotAllowed)
}

func TestTheGuardLooksAtNothingUntilSomethingIsExecuted(t *testing.T) {
	f := newFixture(t)
	// The router asks each method for its message's type in this way, with no state behind the context.
	stop := func(context.Context, any, *grpc.UnaryServerInfo, grpc.UnaryHandler) (any, error) { return nil, nil }
	answer, err := guarded(f).Handler(nil, context.Background(), from("bob"), stop)
	require.NoError(t, err)
	require.Nil(t, answer)
}

func TestTheGuardChangesNoDescription(t *testing.T) {
	f := newFixture(t)
	f.mustSet(f.gov, nobody(sendURL))
	guarded(f)
	_, err := service.Methods[0].Handler(nil, f.ctx, from("bob"), nil)
	require.ErrorIs(t, err, errReached, "other apps in the process share it")
}

func TestTheGuardRefusesWhatItCannotAskAbout(t *testing.T) {
	f := newFixture(t)
	method := guarded(f)
	_, err := method.Handler(nil, f.ctx, from("bob"), executing(f, "bob"))
	require.ErrorIs(t, err, sdkerrors.ErrInvalidType)

	_, err = method.Handler(nil, f.ctx, func(any) error { return nil }, nil)
	require.ErrorIs(t, err, sdkerrors.ErrInvalidRequest, "a signer that is no address")
	require.ErrorContains(t, err, sendURL)

	_, err = method.Handler(nil, f.ctx, from("bob"), executing(f, &banktypes.MsgMultiSend{}))
	require.ErrorIs(t, err, sdkerrors.ErrInvalidRequest)
	require.ErrorContains(t, err, "MsgMultiSend: no signer")
}

func TestTheGuardDoesNotLookAtWhatNoRuleStops(t *testing.T) {
	f := newFixture(t)
	_, err := guarded(f).Handler(nil, f.ctx, from("bob"), executing(f, &banktypes.MsgUpdateParams{Authority: "no address"}))
	require.ErrorIs(t, err, errReached)
}
