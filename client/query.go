package client

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	errorsmod "cosmossdk.io/errors"
	rpcclient "github.com/cometbft/cometbft/rpc/client"
	gogogrpc "github.com/cosmos/gogoproto/grpc"
	"github.com/cosmos/gogoproto/proto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	abci "github.com/cometbft/cometbft/abci/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
)

// queryConn carries the modules' generated query clients over abci_query. Queries change nothing, so they are tried
// again as long as no endpoint answers.
type queryConn struct{ nodes *pool }

var _ gogogrpc.ClientConn = queryConn{}

// Invoke makes one query. Errors of the chain are gRPC statuses.
func (q queryConn) Invoke(ctx context.Context, method string, req, reply any, _ ...grpc.CallOption) error {
	in, out, err := messages(req, reply)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	data, err := proto.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s: encode the query: %w", method, err)
	}
	return q.nodes.do(ctx, func(ctx context.Context, n *node) error {
		res, err := n.rpc.ABCIQueryWithOptions(ctx, method, data, rpcclient.ABCIQueryOptions{})
		if err != nil {
			return err
		}
		if res.Response.Code != abci.CodeTypeOK {
			return answered{queryError(res.Response)}
		}
		if err := proto.Unmarshal(res.Response.Value, out); err != nil {
			return answered{fmt.Errorf("%s: decode the answer: %w", method, err)}
		}
		return nil
	})
}

// NewStream is refused: the chain has no streaming queries.
func (queryConn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("the chain has no streaming queries")
}

func messages(req, reply any) (in, out proto.Message, err error) {
	in, okIn := req.(proto.Message)
	out, okOut := reply.(proto.Message)
	if !okIn || !okOut {
		return nil, nil, fmt.Errorf("%T and %T are not proto messages", req, reply)
	}
	return in, out, nil
}

// QueryError is the chain's refusal of a query. status.Code reads its code.
type QueryError struct {
	Code    codes.Code
	Message string
}

func (e *QueryError) Error() string { return e.Message }

// GRPCStatus makes the error a gRPC status, as the generated clients promise.
func (e *QueryError) GRPCStatus() *status.Status { return status.New(e.Code, e.Message) }

// IsNotFound tells whether the chain said that what was asked for does not exist.
func IsNotFound(err error) bool { return status.Code(err) == codes.NotFound }

// statusText is how a gRPC status writes itself; the application hands it on as mere text.
var statusText = regexp.MustCompile(`^rpc error: code = (\w+) desc = `)

// queryError turns the application's code back into the status that the module returned.
func queryError(res abci.ResponseQuery) error {
	e := &QueryError{Code: codes.Unknown, Message: firstLine(res.Log)}
	if res.Codespace == sdkerrors.RootCodespace {
		for registered, code := range map[*errorsmod.Error]codes.Code{
			sdkerrors.ErrKeyNotFound:    codes.NotFound,
			sdkerrors.ErrInvalidRequest: codes.InvalidArgument,
			sdkerrors.ErrUnauthorized:   codes.Unauthenticated,
		} {
			if registered.ABCICode() == res.Code {
				e.Code = code
			}
		}
		e.Message = strings.TrimSuffix(e.Message, ": "+rootReason(res.Code))
	}
	e.Message = statusText.ReplaceAllString(e.Message, "")
	return e
}

// rootReason is what the SDK appends to a query's error for its own code, which says nothing to a person.
func rootReason(code uint32) string {
	for _, registered := range []*errorsmod.Error{
		sdkerrors.ErrKeyNotFound, sdkerrors.ErrInvalidRequest, sdkerrors.ErrUnauthorized, sdkerrors.ErrUnknownRequest,
	} {
		if registered.ABCICode() == code {
			return registered.Error()
		}
	}
	return ""
}
