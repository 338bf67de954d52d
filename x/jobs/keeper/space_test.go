package keeper_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/x/jobs/types"
	storagekeeper "github.com/ain-network/aind/x/storage/keeper"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// reserve has an account reserve a space of its own that participants read.
func (f *fixture) reserve(owner string, lasts time.Duration) uint64 {
	f.t.Helper()
	var id uint64
	f.send(func(ctx context.Context) error {
		server := storagekeeper.NewMsgServer(f.storage)
		if _, err := server.RegisterProvider(ctx, &storagetypes.MsgRegisterProvider{
			Signer: f.address("provider").String(), Endpoint: "https://store.example.org", CapacityBytes: 1 << 40,
		}); err != nil {
			return err
		}
		reserved, err := server.ReserveSpace(ctx, &storagetypes.MsgReserveSpace{
			Signer: f.address(owner).String(), Provider: f.address("provider").String(), SizeBytes: 1 << 20, DurationMs: uint64(lasts.Milliseconds()),
			Read: storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_PARTICIPANTS},
		})
		if err == nil {
			id = reserved.Space
		}
		return err
	})
	return id
}

func (f *fixture) space(id uint64) storagetypes.Space {
	f.t.Helper()
	answer, err := storagekeeper.NewQueryServer(f.storage).Space(f.ctx, &storagetypes.QuerySpaceRequest{Space: id})
	require.NoError(f.t, err)
	return answer.Space
}

// content in a space.
func content(space uint64, name string) *types.Reference {
	return &types.Reference{Digest: digestOf(name), Size_: 5, Space: space}
}

// readers of content, of all that take part in the tests' requests and one that does not.
func (f *fixture) readers(of *types.Reference) string {
	f.t.Helper()
	var may []string
	for _, name := range []string{"client", "e1", "root", "stranger", "w1", "w2", "w3"} {
		answer, err := storagekeeper.NewQueryServer(f.storage).Access(f.ctx,
			&storagetypes.QueryAccessRequest{Space: of.Space, Account: f.address(name).String(), Digest: of.Digest})
		require.NoError(f.t, err)
		if answer.Read {
			may = append(may, name)
		}
	}
	return strings.Join(may, " ")
}

// needed says which of some contents requests need.
func (f *fixture) needed(contents ...*types.Reference) (needed []bool) {
	f.t.Helper()
	for _, of := range contents {
		answer, err := storagekeeper.NewQueryServer(f.storage).Access(f.ctx,
			&storagetypes.QueryAccessRequest{Space: of.Space, Account: f.address("stranger").String(), Digest: of.Digest})
		require.NoError(f.t, err)
		needed = append(needed, answer.Needed)
	}
	return needed
}

// committed is a commitment to a result by reference, and what opens it.
func (f *fixture) committed(request uint64, name string, reference *types.Reference) (*types.MsgSubmitResult, *types.MsgRevealResult) {
	f.t.Helper()
	open := &types.MsgRevealResult{Signer: f.address(name).String(), RequestId: request, Result: types.Result{Reference: reference}, Salt: salt(name)}
	digest, err := types.ResultDigest(open.Result)
	require.NoError(f.t, err)
	commitment := types.Commitment(chain.DefaultChainID, request, f.address(name), digest, open.Salt)
	return &types.MsgSubmitResult{Signer: open.Signer, RequestId: request, Commitment: commitment[:]}, open
}

