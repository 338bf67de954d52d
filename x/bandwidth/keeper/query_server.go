package keeper

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/bandwidth/types"
)

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

// Room implements types.QueryServer. An account that never sent anything has a room
// of which nothing is in use.
func (s queryServer) Room(ctx context.Context, q *types.QueryRoomRequest) (*types.QueryRoomResponse, error) {
	account, err := types.ParseAddress("account", q.GetAccount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	owner, err := s.keeper.reputation.Owner(ctx, account)
	if err != nil {
		return nil, err
	}
	room, err := s.keeper.ownRoom(ctx, params, owner)
	if err != nil {
		return nil, err
	}
	return &types.QueryRoomResponse{
		Owner:     owner.String(),
		State:     stateOf(room.account.Meter, room.meter, params),
		Stake:     room.stake,
		Allocated: room.account.Allocated,
		Bound:     math.MinInt(room.bound(params), room.stake),
	}, nil
}

// JobRoom implements types.QueryServer.
func (s queryServer) JobRoom(ctx context.Context, q *types.QueryJobRoomRequest) (*types.QueryJobRoomResponse, error) {
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	root, err := s.keeper.jobs.Root(ctx, q.GetJobId())
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, status.Errorf(codes.NotFound, "job %#x: there is none", q.GetJobId())
	}
	p, _, err := s.keeper.pot(ctx, params, q.JobId)
	if err != nil {
		return nil, err
	}
	answer := &types.QueryJobRoomResponse{
		Root:       root.String(),
		Allocated:  p.allocation.Amount,
		Bound:      params.CoinsFor(p.meter.Used, types.Room{}),
		State:      stateOf(p.allocation.Meter, p.meter, params),
		Applicants: stateOf(p.allocation.Applicants, p.applicants, params),
	}
	if q.Account == "" {
		return answer, nil
	}
	return answer, s.addShare(ctx, params, p, q, answer)
}

// addShare fills in what one account may use.
func (s queryServer) addShare(
	ctx context.Context, params types.Params, p pot, q *types.QueryJobRoomRequest, answer *types.QueryJobRoomResponse,
) error {
	account, err := types.ParseAddress("account", q.Account)
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	owner, err := s.keeper.reputation.Owner(ctx, account)
	if err != nil {
		return err
	}
	if answer.IsNode, err = s.keeper.reputation.IsActiveNode(ctx, q.JobId, owner); err != nil {
		return err
	}
	kept, err := s.keeper.share(ctx, q.JobId, owner)
	if err != nil {
		return err
	}
	state := stateOf(kept, kept.At(nowMs(ctx), p.shareFull(params, !answer.IsNode), params.WindowMs), params)
	answer.Share = &state
	return nil
}

// stateOf is a meter for who asks: as it is kept, and as it is now.
func stateOf(kept, now types.Meter, params types.Params) types.State {
	state := types.State{Full: now.Full, Used: now.Used}
	if !now.Used.IsZero() {
		state.FreeMs = kept.FreeAt(now.Full, params.WindowMs)
	}
	return state
}
