package keeper_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
	storagekeeper "github.com/ain-network/aind/x/storage/keeper"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// requestedTasks is a job whose requests name their program.
const requestedTasks = `syntax = "proto3";
package tasks;
service Worker { rpc Run(Task) returns (Outcome) {} }
service Evaluator { rpc Check(Checked) returns (Ranking) {} }
message Task { Code program = 1; Code check = 2; }
message Code { string kind = 1; string digest = 2; uint64 size = 3; string entry_point = 4; repeated string args = 5; repeated File files = 6; }
message File { string name = 1; string digest = 2; uint64 size = 3; }
message Outcome { uint32 exit_status = 1; string failure = 2; string stdout = 3; string stderr = 4; string output_digest = 5; uint64 output_size = 6; }
message Checked { Task request = 1; repeated Candidate workers = 2; }
message Candidate { string node = 1; Outcome response = 2; }
message Ranking { repeated Place ranking = 1; }
message Place { string node = 1; uint64 score = 2; bool valid = 3; }
`

// newTasks is a market with a job whose requests name their program.
func newTasks(t *testing.T) (*fixture, uint64) {
	f, _ := newMarket(t)
	m := f.registration()
	m.Schema, m.QualificationInput = compile(t, requestedTasks), types.Input{}
	for i := range m.Releases {
		if m.Releases[i].Role == program.ROLE_WORKER {
			m.Releases[i].Program = program.Program{Kind: program.PROGRAM_KIND_REQUESTED}
		}
		m.Releases[i] = sign(m.Schema, "root", m.Releases[i])
	}
	job := f.register(m)
	f.join(job, program.ROLE_EVALUATOR, "e1")
	f.join(job, program.ROLE_WORKER, "w1", "w2")
	return f, job
}

// lets has the owner of a space let another write there, or, without any, nobody else.
func (f *fixture) lets(space uint64, owner string, writers ...string) {
	f.t.Helper()
	rule := storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_OWNER}
	for _, name := range writers {
		rule.Kind = storagetypes.ACCESS_KIND_LISTED
		rule.Accounts = append(rule.Accounts, f.address(name).String())
	}
	f.send(func(ctx context.Context) error {
		_, err := storagekeeper.NewMsgServer(f.storage).SetAccess(ctx, &storagetypes.MsgSetAccess{
			Signer: f.address(owner).String(), Space: space, Read: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_PARTICIPANTS}, Write: rule,
		})
		return err
	})
}

// submits and reveals send a result's messages.
func (f *fixture) submits(m *types.MsgSubmitResult) error {
	return f.run(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, m); return err })
}

func (f *fixture) reveals(m *types.MsgRevealResult) error {
	return f.run(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, m); return err })
}

func TestCommittedSpaceIsKeptForTheReveal(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	others, own := f.reserve("w3", time.Hour), f.reserve("w2", time.Hour)
	f.lets(others, "w3", "w1", "w2")
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")

	w1, open1 := f.committed(id, "w1", content(others, "first"))
	w1.Space = own
	require.ErrorContains(t, f.submits(w1), "space: space 2: "+f.address("w1").String()+" may not write there; name a space of its own")
	w1.Space = 99
	require.ErrorContains(t, f.submits(w1), "space: space 99 was never reserved, or has expired")
	w1.Space = others
	require.NoError(t, f.submits(w1))
	r := f.get(id)
	require.Equal(t, []uint64{others}, r.Spaces)
	require.EqualValues(t, 1, f.space(others).Needs)
	require.EqualValues(t, r.EndsBy(types.DefaultParams(), f.registration().Terms.Windows), f.space(others).KeepUntilMs)

	// w2 says nothing of the space when it commits.
	w2, open2 := f.committed(id, "w2", content(others, "second"))
	require.NoError(t, f.submits(w2))
	f.lets(others, "w3")
	f.send(func(ctx context.Context) error {
		_, err := storagekeeper.NewMsgServer(f.storage).ReleaseSpace(ctx, &storagetypes.MsgReleaseSpace{Signer: f.address("w3").String(), Space: others})
		return err
	})
	require.ErrorContains(t, f.reveals(open2), "result.reference.space: space 1: "+f.address("w2").String()+" may not write there; name a space of its own")
	require.NoError(t, f.reveals(open1))
	f.wait(3 * time.Second)
	require.Equal(t, "client e1 root w1 w2 w3", f.readers(content(others, "first")), "w3 owns it")
	f.wait(2 * time.Hour)
	answer, err := f.query.Requests(f.ctx, &types.QueryRequestsRequest{JobId: job})
	require.NoError(t, err)
	require.Empty(t, answer.Requests)
}

