package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
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

// Params implements types.QueryServer.
func (s queryServer) Params(ctx context.Context, _ *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryParamsResponse{Params: params}, nil
}

// Tree implements types.QueryServer.
func (s queryServer) Tree(ctx context.Context, req *types.QueryTreeRequest) (*types.QueryTreeResponse, error) {
	tree, err := s.keeper.tree(ctx, req.GetJobId())
	if err != nil {
		return nil, asStatus(err)
	}
	return &types.QueryTreeResponse{Tree: tree}, nil
}

// Stats implements types.QueryServer. It reads every node of the job.
func (s queryServer) Stats(ctx context.Context, req *types.QueryStatsRequest) (*types.QueryStatsResponse, error) {
	if _, err := s.keeper.tree(ctx, req.GetJobId()); err != nil {
		return nil, asStatus(err)
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	stats := new(types.QueryStatsResponse)
	job := collections.NewPrefixedPairRange[uint64, sdk.AccAddress](req.GetJobId())
	err = s.keeper.nodes.Walk(ctx, job, func(_ nodeKey, node types.Node) (bool, error) {
		if !node.IsActive() {
			return false, nil
		}
		info, err := s.keeper.info(ctx, params, node)
		if err != nil {
			return true, err
		}
		count(stats, info)
		return false, nil
	})
	if err != nil {
		return nil, err
	}
	return stats, nil
}

func count(stats *types.QueryStatsResponse, info types.NodeInfo) {
	for _, role := range info.Node.Roles {
		var all, running *uint64
		switch role {
		case program.ROLE_ADMIN:
			all, running = &stats.Admins, &stats.RunningAdmins
		case program.ROLE_EVALUATOR:
			all, running = &stats.Evaluators, &stats.RunningEvaluators
		case program.ROLE_WORKER:
			all, running = &stats.Workers, &stats.RunningWorkers
		default:
			continue
		}
		*all++
		if info.Running {
			*running++
		}
	}
}

// Node implements types.QueryServer.
func (s queryServer) Node(ctx context.Context, req *types.QueryNodeRequest) (*types.QueryNodeResponse, error) {
	owner, err := types.ParseAddress("owner", req.GetOwner())
	if err != nil {
		return nil, asStatus(err)
	}
	node, err := s.keeper.node(ctx, req.GetJobId(), owner)
	if err != nil {
		return nil, asStatus(err)
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	info, err := s.keeper.info(ctx, params, node)
	if err != nil {
		return nil, err
	}
	return &types.QueryNodeResponse{Node: info}, nil
}

// Profile implements types.QueryServer. An account that states nothing has an
// empty profile.
func (s queryServer) Profile(ctx context.Context, req *types.QueryProfileRequest) (*types.QueryProfileResponse, error) {
	address, err := types.ParseAddress("address", req.GetAddress())
	if err != nil {
		return nil, asStatus(err)
	}
	owner, err := s.keeper.Owner(ctx, address)
	if err != nil {
		return nil, err
	}
	profile, err := s.keeper.profile(ctx, owner)
	if err != nil {
		return nil, err
	}
	return &types.QueryProfileResponse{Profile: profile}, nil
}

// Application implements types.QueryServer.
func (s queryServer) Application(ctx context.Context, req *types.QueryApplicationRequest) (*types.QueryApplicationResponse, error) {
	application, err := s.keeper.application(ctx, req.GetId())
	if err != nil {
		return nil, asStatus(err)
	}
	return &types.QueryApplicationResponse{Application: application}, nil
}

// Score implements types.QueryServer. An account that did nothing has zeros.
func (s queryServer) Score(ctx context.Context, req *types.QueryScoreRequest) (*types.QueryScoreResponse, error) {
	owner, err := types.ParseAddress("owner", req.GetOwner())
	if err != nil {
		return nil, asStatus(err)
	}
	score, err := s.keeper.score(ctx, req.GetJobId(), owner)
	if err != nil {
		return nil, err
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	return &types.QueryScoreResponse{Score: score, Rating: score.Rating(params)}, nil
}

// asStatus gives gRPC and REST clients a code for what is not there or malformed.
func asStatus(err error) error {
	notFound := []error{types.ErrUnknownJob, types.ErrNotNode, types.ErrUnknownApplication}
	if slices.ContainsFunc(notFound, func(target error) bool { return errors.Is(err, target) }) {
		return status.Error(codes.NotFound, err.Error())
	}
	return status.Error(codes.InvalidArgument, err.Error())
}

func bounded(page *query.PageRequest) *query.PageRequest {
	if page == nil {
		return nil
	}
	capped := *page
	capped.Limit = min(page.Limit, maxPage)
	return &capped
}