func TestContentIsReadByThoseWhoTakePartWhenTheyMay(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	for _, name := range []string{"e1", "w1", "w2", "w3"} {
		f.fund(name, 0, 10_000)
	}
	f.encrypt("e1", true)
	f.encrypt("root", true)
	own, results := f.reserve("client", time.Hour), f.reserve("w1", time.Hour)
	input, judges, result := content(own, "input"), content(own, "judges"), content(results, "result")
	stage := func(wantInput, wantJudges, wantResult string) {
		t.Helper()
		require.Equal(t, []string{wantInput, wantJudges, wantResult}, []string{f.readers(input), f.readers(judges), f.readers(result)})
	}
	id := f.request(job, func(s *types.RequestSpec) {
		s.Input, s.EvaluatorInput, s.MaxWorkers = types.Input{Reference: input}, &types.Input{Reference: judges}, 2
	})
	stage("client", "client", "w1")
	require.EqualValues(t, 1, f.space(own).Needs)
	f.accept(id, "e1", "w1")
	stage("client e1 root w1", "client", "w1")
	f.accept(id, "w2")
	stage("client e1 root w1 w2", "client", "w1")

	w1, open1 := f.committed(id, "w1", result)
	w2, open2 := f.committed(id, "w2", content(results, "theirs"))
	for _, m := range []*types.MsgSubmitResult{w1, w2} {
		f.send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, m); return err })
	}
	f.send(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, open1); return err })
	stage("client e1 root w1 w2", "client", "w1")
	_, err := f.server.RevealResult(f.ctx, open2)
	require.ErrorContains(t, err, "result.reference.space: space 2: "+f.address("w2").String()+" may not write there")
	f.wait(3 * time.Second)
	stage("client e1 root w1 w2", "client e1 root", "client e1 root w1 w2")

	f.send(func(ctx context.Context) error {
		_, err := f.server.GrantKey(ctx, &types.MsgGrantKey{
			Signer: f.address("client").String(), RequestId: id, Keys: []types.WrappedKey{{Account: f.address("e1").String(), Key: []byte("key")}},
		})
		return err
	})
	f.send(func(ctx context.Context) error {
		_, err := f.server.Rank(ctx, &types.MsgRank{
			Signer: f.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{{Node: f.address("w1").String(), Score: 1}},
		})
		return err
	})
	f.wait(11 * time.Second)
	require.True(t, f.get(id).IsFinished())
	require.Zero(t, f.space(own).Needs)
	require.Zero(t, f.space(own).KeepUntilMs)
	require.Zero(t, f.space(results).Needs)
	stage("client e1 root w1 w2", "client e1 root", "client e1 root w1 w2")
}

func TestNobodyReadsTheInputOfACancelledRequest(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	f.fund("e1", 0, 10_000)
	input := content(f.reserve("client", time.Hour), "input")
	id := f.request(job, func(s *types.RequestSpec) { s.Input = types.Input{Reference: input} })
	f.accept(id, "e1")
	require.Equal(t, "client e1 root", f.readers(input))
	f.wait(2 * time.Second)
	require.Equal(t, types.REQUEST_STATE_CANCELLED, f.get(id).State)
	require.Equal(t, "client", f.readers(input))
}

func TestChallengesKeepWhatTheyNeed(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	for _, name := range []string{"e1", "w1", "w2"} {
		f.fund(name, 0, 10_000)
	}
	own, evidence := f.reserve("client", time.Hour), f.reserve("w2", time.Hour)
	id := f.request(job, func(s *types.RequestSpec) { s.Input, s.MaxWorkers = types.Input{Reference: content(own, "input")}, 2 })
	requested := f.get(id)
	// Open, time limit, reveal, three rounds of evaluation with two openings between them, and the window for challenges.
	ends := requested.RequestedMs + 60_000 + int64(requested.Spec.TimeLimitMs) + 2_000 + 3*5_000 + 2*60_000 + 10_000
	require.EqualValues(t, ends, f.space(own).KeepUntilMs)
	f.accept(id, "e1", "w1", "w2")
	for _, name := range []string{"w1", "w2"} {
		f.send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, name)); return err })
	}
	for _, name := range []string{"w1", "w2"} {
		f.send(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, name)); return err })
	}
	f.send(func(ctx context.Context) error {
		_, err := f.server.Rank(ctx, &types.MsgRank{
			Signer: f.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{{Node: f.address("w1").String(), Score: 1}},
		})
		return err
	})
	f.send(func(ctx context.Context) error {
		_, err := f.server.Challenge(ctx, &types.MsgChallenge{Signer: f.address("w2").String(), RequestId: id, Evidence: content(evidence, "proof")})
		return err
	})
	require.Equal(t, []uint64{own, evidence}, f.get(id).Spaces)
	require.Equal(t, "client e1 root w1 w2", f.readers(content(evidence, "proof")))
	now, err := f.keeper.Now(f.ctx)
	require.NoError(t, err)
	for _, space := range []uint64{own, evidence} {
		require.EqualValues(t, max(ends, now+18_000), f.space(space).KeepUntilMs, "one level of challenge and verdict")
	}
	f.wait(10 * time.Second)
	require.True(t, f.get(id).IsFinished())
	require.Zero(t, f.space(evidence).Needs)
}

