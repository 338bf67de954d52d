package keeper

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/x/jobs/types"
)

// maxPage bounds what one query returns; ask for the next page by its key.
const maxPage = 200

var _ types.QueryServer = queryServer{}

// queryServer answers from the state as it is stored: a phase whose end is due but
// not swept yet is still the phase.
type queryServer struct{ k *Keeper }

// NewQueryServer returns the server of the module's queries.
func NewQueryServer(k *Keeper) types.QueryServer { return queryServer{k} }

func (s queryServer) Params(ctx context.Context, q *types.QueryParamsRequest) (*types.QueryParamsResponse, error) {
	version, params, err := s.k.currentParams(ctx)
	if q.Version != 0 && err == nil {
		version = q.Version
		params, err = s.k.params.Get(ctx, version)
	}
	if err != nil {
		return nil, queryError(err, "params version %d", q.Version)
	}
	return &types.QueryParamsResponse{Params: types.VersionedParams{Version: version, Params: params}}, nil
}

func (s queryServer) Clock(ctx context.Context, _ *types.QueryClockRequest) (*types.QueryClockResponse, error) {
	clock, err := s.k.Clock(ctx)
	if err != nil {
		return nil, queryError(err, "clock")
	}
	return &types.QueryClockResponse{Clock: clock}, nil
}

func (s queryServer) Job(ctx context.Context, q *types.QueryJobRequest) (*types.QueryJobResponse, error) {
	job, err := s.k.job(ctx, q.JobId)
	if err != nil {
		return nil, queryError(err, "job %#x", q.JobId)
	}
	return &types.QueryJobResponse{Job: job}, nil
}

func (s queryServer) Jobs(ctx context.Context, q *types.QueryJobsRequest) (*types.QueryJobsResponse, error) {
	var (
		jobs []types.Job
		page *query.PageResponse
		err  error
	)
	if q.Root == "" {
		jobs, page, err = query.CollectionPaginate(ctx, s.k.jobs, bounded(q.Pagination),
			func(_ uint64, job types.Job) (types.Job, error) { return job, nil })
	} else {
		root, parseErr := types.ParseAddress("root", q.Root)
		if parseErr != nil {
			return nil, queryError(parseErr, "root")
		}
		jobs, page, err = query.CollectionPaginate(ctx, s.k.jobsByRoot, bounded(q.Pagination),
			func(key byAccountKey, _ collections.NoValue) (types.Job, error) { return s.k.jobs.Get(ctx, key.K2()) },
			prefixed(collections.PairPrefix[sdk.AccAddress, uint64](root)))
	}
	if err != nil {
		return nil, queryError(err, "jobs")
	}
	return &types.QueryJobsResponse{Jobs: jobs, Pagination: page}, nil
}

func (s queryServer) Schema(ctx context.Context, q *types.QuerySchemaRequest) (*types.QuerySchemaResponse, error) {
	job, err := s.k.job(ctx, q.JobId)
	if err != nil {
		return nil, queryError(err, "job %#x", q.JobId)
	}
	file, err := s.k.schemaFiles.Get(ctx, job.SchemaDigest)
	if err != nil {
		return nil, queryError(err, "schema of job %#x", q.JobId)
	}
	return &types.QuerySchemaResponse{Schema: types.StoredSchema{Digest: job.SchemaDigest, DescriptorSet: file}}, nil
}

func (s queryServer) Terms(ctx context.Context, q *types.QueryTermsRequest) (*types.QueryTermsResponse, error) {
	version := q.Version
	if version == 0 {
		job, err := s.k.job(ctx, q.JobId)
		if err != nil {
			return nil, queryError(err, "job %#x", q.JobId)
		}
		version = job.TermsVersion
	}
	spec, err := s.k.terms.Get(ctx, collections.Join(q.JobId, version))
	if err != nil {
		return nil, queryError(err, "terms %d of job %#x", version, q.JobId)
	}
	return &types.QueryTermsResponse{Terms: types.Terms{JobId: q.JobId, Version: version, Spec: spec}}, nil
}

func (s queryServer) Release(ctx context.Context, q *types.QueryReleaseRequest) (*types.QueryReleaseResponse, error) {
	release, err := s.k.releases.Get(ctx, q.ReleaseId)
	if err != nil {
		return nil, queryError(err, "release %d", q.ReleaseId)
	}
	return &types.QueryReleaseResponse{Release: release}, nil
}

func (s queryServer) Releases(ctx context.Context, q *types.QueryReleasesRequest) (*types.QueryReleasesResponse, error) {
	prefix := collections.TriplePrefix[uint64, int32, uint64](q.JobId)
	if q.Role != 0 {
		prefix = collections.TripleSuperPrefix[uint64, int32, uint64](q.JobId, int32(q.Role))
	}
	releases, page, err := query.CollectionPaginate(ctx, s.k.releasesByJob, bounded(q.Pagination),
		func(key releaseKey, _ collections.NoValue) (types.Release, error) {
			return s.k.releases.Get(ctx, key.K3())
		},
		prefixed(prefix))
	if err != nil {
		return nil, queryError(err, "releases of job %#x", q.JobId)
	}
	return &types.QueryReleasesResponse{Releases: releases, Pagination: page}, nil
}

func (s queryServer) Builder(ctx context.Context, q *types.QueryBuilderRequest) (*types.QueryBuilderResponse, error) {
	address, err := types.ParseAddress("builder", q.Builder)
	if err != nil {
		return nil, queryError(err, "")
	}
	builder, err := s.k.builders.Get(ctx, address)
	if err != nil {
		return nil, queryError(err, "builder %s; list those that are trusted", address)
	}
	return &types.QueryBuilderResponse{Builder: builder}, nil
}

func (s queryServer) Builders(ctx context.Context, q *types.QueryBuildersRequest) (*types.QueryBuildersResponse, error) {
	builders, page, err := query.CollectionPaginate(ctx, s.k.builders, bounded(q.Pagination),
		func(_ sdk.AccAddress, builder types.Builder) (types.Builder, error) { return builder, nil })
	if err != nil {
		return nil, queryError(err, "builders")
	}
	return &types.QueryBuildersResponse{Builders: builders, Pagination: page}, nil
}

// queryError gives an error its gRPC code. The words of our own errors say enough;
// a bare "not found" needs what was looked for.
func queryError(err error, format string, args ...any) error {
	switch {
	case errors.Is(err, collections.ErrNotFound):
		return status.Errorf(codes.NotFound, "unknown "+format, args...)
	case errors.Is(err, types.ErrUnknownJob), errors.Is(err, types.ErrUnknownRequest):
		return status.Error(codes.NotFound, err.Error())
	default:
		return status.Error(codes.InvalidArgument, err.Error())
	}
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

// prefixed restricts a paginated query to the keys with a prefix.
func prefixed[K any](prefix K) func(*query.CollectionsPaginateOptions[K]) {
	return func(o *query.CollectionsPaginateOptions[K]) { o.Prefix = &prefix }
}
