package keeper_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// busyMarket has requests in every state that there is.
func busyMarket(t testing.TB) *fixture {
	t.Helper()
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	one := func(s *types.RequestSpec) { s.MaxWorkers = 1 }
	send := func(run func(ctx context.Context) error) { require.NoError(t, f.run(run)) }
	commit := func(id uint64) {
		send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err })
	}
	reveal := func(id uint64) {
		send(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	}
	rank := func(id uint64) {
		send(func(ctx context.Context) error {
			_, err := f.server.Rank(ctx, &types.MsgRank{
				Signer: f.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{{Node: f.address("w1").String(), Score: 3}},
			})
			return err
		})
	}
	reopened := f.request(job, one)
	f.accept(reopened, "e1", "w1")
	commit(reopened)
	reveal(reopened)
	f.wait(5 * time.Second)

	f.request(job) // open
	hiring := f.request(job)
	f.accept(hiring, "e1", "w1", "w2")
	send(func(ctx context.Context) error {
		_, err := f.server.RejectWorker(ctx, &types.MsgRejectWorker{
			Signer: f.address("client").String(), RequestId: hiring, Worker: f.address("w2").String(),
		})
		return err
	})
	running := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(running, "e1", "w1", "w2")
	send(func(ctx context.Context) error {
		_, err := f.server.Resign(ctx, &types.MsgResign{Signer: f.address("w2").String(), RequestId: running})
		return err
	})
	for _, last := range []types.RequestState{
		types.REQUEST_STATE_REVEALING, types.REQUEST_STATE_EVALUATING, types.REQUEST_STATE_RANKED, types.REQUEST_STATE_SETTLED,
	} {
		id := f.request(job, one)
		f.accept(id, "e1", "w1")
		commit(id)
		if last >= types.REQUEST_STATE_EVALUATING {
			reveal(id)
		}
		if last >= types.REQUEST_STATE_RANKED {
			rank(id)
		}
		if last == types.REQUEST_STATE_SETTLED {
			send(func(ctx context.Context) error {
				_, err := f.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: f.address("client").String(), RequestId: id})
				return err
			})
		}
	}
	send(func(ctx context.Context) error {
		_, err := f.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: f.address("client").String(), RequestId: f.request(job)})
		return err
	})
	f.wait(0)
	f.endBlock()
	states := map[types.RequestState]bool{}
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	for _, r := range state.Requests {
		states[r.State] = true
	}
	require.Len(t, states, 8, "every state but CHALLENGED, which is not enabled")
	return f
}

// keysAwaited makes a request in which one of two workers has its key.
func (f *fixture) keysAwaited(job uint64) {
	f.t.Helper()
	for _, node := range []string{"e1", "w1", "w2"} {
		f.encrypt(node, true)
	}
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers, s.GrantKeys = 2, true })
	f.accept(id, "e1", "w1", "w2")
	require.NoError(f.t, f.run(func(ctx context.Context) error {
		_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{
			Signer: f.address("client").String(), RequestId: id, Keys: []types.WrappedKey{{Account: f.address("w1").String(), Key: []byte("key")}},
		})
		return err
	}))
}

// checkpointed makes a request by checkpoint on which one worker has published and the other one committed, another whose
// segments the next block draws, and a third whose segments are drawn.
func (f *fixture) checkpointed() {
	f.t.Helper()
	m := f.registration()
	byCheckpoint(&m.Terms, 4, 2)
	job := f.register(m)
	f.join(job, program.ROLE_EVALUATOR, "e1")
	f.join(job, program.ROLE_WORKER, "w1", "w2")
	send := func(run func(ctx context.Context) error) { require.NoError(f.t, f.run(run)) }
	for i, commits := range [][]string{{"w1", "w2"}, {"w1", "w2"}, {"w1"}} {
		id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
		f.accept(id, "e1", "w1", "w2")
		send(func(ctx context.Context) error {
			_, err := f.server.PublishCheckpoints(ctx, f.publish(id, "w1", 0, 3))
			return err
		})
		for _, name := range commits {
			send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, name)); return err })
		}
		if i == 0 {
			f.endBlock()
			f.beginBlock(0)
		}
	}
}

// awaiting is the request of keysAwaited, open the one that waits for an evaluator.
func awaiting(g *types.GenesisState, is bool) *types.Request {
	for i, r := range g.Requests {
		if r.AwaitingKeys == is && (is || r.State == types.REQUEST_STATE_OPEN) {
			return &g.Requests[i]
		}
	}
	panic("no such request")
}