func TestContentIsNeededByRequestsThatNameIt(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	own := f.reserve("client", time.Hour)
	input, file, other := content(own, "input"), content(own, "file"), content(own, "other")
	cancel := func(id uint64) {
		f.send(func(ctx context.Context) error {
			_, err := f.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: f.address("client").String(), RequestId: id})
			return err
		})
	}
	require.Equal(t, []bool{false, false, false}, f.needed(input, file, other))
	first := f.request(job, func(s *types.RequestSpec) {
		s.Input = types.Input{Reference: input, Files: []types.NamedReference{{Name: "file", Reference: *file}}}
	})
	second := f.request(job, func(s *types.RequestSpec) { s.Input = types.Input{Reference: input} })
	require.Equal(t, []bool{true, true, false}, f.needed(input, file, other))
	require.Equal(t, []bool{false}, f.needed(content(f.reserve("w1", time.Hour), "input")), "another space's")
	cancel(first)
	require.Equal(t, []bool{true, false, false}, f.needed(input, file, other))
	cancel(second)
	require.Equal(t, []bool{false, false, false}, f.needed(input, file, other))
}

func TestAllOfARoomIsNeededUntilTheReveal(t *testing.T) {
	f, job := newMarket(t)
	results := f.reserve("w1", time.Hour)
	result, other := content(results, "result"), content(results, "other")
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	require.Equal(t, []bool{false, false}, f.needed(result, other))
	commit, open := f.committed(id, "w1", result)
	commit.Space = results
	require.NoError(t, f.submits(commit))
	require.NoError(t, f.submits(f.commit(id, "w2")))
	require.Equal(t, []bool{true, true}, f.needed(result, other), "nobody knows which it is")
	require.NoError(t, f.reveals(open))
	require.Equal(t, []bool{true, false}, f.needed(result, other))
	exported, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.NoError(t, exported.Validate())
	f.wait(time.Hour - time.Minute)
	require.True(t, f.get(id).IsFinished())
	require.Equal(t, []bool{false, false}, f.needed(result, other))
}

func TestARoomIsNeededNoLongerThanRevealsLast(t *testing.T) {
	f, job := newMarket(t)
	f.fund("w1", 0, 10_000)
	results := f.reserve("w1", time.Hour)
	id := f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 2 })
	f.accept(id, "e1", "w1", "w2")
	commit, _ := f.committed(id, "w1", content(results, "result"))
	commit.Space = results
	require.NoError(t, f.submits(commit))
	require.NoError(t, f.submits(f.commit(id, "w2")))
	require.NoError(t, f.reveals(f.reveal(id, "w2")))
	require.Equal(t, []bool{true}, f.needed(content(results, "anything")))
	f.wait(3 * time.Second)
	require.False(t, f.get(id).IsFinished())
	require.Equal(t, []bool{false}, f.needed(content(results, "anything")))
}

func TestNothingOfARequestsContentStays(t *testing.T) {
	f, job := newMarket(t)
	f.fund("client", 100_000, 0)
	input := content(f.reserve("client", 3*time.Hour), "input")
	named := func() bool {
		return slices.ContainsFunc(slices.Collect(maps.Keys(f.dump())), func(key string) bool { return key[0] == 70 })
	}
	id := f.request(job, func(s *types.RequestSpec) { s.Input = types.Input{Reference: input} })
	require.True(t, named())
	f.send(func(ctx context.Context) error {
		_, err := f.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: f.address("client").String(), RequestId: id})
		return err
	})
	require.True(t, named())
	f.wait(2 * time.Hour)
	require.False(t, named())
}
