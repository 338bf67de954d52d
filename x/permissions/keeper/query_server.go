package keeper

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/permissions/types"
)

type queryServer struct {
	keeper *Keeper
}

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the server of the module's queries.
func NewQueryServer(k *Keeper) types.QueryServer {
	return queryServer{keeper: k}
}

// Rule implements types.QueryServer.
func (s queryServer) Rule(ctx context.Context, req *types.QueryRuleRequest) (*types.QueryRuleResponse, error) {
	typeURL, err := known(req.GetTypeUrl())
	if err != nil {
		return nil, err
	}
	rule, err := s.keeper.Rule(ctx, typeURL)
	if err != nil {
		return nil, err
	}
	return &types.QueryRuleResponse{Rule: rule, Stoppable: types.ClassOf(typeURL) == types.ClassStarting}, nil
}

// Rules implements types.QueryServer. A page needs no bound: there is one rule at most for each message that starts
// something.
func (s queryServer) Rules(ctx context.Context, req *types.QueryRulesRequest) (*types.QueryRulesResponse, error) {
	rules, page, err := query.CollectionPaginate(ctx, s.keeper.rules, req.GetPagination(),
		func(_ string, rule types.Rule) (types.Rule, error) { return s.keeper.withAccounts(ctx, rule) })
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &types.QueryRulesResponse{Rules: rules, Pagination: page}, nil
}

// Allowed implements types.QueryServer.
func (s queryServer) Allowed(ctx context.Context, req *types.QueryAllowedRequest) (*types.QueryAllowedResponse, error) {
	account, err := types.ParseAddress("account", req.GetAccount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	typeURL, err := known(req.GetTypeUrl())
	if err != nil {
		return nil, err
	}
	err = s.keeper.Check(ctx, typeURL, account)
	if errors.Is(err, types.ErrNotAllowed) {
		return &types.QueryAllowedResponse{Reason: err.Error()}, nil
	}
	if err != nil {
		return nil, err
	}
	return &types.QueryAllowedResponse{Allowed: true}, nil
}

// known completes a type URL by the slash that a path of REST cannot carry, and refuses one that the chain does not
// execute.
func known(typeURL string) (string, error) {
	typeURL = "/" + strings.TrimPrefix(typeURL, "/")
	if types.ClassOf(typeURL) == types.ClassUnknown {
		err := types.ErrUnknownMessage.Wrapf("type_url: %q; give the type URL of a message, like /ain.jobs.v1.MsgRegisterJob", typeURL)
		return "", status.Error(codes.NotFound, err.Error())
	}
	return typeURL, nil
}
