package keeper

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/escrow/types"
)

// maxPage bounds what one query returns; ask for the next page by its key.
const maxPage = 1000

type queryServer struct {
	keeper *Keeper
}

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the server of the module's queries.
func NewQueryServer(k *Keeper) types.QueryServer {
	return queryServer{keeper: k}
}

// Account implements types.QueryServer. An owner that nothing is kept for has a
// stake of zero and no payout address.
func (s queryServer) Account(ctx context.Context, req *types.QueryAccountRequest) (*types.QueryAccountResponse, error) {
	owner, err := types.ParseAddress("owner", req.GetOwner())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	account, err := s.keeper.account(ctx, owner)
	if err != nil {
		return nil, err
	}
	return &types.QueryAccountResponse{Account: account}, nil
}

// Accounts implements types.QueryServer.
func (s queryServer) Accounts(ctx context.Context, req *types.QueryAccountsRequest) (*types.QueryAccountsResponse, error) {
	accounts, page, err := query.CollectionPaginate(ctx, s.keeper.accounts, bounded(req.GetPagination()),
		func(_ sdk.AccAddress, account types.Account) (types.Account, error) { return account, nil })
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &types.QueryAccountsResponse{Accounts: accounts, Pagination: page}, nil
}

// Hold implements types.QueryServer.
func (s queryServer) Hold(ctx context.Context, req *types.QueryHoldRequest) (*types.QueryHoldResponse, error) {
	hold, err := s.keeper.hold(ctx, req.GetId())
	if err != nil {
		return nil, status.Error(codes.NotFound, err.Error())
	}
	return &types.QueryHoldResponse{Hold: hold}, nil
}

// Holds implements types.QueryServer.
func (s queryServer) Holds(ctx context.Context, req *types.QueryHoldsRequest) (*types.QueryHoldsResponse, error) {
	holds, page, err := query.CollectionPaginate(ctx, s.keeper.holds, bounded(req.GetPagination()),
		func(_ uint64, hold types.Hold) (types.Hold, error) { return hold, nil })
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &types.QueryHoldsResponse{Holds: holds, Pagination: page}, nil
}

// Books implements types.QueryServer.
func (s queryServer) Books(ctx context.Context, _ *types.QueryBooksRequest) (*types.QueryBooksResponse, error) {
	stakes, holds, balance, err := s.keeper.Books(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryBooksResponse{Stakes: stakes, Holds: holds, Balance: balance}, nil
}

func bounded(page *query.PageRequest) *query.PageRequest {
	if page == nil {
		return nil
	}
	capped := *page
	capped.Limit = min(page.Limit, maxPage)
	return &capped
}
