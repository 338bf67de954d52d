package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

func TestTreeAndStats(t *testing.T) {
	f := newFixture(t)
	f.join("a", job, worker)
	f.join("b", job, worker, evaluator)
	f.pass(time.Minute)
	_, err := f.server.Heartbeat(f.ctx, &types.MsgHeartbeat{Signer: address("b").String()})
	require.NoError(t, err)

	tree, err := f.query.Tree(f.ctx, &types.QueryTreeRequest{JobId: job})
	require.NoError(t, err)
	require.Equal(t, types.Tree{JobId: job, Root: f.root.String()}, tree.Tree)

	stats, err := f.query.Stats(f.ctx, &types.QueryStatsRequest{JobId: job})
	require.NoError(t, err)
	require.Equal(t, &types.QueryStatsResponse{
		Admins: 1, Evaluators: 1, Workers: 2, RunningEvaluators: 1, RunningWorkers: 1,
	}, stats)
}

func TestNodesByFilter(t *testing.T) {
	f := newFixture(t)
	f.join("a", job, worker)
	f.join("b", job, worker, evaluator)
	f.pass(time.Minute)
	f.join("c", otherJob, worker)
	_, err := f.server.Heartbeat(f.ctx, &types.MsgHeartbeat{Signer: address("a").String()})
	require.NoError(t, err)

	type at struct {
		job  uint64
		name string
	}
	tests := []struct {
		name string
		req  types.QueryNodesRequest
		want []at
	}{
		{"all", types.QueryNodesRequest{}, []at{{job, "root"}, {job, "a"}, {job, "b"}, {otherJob, "root"}, {otherJob, "c"}}},
		{"of one job", types.QueryNodesRequest{JobId: otherJob}, []at{{otherJob, "root"}, {otherJob, "c"}}},
		{"with a role", types.QueryNodesRequest{Role: worker}, []at{{job, "a"}, {job, "b"}, {otherJob, "c"}}},
		{"of one job with a role", types.QueryNodesRequest{JobId: job, Role: evaluator}, []at{{job, "b"}}},
		{"below a parent", types.QueryNodesRequest{JobId: job, Parent: address("root").String()}, []at{{job, "a"}, {job, "b"}}},
		{"with a status", types.QueryNodesRequest{Status: types.NODE_STATUS_DROPPED}, nil},
		{"running workers of one job", types.QueryNodesRequest{JobId: job, Role: worker, RunningOnly: true}, []at{{job, "a"}}},
		{"of a job that nobody registered", types.QueryNodesRequest{JobId: unknownJob}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			type place struct {
				job   uint64
				owner string
			}
			var want, got []place
			for _, w := range tt.want {
				want = append(want, place{w.job, address(w.name).String()})
			}
			req := tt.req
			req.Pagination = &query.PageRequest{Limit: 1}
			for {
				page, err := f.query.Nodes(f.ctx, &req)
				require.NoError(t, err)
				require.LessOrEqual(t, len(page.Nodes), 1)
				for _, info := range page.Nodes {
					got = append(got, place{info.Node.JobId, info.Node.Owner})
				}
				if len(page.Pagination.NextKey) == 0 {
					break
				}
				req.Pagination.Key = page.Pagination.NextKey
			}
			require.ElementsMatch(t, want, got)
		})
	}
}

func TestMemberships(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.join("alice", otherJob, evaluator)
	f.join("bob", job, worker)

	first, err := f.query.Memberships(f.ctx, &types.QueryMembershipsRequest{Owner: alice.String(), Pagination: &query.PageRequest{Limit: 1}})
	require.NoError(t, err)
	require.Equal(t, []types.NodeInfo{f.node(job, alice)}, first.Nodes)
	second, err := f.query.Memberships(f.ctx, &types.QueryMembershipsRequest{
		Owner: alice.String(), Pagination: &query.PageRequest{Key: first.Pagination.NextKey},
	})
	require.NoError(t, err)
	require.Equal(t, []types.NodeInfo{f.node(otherJob, alice)}, second.Nodes)
	require.Empty(t, second.Pagination.NextKey)
}

