package keeper_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// ids lists the requests of a page.
func ids(requests []types.Request) []uint64 {
	out := []uint64{}
	for _, r := range requests {
		out = append(out, r.Id)
	}
	return out
}

// In busyMarket requests are: 1 reopened, 2 open, 3 hiring, 4 running, 5 revealing,
// 6 evaluating, 7 ranked, 8 settled, 9 cancelled.
func TestRequestsAreFiltered(t *testing.T) {
	f := busyMarket(t)
	f.fund("other", 10_000, 0)
	client, e1, w1, w2 := f.address("client").String(), f.address("e1").String(), f.address("w1").String(), f.address("w2").String()
	for name, c := range map[string]struct {
		filter types.QueryRequestsRequest
		want   []uint64
	}{
		"all":                       {types.QueryRequestsRequest{}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"of a job":                  {types.QueryRequestsRequest{JobId: 1}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"of another job":            {types.QueryRequestsRequest{JobId: 2}, []uint64{}},
		"in a state":                {types.QueryRequestsRequest{State: types.REQUEST_STATE_RUNNING}, []uint64{3, 4}},
		"of a job in a state":       {types.QueryRequestsRequest{JobId: 1, State: types.REQUEST_STATE_OPEN}, []uint64{2}},
		"of a client":               {types.QueryRequestsRequest{Client: client}, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"of a client in a state":    {types.QueryRequestsRequest{Client: client, State: types.REQUEST_STATE_CANCELLED}, []uint64{9}},
		"of a client without any":   {types.QueryRequestsRequest{Client: f.address("other").String()}, []uint64{}},
		"of an evaluator":           {types.QueryRequestsRequest{Node: e1}, []uint64{1, 3, 4, 5, 6, 7, 8}},
		"of a worker":               {types.QueryRequestsRequest{Node: w1}, []uint64{1, 3, 4, 5, 6, 7, 8}},
		"of a worker in a state":    {types.QueryRequestsRequest{Node: w1, State: types.REQUEST_STATE_SETTLED}, []uint64{8}},
		"of a worker not rejected":  {types.QueryRequestsRequest{Node: w2}, []uint64{4}},
		"of a worker and of nobody": {types.QueryRequestsRequest{Node: w1, Client: f.address("other").String()}, []uint64{}},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := f.query.Requests(f.ctx, &c.filter)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(response.Requests))
		})
	}
}

func TestRequestsArePaged(t *testing.T) {
	f := busyMarket(t)
	for name, filter := range map[string]types.QueryRequestsRequest{
		"all":         {},
		"of a job":    {JobId: 1},
		"of a client": {Client: f.address("client").String()},
	} {
		t.Run(name, func(t *testing.T) {
			var got []uint64
			page := &query.PageRequest{Limit: 4}
			for range 3 {
				filter.Pagination = page
				response, err := f.query.Requests(f.ctx, &filter)
				require.NoError(t, err)
				require.LessOrEqual(t, len(response.Requests), 4)
				got = append(got, ids(response.Requests)...)
				page = &query.PageRequest{Key: response.Pagination.NextKey, Limit: 4}
			}
			require.Nil(t, page.Key)
			require.Equal(t, []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}, got)
		})
	}
	newest, err := f.query.Requests(f.ctx, &types.QueryRequestsRequest{Pagination: &query.PageRequest{Limit: 2, Reverse: true}})
	require.NoError(t, err)
	require.Equal(t, []uint64{9, 8}, ids(newest.Requests))
}

func TestPagesAreBounded(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 10_000_000, 0)
	for range 201 {
		f.request(job)
	}
	response, err := f.query.Requests(f.ctx, &types.QueryRequestsRequest{Pagination: &query.PageRequest{Limit: 1 << 40}})
	require.NoError(t, err)
	require.Len(t, response.Requests, 200)
	require.NotNil(t, response.Pagination.NextKey)
}

