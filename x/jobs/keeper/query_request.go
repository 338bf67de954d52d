package keeper

import (
	"context"
	"errors"
	"slices"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

func (s queryServer) Request(ctx context.Context, q *types.QueryRequestRequest) (*types.QueryRequestResponse, error) {
	request, err := s.k.requests.Get(ctx, q.RequestId)
	if err != nil {
		return nil, queryError(err, "request %d: it never was, or left the state after its retention", q.RequestId)
	}
	assignments, err := s.k.workersOf(ctx, request)
	if err != nil {
		return nil, queryError(err, "assignments of request %d", q.RequestId)
	}
	return &types.QueryRequestResponse{Request: request, Assignments: assignments}, nil
}

func (s queryServer) Grants(ctx context.Context, q *types.QueryGrantsRequest) (*types.QueryGrantsResponse, error) {
	if has, err := s.k.requests.Has(ctx, q.RequestId); err != nil || !has {
		return nil, queryError(errors.Join(err, collections.ErrNotFound), "request %d: it never was, or left the state after its retention", q.RequestId)
	}
	grants, page, err := query.CollectionPaginate(ctx, s.k.grants, bounded(q.Pagination),
		func(_ assignmentKey, grant types.Grant) (types.Grant, error) { return grant, nil },
		prefixed(collections.PairPrefix[uint64, sdk.AccAddress](q.RequestId)))
	if err != nil {
		return nil, queryError(err, "grants of request %d", q.RequestId)
	}
	return &types.QueryGrantsResponse{Grants: grants, Pagination: page}, nil
}

func (s queryServer) Checkpoints(ctx context.Context, q *types.QueryCheckpointsRequest) (*types.QueryCheckpointsResponse, error) {
	request, err := s.k.requests.Get(ctx, q.RequestId)
	if err != nil {
		return nil, queryError(err, "request %d: it never was, or left the state after its retention", q.RequestId)
	}
	worker, err := types.ParseAddress("worker", q.Worker)
	if err != nil {
		return nil, queryError(err, "worker")
	}
	if has, err := s.k.assignments.Has(ctx, collections.Join(q.RequestId, worker)); err != nil || !has {
		return nil, queryError(errors.Join(err, collections.ErrNotFound), "worker %s in request %d", worker, q.RequestId)
	}
	checkpoints, err := s.k.checkpointsOf(ctx, q.RequestId, worker)
	if err != nil {
		return nil, queryError(err, "checkpoints of %s in request %d", worker, q.RequestId)
	}
	terms, err := s.k.terms.Get(ctx, termsOf(request))
	if err != nil {
		return nil, queryError(err, "terms of request %d", q.RequestId)
	}
	drawn, err := request.DrawnOf(terms, checkpoints)
	if err != nil {
		return nil, queryError(err, "segments of %s in request %d", worker, q.RequestId)
	}
	return &types.QueryCheckpointsResponse{Checkpoints: checkpoints, Drawn: drawn}, nil
}

// Requests reads the narrowest look-up that the filters allow and holds the other
// filters against each record.
func (s queryServer) Requests(ctx context.Context, q *types.QueryRequestsRequest) (*types.QueryRequestsResponse, error) {
	var (
		requests []types.Request
		page     *query.PageResponse
		err      error
	)
	switch {
	case q.Node != "":
		requests, page, err = s.requestsByNode(ctx, q)
	case q.Client != "":
		requests, page, err = s.requestsByClient(ctx, q)
	case q.JobId != 0:
		requests, page, err = listRequests(ctx, s, q, s.k.requestsByJob,
			func(key byJobKey) uint64 { return key.K2() }, prefixed(collections.PairPrefix[uint64, uint64](q.JobId)))
	default:
		requests, page, err = query.CollectionFilteredPaginate(ctx, s.k.requests, bounded(q.Pagination),
			func(_ uint64, r types.Request) (bool, error) { return matches(q, r), nil },
			func(_ uint64, r types.Request) (types.Request, error) { return r, nil })
	}
	if err != nil {
		return nil, queryError(err, "requests")
	}
	return &types.QueryRequestsResponse{Requests: requests, Pagination: page}, nil
}

func (s queryServer) requestsByNode(ctx context.Context, q *types.QueryRequestsRequest) ([]types.Request, *query.PageResponse, error) {
	node, err := types.ParseAddress("node", q.Node)
	if err != nil {
		return nil, nil, err
	}
	return listRequests(ctx, s, q, s.k.places, func(key placeKey) uint64 { return key.K3() },
		prefixed(collections.TriplePrefix[sdk.AccAddress, bool, uint64](node)))
}

func (s queryServer) requestsByClient(ctx context.Context, q *types.QueryRequestsRequest) ([]types.Request, *query.PageResponse, error) {
	client, err := types.ParseAddress("client", q.Client)
	if err != nil {
		return nil, nil, err
	}
	return listRequests(ctx, s, q, s.k.requestsByClient, func(key byAccountKey) uint64 { return key.K2() },
		prefixed(collections.PairPrefix[sdk.AccAddress, uint64](client)))
}

// listRequests pages through the requests that a look-up names and the filters let pass.
func listRequests[K any](
	ctx context.Context, s queryServer, q *types.QueryRequestsRequest, set collections.KeySet[K],
	id func(K) uint64, prefix func(*query.CollectionsPaginateOptions[K]),
) ([]types.Request, *query.PageResponse, error) {
	return query.CollectionFilteredPaginate(ctx, set, bounded(q.Pagination),
		func(key K, _ collections.NoValue) (bool, error) {
			r, err := s.k.requests.Get(ctx, id(key))
			return err == nil && matches(q, r), err
		},
		func(key K, _ collections.NoValue) (types.Request, error) { return s.k.requests.Get(ctx, id(key)) },
		prefix)
}

// matches holds all filters but that by node, which only the look-up knows.
func matches(q *types.QueryRequestsRequest, r types.Request) bool {
	return (q.JobId == 0 || q.JobId == r.Spec.JobId) &&
		(q.State == types.REQUEST_STATE_UNSPECIFIED || q.State == r.State) &&
		(q.Client == "" || q.Client == r.Client)
}

func (s queryServer) Openings(ctx context.Context, q *types.QueryOpeningsRequest) (*types.QueryOpeningsResponse, error) {
	if err := (&types.MsgAcceptJob{Role: q.Role}).Validate(); err != nil {
		return nil, queryError(err, "role")
	}
	requests, page, err := query.CollectionPaginate(ctx, s.k.openings, bounded(q.Pagination),
		func(key openingKey, _ collections.NoValue) (types.Request, error) {
			return s.k.requests.Get(ctx, key.K3())
		},
		prefixed(collections.TripleSuperPrefix[uint64, int32, uint64](q.JobId, int32(q.Role))))
	if err != nil {
		return nil, queryError(err, "openings of job %#x", q.JobId)
	}
	return &types.QueryOpeningsResponse{Requests: requests, Pagination: page}, nil
}

func (s queryServer) Assignments(ctx context.Context, q *types.QueryAssignmentsRequest) (*types.QueryAssignmentsResponse, error) {
	node, err := types.ParseAddress("node", q.Node)
	if err != nil {
		return nil, queryError(err, "node")
	}
	places, page, err := query.CollectionPaginate(ctx, s.k.places, bounded(q.Pagination),
		func(key placeKey, _ collections.NoValue) (types.Place, error) { return s.place(ctx, node, key.K3()) },
		prefixed(collections.TripleSuperPrefix[sdk.AccAddress, bool, uint64](node, false)))
	if err != nil {
		return nil, queryError(err, "assignments of %s", q.Node)
	}
	return &types.QueryAssignmentsResponse{Places: places, Pagination: page}, nil
}

// place is a node's part in a request: a worker's where it has an assignment, a
// resolver's where it was called to judge, else an evaluator's.
func (s queryServer) place(ctx context.Context, node sdk.AccAddress, id uint64) (types.Place, error) {
	request, err := s.k.requests.Get(ctx, id)
	if err != nil {
		return types.Place{}, err
	}
	isWorker, err := s.k.assignments.Has(ctx, collections.Join(id, node))
	if err != nil {
		return types.Place{}, err
	}
	if slices.Contains(request.Resolvers(), node.String()) {
		return types.Place{Request: request, Role: program.ROLE_ADMIN}, nil
	}
	if !isWorker {
		return types.Place{Request: request, Role: program.ROLE_EVALUATOR}, nil
	}
	a, err := s.k.assignment(ctx, id, node)
	return types.Place{Request: request, Role: program.ROLE_WORKER, Assignment: &a}, err
}