func TestRevealMayNameAnotherSpaceThatItsWorkerWrites(t *testing.T) {
	f, job := newMarket(t)
	first, second, others := f.reserve("w1", time.Hour), f.reserve("w1", time.Hour), f.reserve("w2", time.Hour)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	f.accept(id, "e1", "w1")
	commit, open := f.committed(id, "w1", content(others, "result"))
	commit.Space = first
	require.NoError(t, f.submits(commit))
	require.ErrorContains(t, f.reveals(open), "result.reference.space: space 3: "+f.address("w1").String()+" may not write there; name a space of its own")
	open.Result.Reference.Space = second
	require.NoError(t, f.reveals(open))
	require.Equal(t, []uint64{first, second}, f.get(id).Spaces)
	exported, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.NoError(t, exported.Validate())
}

func TestWhoLeavesNeedsItsSpaceNoLonger(t *testing.T) {
	f, job := newMarket(t)
	shared, own := f.reserve("w1", time.Hour), f.reserve("w3", time.Hour)
	f.lets(shared, "w1", "w2")
	id := f.request(job)
	f.accept(id, "e1", "w1", "w2")
	commit := func(name string, space uint64) {
		t.Helper()
		m := f.commit(id, name)
		m.Space = space
		require.NoError(t, f.submits(m))
	}
	commit("w1", shared)
	commit("w2", shared)
	needs := func(a, b uint64, spaces ...uint64) {
		t.Helper()
		require.Equal(t, []uint64{a, b}, []uint64{f.space(shared).Needs, f.space(own).Needs})
		require.ElementsMatch(t, spaces, f.get(id).Spaces)
		exported, err := f.keeper.ExportGenesis(f.ctx)
		require.NoError(t, err)
		require.NoError(t, exported.Validate())
	}
	needs(1, 0, shared)
	f.send(func(ctx context.Context) error {
		_, err := f.server.Resign(ctx, &types.MsgResign{Signer: f.address("w1").String(), RequestId: id})
		return err
	})
	needs(1, 0, shared)
	f.send(func(ctx context.Context) error {
		_, err := f.server.RejectWorker(ctx, &types.MsgRejectWorker{Signer: f.address("client").String(), RequestId: id, Worker: f.address("w2").String()})
		return err
	})
	needs(0, 0)
	require.Zero(t, f.space(shared).KeepUntilMs)
	for range 3 {
		f.accept(id, "w3")
		commit("w3", own)
		needs(0, 1, own)
		if f.get(id).Workers == 1 {
			f.send(func(ctx context.Context) error {
				_, err := f.server.Resign(ctx, &types.MsgResign{Signer: f.address("w3").String(), RequestId: id})
				return err
			})
		}
	}
	needs(0, 0)
}

func TestStatesAreReadByThoseWhoJudge(t *testing.T) {
	f, _ := newMarket(t)
	m := f.registration()
	byCheckpoint(&m.Terms, 8, 2)
	job := f.register(m)
	f.join(job, program.ROLE_EVALUATOR, "e1")
	f.join(job, program.ROLE_WORKER, "w1", "w2")
	own, others := f.reserve("w1", 3*time.Hour), f.reserve("w2", 3*time.Hour)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	published := func(name string, space uint64, first int) error {
		m := f.publish(id, name, first, 2)
		m.Space = space
		return f.run(func(ctx context.Context) error { _, err := f.server.PublishCheckpoints(ctx, m); return err })
	}
	require.ErrorContains(t, published("w1", others, 0), "space: space 2: "+f.address("w1").String()+" may not write there; name a space of its own")
	require.NoError(t, published("w1", own, 0))
	require.ErrorContains(t, published("w1", 0, 2), "space: 0, but worker "+f.address("w1").String()+" has published states in 1 in request 1; all of them lie in one")
	require.NoError(t, published("w1", own, 2))
	require.NoError(t, published("w2", 0, 0))
	require.ErrorContains(t, published("w2", others, 2), "space: 2, but worker "+f.address("w2").String()+" has published states in 0 in request 1; all of them lie in one")
	require.Equal(t, []uint64{own}, f.get(id).Spaces)
	require.EqualValues(t, 1, f.space(own).Needs)

	state, unknown := content(own, "state 3 of w1"), content(own, "state 4 of w1")
	elsewhere := content(others, "state 3 of w1")
	reads := func(want string) {
		t.Helper()
		require.Equal(t, want, f.readers(state))
		require.Equal(t, "w1", f.readers(unknown))
		require.Equal(t, "w2", f.readers(elsewhere))
	}
	reads("w1")
	require.NoError(t, f.submits(f.commit(id, "w1")))
	require.NoError(t, f.submits(f.commit(id, "w2")))
	reads("w1")
	require.NoError(t, f.reveals(f.reveal(id, "w1")))
	require.NoError(t, f.reveals(f.reveal(id, "w2")))
	reads("e1 w1")
	require.Equal(t, []bool{true, false, false}, f.needed(state, unknown, elsewhere))
	f.send(func(ctx context.Context) error {
		_, err := f.server.Rank(ctx, &types.MsgRank{
			Signer: f.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{{Node: f.address("w2").String(), Score: 1}},
		})
		return err
	})
	f.send(func(ctx context.Context) error {
		_, err := f.server.Challenge(ctx, &types.MsgChallenge{Signer: f.address("w1").String(), RequestId: id})
		return err
	})
	reads("e1 root w1")
	exported, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.NoError(t, exported.Validate())
	f.wait(10 * time.Second)
	require.True(t, f.get(id).IsFinished())
	require.Zero(t, f.space(own).Needs)
	require.Equal(t, []bool{false}, f.needed(state))
	reads("w1")
}