func TestOpeningsAreWhatARoleCanAccept(t *testing.T) {
	f := busyMarket(t)
	openings := func(role program.Role) []uint64 {
		response, err := f.query.Openings(f.ctx, &types.QueryOpeningsRequest{JobId: 1, Role: role})
		require.NoError(t, err)
		return ids(response.Requests)
	}
	require.Equal(t, []uint64{1, 2}, openings(program.ROLE_EVALUATOR), "open and reopened")
	require.Equal(t, []uint64{3}, openings(program.ROLE_WORKER), "running and not closed")
	_, err := f.query.Openings(f.ctx, &types.QueryOpeningsRequest{JobId: 1})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestAssignmentsAreUnfinishedPlaces(t *testing.T) {
	f := busyMarket(t)
	response, err := f.query.Assignments(f.ctx, &types.QueryAssignmentsRequest{Node: f.address("w1").String()})
	require.NoError(t, err)
	var got []uint64
	for _, place := range response.Places {
		got = append(got, place.Request.Id)
		require.Equal(t, program.ROLE_WORKER, place.Role)
		require.Equal(t, f.address("w1").String(), place.Assignment.Worker)
	}
	require.Equal(t, []uint64{1, 3, 4, 5, 6, 7}, got)

	response, err = f.query.Assignments(f.ctx, &types.QueryAssignmentsRequest{Node: f.address("e1").String()})
	require.NoError(t, err)
	require.Len(t, response.Places, 6)
	require.Equal(t, program.ROLE_EVALUATOR, response.Places[0].Role)
	require.Nil(t, response.Places[0].Assignment)
}

func TestAResolverHasAPlaceWhileItJudges(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	f.accept(id, "e1", "w1")
	for _, send := range []func(ctx context.Context) error{
		func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err },
		func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err },
		func(ctx context.Context) error {
			_, err := f.server.Rank(ctx, &types.MsgRank{Signer: f.address("e1").String(), RequestId: id})
			return err
		},
		func(ctx context.Context) error {
			_, err := f.server.Challenge(ctx, &types.MsgChallenge{Signer: f.address("client").String(), RequestId: id})
			return err
		},
	} {
		require.NoError(t, f.run(send))
	}
	response, err := f.query.Assignments(f.ctx, &types.QueryAssignmentsRequest{Node: f.address("root").String()})
	require.NoError(t, err)
	require.Len(t, response.Places, 1)
	require.Equal(t, id, response.Places[0].Request.Id)
	require.Equal(t, program.ROLE_ADMIN, response.Places[0].Role)
	require.Nil(t, response.Places[0].Assignment)
}

func TestGrantsAreThoseOfTheRequest(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	f.keysAwaited(job)
	f.keysAwaited(job)
	grants := func(id uint64, page *query.PageRequest) *types.QueryGrantsResponse {
		response, err := f.query.Grants(f.ctx, &types.QueryGrantsRequest{RequestId: id, Pagination: page})
		require.NoError(t, err)
		return response
	}
	w1, w2 := f.address("w1").String(), f.address("w2").String()
	now := f.ctx.BlockTime().UnixMilli()
	require.Equal(t, []types.Grant{{RequestId: 2, Account: w1, Key: []byte("key"), GrantedMs: now}}, grants(2, nil).Grants)

	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{
			Signer: f.address("client").String(), RequestId: 2, Keys: []types.WrappedKey{{Account: w2, Key: []byte("other")}},
		})
		return err
	}))
	first := grants(2, &query.PageRequest{Limit: 1})
	require.Len(t, first.Grants, 1)
	rest := grants(2, &query.PageRequest{Key: first.Pagination.NextKey})
	require.Len(t, rest.Grants, 1)
	require.ElementsMatch(t, []string{w1, w2}, []string{first.Grants[0].Account, rest.Grants[0].Account})
	require.Len(t, grants(1, nil).Grants, 1, "the other request's are its own")
	require.Empty(t, grants(f.request(job), nil).Grants)

	response, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: 1})
	require.NoError(t, err)
	for _, a := range response.Assignments {
		require.Equal(t, ageKey, a.EncryptionKey, "what a key is wrapped to")
	}
	require.Equal(t, ageKey, response.Request.EvaluatorEncryptionKey)
}

