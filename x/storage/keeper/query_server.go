package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/storage/types"
)

// maxPage bounds what one query returns; ask for the next page by its key.
const maxPage = 200

type queryServer struct {
	keeper *Keeper
}

var _ types.QueryServer = queryServer{}

// NewQueryServer returns the server of the module's queries.
func NewQueryServer(k *Keeper) types.QueryServer {
	return queryServer{keeper: k}
}

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryParamsResponse{Params: params}, nil
}

// Provider implements types.QueryServer.
func (s queryServer) Provider(ctx context.Context, q *types.QueryProviderRequest) (*types.QueryProviderResponse, error) {
	owner, err := types.ParseAddress("provider", q.GetProvider())
	if err != nil {
		return nil, queryError(err)
	}
	provider, err := s.keeper.provider(ctx, owner)
	if err != nil {
		return nil, queryError(err)
	}
	return &types.QueryProviderResponse{Provider: provider}, nil
}

// Providers implements types.QueryServer.
func (s queryServer) Providers(ctx context.Context, q *types.QueryProvidersRequest) (*types.QueryProvidersResponse, error) {
	providers, page, err := query.CollectionPaginate(ctx, s.keeper.providers, bounded(q.GetPagination()),
		func(_ sdk.AccAddress, provider types.Provider) (types.Provider, error) { return provider, nil })
	if err != nil {
		return nil, queryError(err)
	}
	return &types.QueryProvidersResponse{Providers: providers, Pagination: page}, nil
}

// Space implements types.QueryServer.
func (s queryServer) Space(ctx context.Context, q *types.QuerySpaceRequest) (*types.QuerySpaceResponse, error) {
	space, _, err := s.keeper.space(ctx, q.GetSpace())
	if err != nil {
		return nil, queryError(err)
	}
	return &types.QuerySpaceResponse{Space: space}, nil
}

// Spaces implements types.QueryServer. It answers from the state as it is stored: a space that is over and not swept
// yet is listed.
func (s queryServer) Spaces(ctx context.Context, q *types.QuerySpacesRequest) (*types.QuerySpacesResponse, error) {
	var (
		spaces []types.Space
		page   *query.PageResponse
		err    error
	)
	switch {
	case q.GetOwner() != "" && q.GetProvider() != "":
		err = types.ErrInvalid.Wrap("owner and provider are both given; leave one out")
	case q.GetOwner() != "":
		spaces, page, err = s.spacesOf(ctx, s.keeper.spacesByOwner, "owner", q.Owner, q.Pagination)
	case q.GetProvider() != "":
		spaces, page, err = s.spacesOf(ctx, s.keeper.spacesByProvider, "provider", q.Provider, q.Pagination)
	default:
		spaces, page, err = query.CollectionPaginate(ctx, s.keeper.spaces, bounded(q.GetPagination()),
			func(_ uint64, space types.Space) (types.Space, error) { return space, nil })
	}
	if err != nil {
		return nil, queryError(err)
	}
	return &types.QuerySpacesResponse{Spaces: spaces, Pagination: page}, nil
}

func (s queryServer) spacesOf(
	ctx context.Context, set collections.KeySet[byAccountKey], field, account string, page *query.PageRequest,
) ([]types.Space, *query.PageResponse, error) {
	address, err := types.ParseAddress(field, account)
	if err != nil {
		return nil, nil, err
	}
	return query.CollectionPaginate(ctx, set, bounded(page),
		func(key byAccountKey, _ collections.NoValue) (types.Space, error) {
			return s.keeper.spaces.Get(ctx, key.K2())
		},
		query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](address))
}

// Access implements types.QueryServer.
func (s queryServer) Access(ctx context.Context, q *types.QueryAccessRequest) (*types.QueryAccessResponse, error) {
	account, err := types.ParseAddress("account", q.GetAccount())
	if err != nil {
		return nil, queryError(err)
	}
	if q.Digest != "" {
		if err := types.ValidateDigest("digest", q.Digest); err != nil {
			return nil, queryError(err)
		}
	}
	answer, err := s.keeper.access(ctx, q.Space, account, q.Digest)
	if err != nil {
		return nil, queryError(err)
	}
	return answer, nil
}

// queryError gives an error its gRPC code.
func queryError(err error) error {
	if errors.Is(err, types.ErrUnknownSpace) || errors.Is(err, types.ErrUnknownProvider) {
		return status.Error(codes.NotFound, err.Error())
	}
	return status.Error(codes.InvalidArgument, err.Error())
}

// bounded is a page of at most maxPage.
func bounded(page *query.PageRequest) *query.PageRequest {
	if page == nil {
		return nil
	}
	capped := *page
	capped.Limit = min(page.Limit, maxPage)
	return &capped
}