func TestFilesOfResultsAreCommittedToAndReadLikeThem(t *testing.T) {
	f, job := newTasks(t)
	own := f.reserve("w1", time.Hour)
	id := f.request(job, func(s *types.RequestSpec) {
		s.MaxWorkers, s.Input = 1, types.Input{}
	})
	f.accept(id, "e1", "w1")
	outcome := program.TaskOutcome{OutputDigest: digestOf("output"), OutputSize: 6}
	inline, err := outcome.Marshal()
	require.NoError(t, err)
	output := types.NamedReference{Name: "out.tar", Reference: *content(own, "output")}
	result := types.Result{Inline: inline, Files: []types.NamedReference{output}}
	digest, err := types.ResultDigest(result)
	require.NoError(t, err)
	commitment := types.Commitment(chain.DefaultChainID, id, f.address("w1"), digest, salt("w1"), result.Files...)
	require.NoError(t, f.submits(&types.MsgSubmitResult{Signer: f.address("w1").String(), RequestId: id, Commitment: commitment[:], Space: own}))
	open := &types.MsgRevealResult{Signer: f.address("w1").String(), RequestId: id, Result: types.Result{Inline: inline}, Salt: salt("w1")}
	for name, files := range map[string][]types.NamedReference{
		"none":            nil,
		"another name":    {{Name: "other.tar", Reference: output.Reference}},
		"another content": {{Name: "out.tar", Reference: *content(own, "other")}},
		"one more":        {output, {Name: "more", Reference: output.Reference}},
	} {
		open.Result.Files = files
		require.ErrorContains(t, f.reveals(open), "another result or salt was committed to", name)
	}
	open.Result.Files = result.Files
	require.NoError(t, f.reveals(open))
	require.Equal(t, types.REQUEST_STATE_EVALUATING, f.get(id).State)
	require.Equal(t, "client e1 root w1", f.readers(&output.Reference))
	answer, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
	require.NoError(t, err)
	require.Equal(t, result, *answer.Assignments[0].Result)
}

func TestOnlyProgramsOfRequestsLeaveFiles(t *testing.T) {
	f, job := newMarket(t)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	f.accept(id, "e1", "w1")
	open := f.reveal(id, "w1")
	open.Result.Files = []types.NamedReference{{Name: "out.tar", Reference: types.Reference{Digest: digestOf("output"), Size_: 6}}}
	digest, err := types.ResultDigest(open.Result)
	require.NoError(t, err)
	commitment := types.Commitment(chain.DefaultChainID, id, f.address("w1"), digest, open.Salt, open.Result.Files...)
	require.NoError(t, f.submits(&types.MsgSubmitResult{Signer: open.Signer, RequestId: id, Commitment: commitment[:]}))
	require.ErrorContains(t, f.reveals(open), "result.files: 1, but only programs that requests name leave files; leave them out")
}

// gas is what a step takes.
func (f *fixture) gas(step func(ctx context.Context) error) uint64 {
	f.t.Helper()
	ctx, _ := f.ctx.WithGasMeter(storetypes.NewInfiniteGasMeter()).CacheContext()
	require.NoError(f.t, step(ctx))
	return ctx.GasMeter().GasConsumed()
}

func TestGasOfSpaces(t *testing.T) {
	f, _ := newMarket(t)
	m := f.registration()
	byCheckpoint(&m.Terms, 256, 8)
	job := f.register(m)
	f.join(job, program.ROLE_EVALUATOR, "e1")
	f.join(job, program.ROLE_WORKER, "w1")
	own := f.reserve("w1", time.Hour)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	f.accept(id, "e1", "w1")
	publish := func(first int, space uint64) func(context.Context) error {
		m := f.publish(id, "w1", first, 64)
		m.Space = space
		return func(ctx context.Context) error { _, err := f.server.PublishCheckpoints(ctx, m); return err }
	}
	submit := func(space uint64) func(context.Context) error {
		m := f.commit(id, "w1")
		m.Space = space
		return func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, m); return err }
	}
	require.Less(t, f.gas(publish(0, own)), f.gas(publish(0, 0))+20_000)
	require.Less(t, f.gas(submit(own)), f.gas(submit(0))+20_000)
	for first := 0; first < 256; first += 64 {
		f.send(publish(first, own))
	}
	f.send(submit(own))
	require.NoError(t, f.reveals(f.reveal(id, "w1")))
	require.Less(t, f.gas(func(ctx context.Context) error {
		namers, err := f.keeper.Reads(ctx, own, f.address("w1").String(), digestOf("state 255 of w1"), f.address("e1"))
		require.Equal(t, []string{f.address("w1").String()}, namers)
		return err
	}), uint64(40_000))
}