// A request says when each of its steps was taken, so that everybody can see who was slow.
func TestEveryStepIsTimed(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	for _, node := range []string{"e1", "w1", "w2"} {
		f.encrypt(node, true)
	}
	var now int64
	step := func(run func(ctx context.Context) error) int64 {
		f.wait(100 * time.Millisecond)
		now = f.ctx.BlockTime().UnixMilli()
		require.NoError(t, f.run(run))
		return now
	}
	var id uint64
	requested := step(func(context.Context) error {
		id = f.request(job, func(s *types.RequestSpec) { s.MaxWorkers, s.GrantKeys = 2, true })
		return nil
	})
	accept := func(name string) int64 {
		return step(func(context.Context) error { f.accept(id, name); return nil })
	}
	grant := func(name string) int64 {
		return step(func(ctx context.Context) error {
			_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{
				Signer: f.address("client").String(), RequestId: id, Keys: []types.WrappedKey{{Account: f.address(name).String(), Key: []byte(name)}},
			})
			return err
		})
	}
	commit := func(name string) int64 {
		return step(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, name)); return err })
	}
	reveal := func(name string) int64 {
		return step(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, name)); return err })
	}
	started := accept("e1")
	accepted := map[string]int64{"w1": accept("w1"), "w2": accept("w2")}
	keyed := map[string]int64{"w1": grant("w1"), "w2": grant("w2")}
	committed := map[string]int64{"w1": commit("w1"), "w2": commit("w2")}
	revealed := map[string]int64{"w1": reveal("w1"), "w2": reveal("w2")}
	evaluating := grant("e1")
	ranked := step(func(ctx context.Context) error {
		_, err := f.server.Rank(ctx, &types.MsgRank{Signer: f.address("e1").String(), RequestId: id})
		return err
	})
	r, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
	require.NoError(t, err)
	require.Equal(t, []int64{requested, started, accepted["w2"], keyed["w2"], evaluating, ranked}, []int64{
		r.Request.RequestedMs, r.Request.StartedMs, r.Request.ClosedMs, r.Request.GrantedMs, r.Request.EvaluatingMs, r.Request.RankedMs,
	})
	require.Len(t, r.Assignments, 2)
	for _, name := range []string{"w1", "w2"} {
		for _, a := range r.Assignments {
			if a.Worker == f.address(name).String() {
				require.Equal(t, []int64{accepted[name], keyed[name], committed[name], revealed[name]},
					[]int64{a.AcceptedMs, a.GrantedMs, a.CommittedMs, a.RevealedMs}, name)
			}
		}
	}
	for range 2 {
		f.wait(10 * time.Second)
	}
	finished, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
	require.NoError(t, err)
	require.Equal(t, types.REQUEST_STATE_SETTLED, finished.Request.State)
	require.GreaterOrEqual(t, finished.Request.FinishedMs, ranked+10_000)
}

func TestJobsAndReleasesAreListed(t *testing.T) {
	f, job := newMarket(t)
	other := f.register(f.registration())
	all, err := f.query.Jobs(f.ctx, &types.QueryJobsRequest{})
	require.NoError(t, err)
	require.Len(t, all.Jobs, 2)
	of, err := f.query.Jobs(f.ctx, &types.QueryJobsRequest{Root: f.address("root").String(), Pagination: &query.PageRequest{Limit: 1, Reverse: true}})
	require.NoError(t, err)
	require.Equal(t, other, of.Jobs[0].Id)
	of, err = f.query.Jobs(f.ctx, &types.QueryJobsRequest{Root: f.address("client").String()})
	require.NoError(t, err)
	require.Empty(t, of.Jobs)

	one, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: job})
	require.NoError(t, err)
	schema, err := f.query.Schema(f.ctx, &types.QuerySchemaRequest{JobId: job})
	require.NoError(t, err)
	require.Equal(t, one.Job.SchemaDigest, schema.Schema.Digest)
	require.Equal(t, one.Job.SchemaDigest, types.Digest(schema.Schema.DescriptorSet))
	terms, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: job})
	require.NoError(t, err)
	require.Equal(t, uint64(1), terms.Terms.Version)
	require.Equal(t, "20", terms.Terms.Spec.Bond.Amount.String())

	releases, err := f.query.Releases(f.ctx, &types.QueryReleasesRequest{JobId: job})
	require.NoError(t, err)
	require.Len(t, releases.Releases, 2)
	releases, err = f.query.Releases(f.ctx, &types.QueryReleasesRequest{JobId: job, Role: program.ROLE_EVALUATOR})
	require.NoError(t, err)
	require.Len(t, releases.Releases, 1)
	release, err := f.query.Release(f.ctx, &types.QueryReleaseRequest{ReleaseId: one.Job.EvaluatorRelease})
	require.NoError(t, err)
	require.Equal(t, releases.Releases[0], release.Release)
}