func TestGenesisIsExact(t *testing.T) {
	f := busyMarket(t)
	f.keysAwaited(1)
	f.checkpointed()
	f.addBuilder("builder")
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	for name, size := range map[string]int{
		"params": len(state.Params), "jobs": len(state.Jobs), "schemas": len(state.Schemas), "terms": len(state.Terms),
		"releases": len(state.Releases), "requests": len(state.Requests), "assignments": len(state.Assignments),
		"grants": len(state.Grants), "checkpoints": len(state.Checkpoints), "builders": len(state.Builders),
	} {
		require.NotZero(t, size, name)
	}
	exported, err := json.Marshal(state)
	require.NoError(t, err)

	// Through JSON, as a chain's export is.
	g := newEmptyFixture(t)
	var read types.GenesisState
	require.NoError(t, json.Unmarshal(exported, &read))
	g.init(&read)
	again, err := g.keeper.ExportGenesis(g.ctx)
	require.NoError(t, err)
	reexported, err := json.Marshal(again)
	require.NoError(t, err)
	require.Equal(t, string(exported), string(reexported))
	require.Equal(t, f.dump(), g.dump(), "records and look-ups, byte for byte")
}

func TestGenesisIsRefused(t *testing.T) {
	f := busyMarket(t)
	f.keysAwaited(1)
	f.checkpointed()
	f.addBuilder("builder")
	for name, change := range map[string]func(*types.GenesisState){
		"without params":                           func(g *types.GenesisState) { g.Params = nil },
		"with bad params":                          func(g *types.GenesisState) { g.Params[0].Params.SweepPayouts = 0 },
		"with a gap in the versions":               func(g *types.GenesisState) { g.Params[0].Version = 2 },
		"with a schema twice":                      func(g *types.GenesisState) { g.Schemas = append(g.Schemas, g.Schemas[0]) },
		"with a changed schema":                    func(g *types.GenesisState) { g.Schemas[0].DescriptorSet = nil },
		"without a job's schema":                   func(g *types.GenesisState) { g.Schemas = nil },
		"without a job's terms":                    func(g *types.GenesisState) { g.Terms = nil },
		"without a job's release":                  func(g *types.GenesisState) { g.Releases = g.Releases[:1] },
		"without a job's worker's release alone":   func(g *types.GenesisState) { g.Jobs[0].WorkerRelease = 99 },
		"with a job twice":                         func(g *types.GenesisState) { g.Jobs = append(g.Jobs, g.Jobs[0]) },
		"with a job id to come":                    func(g *types.GenesisState) { g.NextJobId = 1 },
		"with a release id to come":                func(g *types.GenesisState) { g.NextReleaseId = 1 },
		"with a request id to come":                func(g *types.GenesisState) { g.NextRequestId = 1 },
		"with terms twice":                         func(g *types.GenesisState) { g.Terms = append(g.Terms, g.Terms[0]) },
		"with a request twice":                     func(g *types.GenesisState) { g.Requests = append(g.Requests, g.Requests[0]) },
		"with a request of no terms":               func(g *types.GenesisState) { g.Requests[0].TermsVersion = 9 },
		"with a request of no params":              func(g *types.GenesisState) { g.Requests[0].ParamsVersion = 9 },
		"with an assignment twice":                 func(g *types.GenesisState) { g.Assignments = append(g.Assignments, g.Assignments[0]) },
		"with an assignment missing":               func(g *types.GenesisState) { g.Assignments = g.Assignments[1:] },
		"with a key twice":                         func(g *types.GenesisState) { g.Grants = append(g.Grants, g.Grants[0]) },
		"with an empty key":                        func(g *types.GenesisState) { g.Grants[0].Key = nil },
		"with a key of no time":                    func(g *types.GenesisState) { g.Grants[0].GrantedMs = 0 },
		"with a key of no request":                 func(g *types.GenesisState) { g.Grants[0].RequestId = 99 },
		"with a key of a request that grants none": func(g *types.GenesisState) { g.Grants[0].RequestId = awaiting(g, false).Id },
		"with a worker's key missing":              func(g *types.GenesisState) { g.Grants = nil },
		"with a builder twice":                     func(g *types.GenesisState) { g.Builders = append(g.Builders, g.Builders[0]) },
		"with a builder that is no account":        func(g *types.GenesisState) { g.Builders[0].Address = "me" },
		"with a builder in capitals":               func(g *types.GenesisState) { g.Builders[0].Address = strings.ToUpper(g.Builders[0].Address) },
		"with a builder without a name":            func(g *types.GenesisState) { g.Builders[0].Name = "" },
		"with checkpoints twice":                   func(g *types.GenesisState) { g.Checkpoints = append(g.Checkpoints, g.Checkpoints[0]) },
		"with checkpoints of no request":           func(g *types.GenesisState) { g.Checkpoints[0].RequestId = 99 },
		"with checkpoints of no worker":            func(g *types.GenesisState) { g.Checkpoints[0].Worker = g.Requests[0].Client },
		"with checkpoints of nothing":              func(g *types.GenesisState) { g.Checkpoints[0].Digests = nil },
		"with more checkpoints than allowed": func(g *types.GenesisState) {
			g.Checkpoints[0].Digests = append(g.Checkpoints[0].Digests, g.Checkpoints[0].Digests...)
		},
		"with checkpoints of no such job": func(g *types.GenesisState) {
			g.Checkpoints[0].RequestId, g.Checkpoints[0].Worker = g.Assignments[0].RequestId, g.Assignments[0].Worker
		},
		"with a draw of a request that needs none": func(g *types.GenesisState) { g.Requests[0].Draw = make([]byte, 32) },
		"with a short draw":                        func(g *types.GenesisState) { drawnOf(g).Draw = make([]byte, 31) },
		"with a wrong count of keys":               func(g *types.GenesisState) { awaiting(g, true).Granted = 2 },
		"with a wait for keys that nobody needs":   func(g *types.GenesisState) { awaiting(g, false).AwaitingKeys = true },
		"with a wait for keys of an open contract": func(g *types.GenesisState) { awaiting(g, true).ClosedMs = 0 },
		"with a wait for keys that is over":        func(g *types.GenesisState) { awaiting(g, true).GrantedMs = 1 },
		"with a wait for keys under way, ranked": func(g *types.GenesisState) {
			awaiting(g, true).State = types.REQUEST_STATE_RANKED
		},
		"with the next release's id": func(g *types.GenesisState) { g.NextReleaseId = g.Releases[len(g.Releases)-1].Id },
		"with the next request's id": func(g *types.GenesisState) { g.NextRequestId = g.Requests[len(g.Requests)-1].Id },
		"with an assignment twice, and counted": func(g *types.GenesisState) {
			twice := g.Assignments[0]
			g.Assignments = append(g.Assignments, twice)
			for i := range g.Requests {
				if g.Requests[i].Id == twice.RequestId {
					g.Requests[i].Workers++
				}
			}
		},
		"with the next job's id":              func(g *types.GenesisState) { g.NextJobId = g.Jobs[len(g.Jobs)-1].Id },
		"without a job's evaluator's release": func(g *types.GenesisState) { g.Jobs[0].EvaluatorRelease = 99 },
		"with a job 0":                        func(g *types.GenesisState) { g.Jobs = append(g.Jobs, types.Job{SchemaDigest: g.Jobs[0].SchemaDigest}) },
		"with terms of no job":                func(g *types.GenesisState) { g.Terms = append(g.Terms, types.Terms{JobId: 99, Version: 1}) },
		"with a release 0":                    func(g *types.GenesisState) { g.Releases = append(g.Releases, types.Release{JobId: 1}) },
		"with a request 0":                    func(g *types.GenesisState) { r := g.Requests[0]; r.Id = 0; g.Requests = append(g.Requests, r) },
		"with a request of params 0":          func(g *types.GenesisState) { g.Requests[0].ParamsVersion = 0 },
		"with a request of params to come":    func(g *types.GenesisState) { g.Requests[0].ParamsVersion = uint64(len(g.Params)) + 1 },
		"with a revocation of nothing":        func(g *types.GenesisState) { g.Revocations = []types.Revocation{{ReleaseId: 99}} },
		"with a revocation twice":             func(g *types.GenesisState) { g.Revocations = []types.Revocation{{ReleaseId: 1}, {ReleaseId: 1}} },
		"with a long draw":                    func(g *types.GenesisState) { drawnOf(g).Draw = make([]byte, 33) },
		"with a release of no job":            func(g *types.GenesisState) { g.Releases = append(g.Releases, ofNoJob(g)) },
		"with a release twice":                func(g *types.GenesisState) { g.Releases = append(g.Releases, g.Releases[0]) },
		"with an assignment to nothing": func(g *types.GenesisState) {
			g.Assignments = append(g.Assignments, types.Assignment{RequestId: 99})
		},
	} {
		t.Run(name, func(t *testing.T) {
			state, err := f.keeper.ExportGenesis(f.ctx)
			require.NoError(t, err)
			require.NoError(t, state.Validate())
			change(state)
			require.ErrorContains(t, state.Validate(), "genesis")
		})
	}
}

// drawnOf is the request of checkpointed whose segments are drawn.
func drawnOf(g *types.GenesisState) *types.Request {
	return &g.Requests[slices.IndexFunc(g.Requests, func(r types.Request) bool { return len(r.Draw) > 0 })]
}

// ofNoJob is a release that a genesis has room for, but of a job that is not there.
func ofNoJob(g *types.GenesisState) types.Release {
	release := g.Releases[0]
	release.Id, release.JobId = g.NextReleaseId, 99
	g.NextReleaseId++
	return release
}
