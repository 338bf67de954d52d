package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// Nodes implements types.QueryServer. Filters left empty let everything pass.
func (s queryServer) Nodes(ctx context.Context, req *types.QueryNodesRequest) (*types.QueryNodesResponse, error) {
	if req.GetParent() != "" {
		if _, err := types.ParseAddress("parent", req.GetParent()); err != nil {
			return nil, asStatus(err)
		}
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	var prefix []func(*query.CollectionsPaginateOptions[nodeKey])
	if req.GetJobId() != 0 {
		prefix = append(prefix, query.WithCollectionPaginationPairPrefix[uint64, sdk.AccAddress](req.GetJobId()))
	}
	nodes, page, err := query.CollectionFilteredPaginate(ctx, s.keeper.nodes, bounded(req.GetPagination()),
		func(_ nodeKey, node types.Node) (bool, error) { return s.matches(ctx, params, req, node) },
		func(_ nodeKey, node types.Node) (types.NodeInfo, error) { return s.keeper.info(ctx, params, node) },
		prefix...)
	if err != nil {
		return nil, asStatus(err)
	}
	return &types.QueryNodesResponse{Nodes: nodes, Pagination: page}, nil
}

func (s queryServer) matches(ctx context.Context, params types.Params, req *types.QueryNodesRequest, node types.Node) (bool, error) {
	switch {
	case req.Role != program.ROLE_UNSPECIFIED && !node.HasRole(req.Role),
		req.Status != types.NODE_STATUS_UNSPECIFIED && node.Status != req.Status,
		req.Parent != "" && node.Parent != req.Parent:
		return false, nil
	case !req.RunningOnly:
		return true, nil
	}
	info, err := s.keeper.info(ctx, params, node)
	return info.Running, err
}

// Memberships implements types.QueryServer.
func (s queryServer) Memberships(ctx context.Context, req *types.QueryMembershipsRequest) (*types.QueryMembershipsResponse, error) {
	owner, err := types.ParseAddress("owner", req.GetOwner())
	if err != nil {
		return nil, asStatus(err)
	}
	params, err := s.keeper.Params(ctx)
	if err != nil {
		return nil, err
	}
	nodes, page, err := query.CollectionPaginate(ctx, s.keeper.nodes.Indexes.Owner, bounded(req.GetPagination()),
		func(key collections.Pair[sdk.AccAddress, uint64], _ collections.NoValue) (types.NodeInfo, error) {
			node, err := s.keeper.nodes.Get(ctx, collections.Join(key.K2(), key.K1()))
			if err != nil {
				return types.NodeInfo{}, err
			}
			return s.keeper.info(ctx, params, node)
		},
		query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](owner))
	if err != nil {
		return nil, asStatus(err)
	}
	return &types.QueryMembershipsResponse{Nodes: nodes, Pagination: page}, nil
}

// Applications implements types.QueryServer. It reads by the narrowest index that
// the filters allow.
func (s queryServer) Applications(ctx context.Context, req *types.QueryApplicationsRequest) (*types.QueryApplicationsResponse, error) {
	filters := []struct{ field, value string }{{"admin", req.GetAdmin()}, {"applicant", req.GetApplicant()}}
	for _, filter := range filters {
		if filter.value == "" {
			continue
		}
		if _, err := types.ParseAddress(filter.field, filter.value); err != nil {
			return nil, asStatus(err)
		}
	}
	list := s.allApplications
	switch {
	case req.GetJobId() != 0 && req.GetApplicant() != "":
		list = s.applicationOf
	case req.GetAdmin() != "":
		list = s.applicationsTo
	}
	applications, page, err := list(ctx, req)
	if err != nil {
		return nil, asStatus(err)
	}
	return &types.QueryApplicationsResponse{Applications: applications, Pagination: page}, nil
}

func (s queryServer) allApplications(ctx context.Context, req *types.QueryApplicationsRequest) ([]types.Application, *query.PageResponse, error) {
	return query.CollectionFilteredPaginate(ctx, s.keeper.applications, bounded(req.Pagination),
		func(_ uint64, a types.Application) (bool, error) { return applicationMatches(req, a), nil },
		func(_ uint64, a types.Application) (types.Application, error) { return a, nil })
}

// applicationOf lists the one application that an applicant can have for a job.
func (s queryServer) applicationOf(ctx context.Context, req *types.QueryApplicationsRequest) ([]types.Application, *query.PageResponse, error) {
	applicant, err := types.ParseAddress("applicant", req.Applicant)
	if err != nil {
		return nil, nil, err
	}
	id, err := s.keeper.applications.Indexes.Applicant.MatchExact(ctx, collections.Join(req.JobId, applicant))
	if errors.Is(err, collections.ErrNotFound) {
		return nil, new(query.PageResponse), nil
	}
	if err != nil {
		return nil, nil, err
	}
	application, err := s.keeper.applications.Get(ctx, id)
	if err != nil || !applicationMatches(req, application) {
		return nil, new(query.PageResponse), err
	}
	return []types.Application{application}, &query.PageResponse{Total: 1}, nil
}

func (s queryServer) applicationsTo(ctx context.Context, req *types.QueryApplicationsRequest) ([]types.Application, *query.PageResponse, error) {
	admin, err := types.ParseAddress("admin", req.Admin)
	if err != nil {
		return nil, nil, err
	}
	type key = collections.Pair[sdk.AccAddress, uint64]
	return query.CollectionFilteredPaginate(ctx, s.keeper.applications.Indexes.Admin, bounded(req.Pagination),
		func(k key, _ collections.NoValue) (bool, error) {
			application, err := s.keeper.applications.Get(ctx, k.K2())
			return err == nil && applicationMatches(req, application), err
		},
		func(k key, _ collections.NoValue) (types.Application, error) {
			return s.keeper.applications.Get(ctx, k.K2())
		},
		query.WithCollectionPaginationPairPrefix[sdk.AccAddress, uint64](admin))
}

func applicationMatches(req *types.QueryApplicationsRequest, a types.Application) bool {
	return (req.JobId == 0 || a.JobId == req.JobId) &&
		(req.Admin == "" || a.Admin == req.Admin) &&
		(req.Applicant == "" || a.Applicant == req.Applicant)
}