func TestApplicationsByFilter(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, f.keeper.PlantTree(f.ctx, 3, address("other root"), program.TreePolicy{}))
	const toOther = 3
	ids := []uint64{
		f.apply("alice", job, worker),
		f.apply("alice", otherJob, worker),
		f.apply("bob", job, worker),
		f.apply("alice", toOther, worker),
	}
	root, alice := f.root.String(), address("alice").String()
	tests := []struct {
		name string
		req  types.QueryApplicationsRequest
		want []uint64
	}{
		{"all", types.QueryApplicationsRequest{}, ids},
		{"for one job", types.QueryApplicationsRequest{JobId: job}, []uint64{ids[0], ids[2]}},
		{"to one admin", types.QueryApplicationsRequest{Admin: root}, ids[:3]},
		{"to one admin for one job", types.QueryApplicationsRequest{Admin: root, JobId: otherJob}, ids[1:2]},
		{"of one applicant", types.QueryApplicationsRequest{Applicant: alice}, []uint64{ids[0], ids[1], ids[3]}},
		{"of one applicant for one job", types.QueryApplicationsRequest{Applicant: alice, JobId: otherJob}, ids[1:2]},
		{"of one applicant to one admin", types.QueryApplicationsRequest{Applicant: alice, Admin: root}, ids[:2]},
		{"of one applicant for one job to another admin", types.QueryApplicationsRequest{Applicant: alice, JobId: toOther, Admin: root}, nil},
		{"of a stranger for one job", types.QueryApplicationsRequest{Applicant: address("eve").String(), JobId: job}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []uint64
			req := tt.req
			req.Pagination = &query.PageRequest{Limit: 1}
			for {
				page, err := f.query.Applications(f.ctx, &req)
				require.NoError(t, err)
				for _, a := range page.Applications {
					got = append(got, a.Id)
				}
				if len(page.Pagination.NextKey) == 0 {
					break
				}
				req.Pagination.Key = page.Pagination.NextKey
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestAPageIsBounded(t *testing.T) {
	f := newFixture(t)
	f.setParams(func(p *types.Params) { p.MaxApplicationsPerAdmin = 2000 })
	for i := range 1001 {
		_, err := f.keeper.Apply(f.ctx, types.Application{
			JobId: job, Applicant: sdk.AccAddress{byte(i >> 8), byte(i), 3: 1, 19: 1}.String(), Roles: []program.Role{worker},
			Nonce:          application(f.root, job).Nonce,
			Qualifications: application(f.root, job, worker).Qualifications,
		})
		require.NoError(t, err)
	}

	page, err := f.query.Applications(f.ctx, &types.QueryApplicationsRequest{Pagination: &query.PageRequest{Limit: 1 << 40}})

	require.NoError(t, err)
	require.Len(t, page.Applications, 1000)
	require.NotEmpty(t, page.Pagination.NextKey)
}

func TestProfileByOwnerAndByOperator(t *testing.T) {
	f := newFixture(t)
	f.setOperator("alice", "hot")
	want := types.Profile{Owner: address("alice").String(), Operator: address("hot").String()}

	for _, name := range []string{"alice", "hot"} {
		response, err := f.query.Profile(f.ctx, &types.QueryProfileRequest{Address: address(name).String()})
		require.NoError(t, err)
		require.Equal(t, want, response.Profile)
	}
	response, err := f.query.Profile(f.ctx, &types.QueryProfileRequest{Address: address("stranger").String()})
	require.NoError(t, err)
	require.Equal(t, types.Profile{Owner: address("stranger").String()}, response.Profile)
}

func TestQueriesForWhatIsNotThereOrMalformed(t *testing.T) {
	f := newFixture(t)
	tests := []struct {
		name string
		ask  func(ctx context.Context) error
		code codes.Code
	}{
		{"the tree of a job that nobody registered", func(ctx context.Context) error {
			_, err := f.query.Tree(ctx, &types.QueryTreeRequest{JobId: unknownJob})
			return err
		}, codes.NotFound},
		{"the stats of a job that nobody registered", func(ctx context.Context) error {
			_, err := f.query.Stats(ctx, &types.QueryStatsRequest{JobId: unknownJob})
			return err
		}, codes.NotFound},
		{"a node that is none", func(ctx context.Context) error {
			_, err := f.query.Node(ctx, &types.QueryNodeRequest{JobId: job, Owner: address("eve").String()})
			return err
		}, codes.NotFound},
		{"an application that was never filed", func(ctx context.Context) error {
			_, err := f.query.Application(ctx, &types.QueryApplicationRequest{Id: 99})
			return err
		}, codes.NotFound},
		{"a node by a malformed address", func(ctx context.Context) error {
			_, err := f.query.Node(ctx, &types.QueryNodeRequest{JobId: job, Owner: "eve"})
			return err
		}, codes.InvalidArgument},
		{"nodes below a malformed parent", func(ctx context.Context) error {
			_, err := f.query.Nodes(ctx, &types.QueryNodesRequest{Parent: "eve"})
			return err
		}, codes.InvalidArgument},
		{"memberships of a malformed address", func(ctx context.Context) error {
			_, err := f.query.Memberships(ctx, &types.QueryMembershipsRequest{Owner: "eve"})
			return err
		}, codes.InvalidArgument},
		{"applications to a malformed admin", func(ctx context.Context) error {
			_, err := f.query.Applications(ctx, &types.QueryApplicationsRequest{Admin: "eve"})
			return err
		}, codes.InvalidArgument},
		{"applications of a malformed applicant", func(ctx context.Context) error {
			_, err := f.query.Applications(ctx, &types.QueryApplicationsRequest{Applicant: "eve"})
			return err
		}, codes.InvalidArgument},
		{"applications of a malformed applicant to an admin", func(ctx context.Context) error {
			_, err := f.query.Applications(ctx, &types.QueryApplicationsRequest{Admin: f.root.String(), Applicant: "eve"})
			return err
		}, codes.InvalidArgument},
		{"scores of a job that nobody registered", func(ctx context.Context) error {
			_, err := f.query.Scores(ctx, &types.QueryScoresRequest{JobId: unknownJob})
			return err
		}, codes.NotFound},
		{"a profile of a malformed address", func(ctx context.Context) error {
			_, err := f.query.Profile(ctx, &types.QueryProfileRequest{Address: "eve"})
			return err
		}, codes.InvalidArgument},
		{"a score of a malformed address", func(ctx context.Context) error {
			_, err := f.query.Score(ctx, &types.QueryScoreRequest{Owner: "eve"})
			return err
		}, codes.InvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.code, status.Code(tt.ask(f.ctx)))
		})
	}
}