// Every list comes page by page, nothing twice and nothing left out.
func TestEveryListIsPaged(t *testing.T) {
	f := busyMarket(t)
	f.keysAwaited(1)
	f.register(f.registration())
	node, root := f.address("w1").String(), f.address("root").String()
	keyed := f.request(1, func(s *types.RequestSpec) { s.MaxWorkers, s.GrantKeys = 2, true })
	f.accept(keyed, "e1", "w1", "w2")
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{Signer: f.address("client").String(), RequestId: keyed, Keys: []types.WrappedKey{
			{Account: f.address("w1").String(), Key: []byte("1")}, {Account: f.address("w2").String(), Key: []byte("2")},
		}})
		return err
	}))
	for name, list := range map[string]func(page *query.PageRequest) ([]string, *query.PageResponse, error){
		"jobs": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Jobs(f.ctx, &types.QueryJobsRequest{Pagination: page})
			return texts(r.GetJobs(), func(j types.Job) any { return j.Id }), r.GetPagination(), err
		},
		"jobs of a root": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Jobs(f.ctx, &types.QueryJobsRequest{Root: root, Pagination: page})
			return texts(r.GetJobs(), func(j types.Job) any { return j.Id }), r.GetPagination(), err
		},
		"releases": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Releases(f.ctx, &types.QueryReleasesRequest{JobId: 1, Pagination: page})
			return texts(r.GetReleases(), func(r types.Release) any { return r.Id }), r.GetPagination(), err
		},
		"openings": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Openings(f.ctx, &types.QueryOpeningsRequest{JobId: 1, Role: program.ROLE_EVALUATOR, Pagination: page})
			return texts(r.GetRequests(), func(r types.Request) any { return r.Id }), r.GetPagination(), err
		},
		"assignments": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Assignments(f.ctx, &types.QueryAssignmentsRequest{Node: node, Pagination: page})
			return texts(r.GetPlaces(), func(p types.Place) any { return p.Request.Id }), r.GetPagination(), err
		},
		"requests of a node": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Requests(f.ctx, &types.QueryRequestsRequest{Node: node, Pagination: page})
			return texts(r.GetRequests(), func(r types.Request) any { return r.Id }), r.GetPagination(), err
		},
		"keys": func(page *query.PageRequest) ([]string, *query.PageResponse, error) {
			r, err := f.query.Grants(f.ctx, &types.QueryGrantsRequest{RequestId: keyed, Pagination: page})
			return texts(r.GetGrants(), func(g types.Grant) any { return g.Account }), r.GetPagination(), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			all, _, err := list(nil)
			require.NoError(t, err)
			require.Greater(t, len(all), 1)
			var paged []string
			for page := (&query.PageRequest{Limit: 1}); ; {
				one, next, err := list(page)
				require.NoError(t, err)
				require.Len(t, one, 1)
				paged = append(paged, one...)
				if next.NextKey == nil {
					break
				}
				page = &query.PageRequest{Limit: 1, Key: next.NextKey}
			}
			require.Equal(t, all, paged)
		})
	}
}

func texts[T any](list []T, of func(T) any) (out []string) {
	for _, entry := range list {
		out = append(out, fmt.Sprint(of(entry)))
	}
	return out
}

// What is asked for by version is that version, what is not, the present one.
func TestVersionsAreAskedFor(t *testing.T) {
	f, job := newMarket(t)
	first, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: job})
	require.NoError(t, err)
	changed := first.Terms.Spec
	changed.InvalidLosesBond = !changed.InvalidLosesBond
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateJob(ctx, &types.MsgUpdateJob{Signer: f.address("root").String(), JobId: job, Terms: &changed})
		return err
	}))
	for version, want := range map[uint64]types.Terms{
		0: {JobId: job, Version: 2, Spec: changed}, 1: {JobId: job, Version: 1, Spec: first.Terms.Spec}, 2: {JobId: job, Version: 2, Spec: changed},
	} {
		got, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: job, Version: version})
		require.NoError(t, err)
		require.Equal(t, want, got.Terms, version)
	}

	was, err := f.query.Params(f.ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	params := was.Params.Params
	params.SweepPayouts++
	require.NoError(t, f.run(func(ctx context.Context) error {
		_, err := f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
		return err
	}))
	now := types.VersionedParams{Version: was.Params.Version + 1, Params: params}
	for version, want := range map[uint64]types.VersionedParams{0: now, was.Params.Version: was.Params, now.Version: now} {
		got, err := f.query.Params(f.ctx, &types.QueryParamsRequest{Version: version})
		require.NoError(t, err)
		require.Equal(t, want, got.Params, version)
	}
}

func TestUnknownThingsAreNotFound(t *testing.T) {
	f, _ := newMarket(t)
	queries := map[string]func() error{
		"job":    func() error { _, err := f.query.Job(f.ctx, &types.QueryJobRequest{JobId: 9}); return err },
		"schema": func() error { _, err := f.query.Schema(f.ctx, &types.QuerySchemaRequest{JobId: 9}); return err },
		"terms": func() error {
			_, err := f.query.Terms(f.ctx, &types.QueryTermsRequest{JobId: 1, Version: 9})
			return err
		},
		"release": func() error { _, err := f.query.Release(f.ctx, &types.QueryReleaseRequest{ReleaseId: 9}); return err },
		"request": func() error { _, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: 9}); return err },
		"grants":  func() error { _, err := f.query.Grants(f.ctx, &types.QueryGrantsRequest{RequestId: 9}); return err },
		"checkpoints": func() error {
			_, err := f.query.Checkpoints(f.ctx, &types.QueryCheckpointsRequest{RequestId: 9, Worker: f.address("w1").String()})
			return err
		},
		"params": func() error { _, err := f.query.Params(f.ctx, &types.QueryParamsRequest{Version: 9}); return err },
	}
	for name, run := range queries {
		err := run()
		require.Equal(t, codes.NotFound, status.Code(err), name)
		require.ErrorContains(t, err, "9", name)
	}
}
