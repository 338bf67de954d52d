package keeper

import (
	"cmp"
	"context"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

const defaultScores = 100

// Scores implements types.QueryServer. It reads every node of the job.
func (s queryServer) Scores(ctx context.Context, req *types.QueryScoresRequest) (*types.QueryScoresResponse, error) {
	if _, err := s.keeper.tree(ctx, req.GetJobId()); err != nil {
		return nil, asStatus(err)
	}
	better, err := types.ScoreOrderOf(req.Order)
	if err != nil {
		return nil, asStatus(err)
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	filter := &types.QueryNodesRequest{Role: req.Role, Status: types.NODE_STATUS_ACTIVE, RunningOnly: req.RunningOnly}
	var ranked []types.RankedScore
	err = s.keeper.nodes.Walk(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](req.JobId),
		func(key nodeKey, node types.Node) (stop bool, err error) {
			if ok, err := s.matches(ctx, params, filter, node); !ok || err != nil {
				return false, err
			}
			score, err := s.keeper.score(ctx, req.JobId, key.K2())
			if err != nil {
				return true, err
			}
			entry := types.RankedScore{Score: score, Rating: score.Rating(params)}
			if entry.Rating < 0 && req.MinRating > 0 || entry.Rating >= 0 && uint64(entry.Rating) < req.MinRating {
				return false, nil
			}
			entry.Node, err = s.keeper.info(ctx, params, node)
			ranked = append(ranked, entry)
			return false, err
		})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(ranked, func(a, b types.RankedScore) int {
		return cmp.Or(better(a.Score, b.Score), cmp.Compare(a.Score.Owner, b.Score.Owner))
	})
	limit := cmp.Or(int(req.Limit), defaultScores)
	return &types.QueryScoresResponse{Scores: ranked[:min(len(ranked), limit, maxPage)]}, nil
}
