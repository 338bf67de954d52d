package keeper_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// newCheckpointMarket is a job that verifies by checkpoint, and a request for it with one worker.
func newCheckpointMarket(t *testing.T) (f *fixture, request uint64) {
	f, _ = newMarket(t)
	f.fund("client", 100_000, 0)
	m := f.registration()
	byCheckpoint(&m.Terms, 8, 2)
	job := f.register(m)
	f.join(job, program.ROLE_EVALUATOR, "e1")
	f.join(job, program.ROLE_WORKER, "w1")
	request = f.request(job, func(s *types.RequestSpec) { s.MaxWorkers = 1 })
	f.accept(request, "e1", "w1")
	return f, request
}

func (f *fixture) send(run func(ctx context.Context) error) {
	f.t.Helper()
	require.NoError(f.t, f.run(run))
}

func (f *fixture) publishes(id uint64, name string, first, count int) {
	f.t.Helper()
	f.send(func(ctx context.Context) error {
		_, err := f.server.PublishCheckpoints(ctx, f.publish(id, name, first, count))
		return err
	})
}

func (f *fixture) stored(id uint64) types.Request {
	f.t.Helper()
	response, err := f.query.Request(f.ctx, &types.QueryRequestRequest{RequestId: id})
	require.NoError(f.t, err)
	return response.Request
}

// TestSegmentsAreDrawnByTheBlockThatHadTheLastCommitment: who commits last, and reveals at once, knows no app hash that counts,
// and whoever reveals late changes nothing.
func TestSegmentsAreDrawnByTheBlockThatHadTheLastCommitment(t *testing.T) {
	f, id := newCheckpointMarket(t)
	f.publishes(id, "w1", 0, 5)
	f.endBlock()
	f.beginBlock(0)
	f.send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err })
	require.Empty(t, f.stored(id).Draw)
	height := f.ctx.BlockHeight()
	f.endBlock()
	require.Empty(t, f.stored(id).Draw, "the block before does not count, nor the present one, which is not over")
	f.beginBlock(0)
	want := types.Draw(chain.DefaultChainID, id, appHash(height))
	require.Equal(t, want[:], f.stored(id).Draw)

	for range 3 { // it waits for a draw that it likes better
		f.endBlock()
		f.beginBlock(0)
	}
	f.send(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	f.endBlock()
	f.beginBlock(0)
	require.Equal(t, want[:], f.stored(id).Draw)
	response, err := f.query.Checkpoints(f.ctx, &types.QueryCheckpointsRequest{RequestId: id, Worker: f.address("w1").String()})
	require.NoError(t, err)
	require.Equal(t, f.publish(id, "w1", 0, 5).Digests, response.Checkpoints.Digests)
	require.Equal(t, types.Drawn(want, f.address("w1"), 5, 2), response.Drawn)

	_, err = f.query.Checkpoints(f.ctx, &types.QueryCheckpointsRequest{RequestId: id, Worker: "me"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = f.query.Checkpoints(f.ctx, &types.QueryCheckpointsRequest{RequestId: id, Worker: f.address("e1").String()})
	require.Equal(t, codes.NotFound, status.Code(err))
}

// TestARequestThatEndsAtOnceIsNotDrawn: everything happened in one block, and nothing of it is left to draw.
func TestARequestThatEndsAtOnceIsNotDrawn(t *testing.T) {
	f, id := newCheckpointMarket(t)
	w1, e1, client := f.address("w1").String(), f.address("e1").String(), f.address("client").String()
	f.send(func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err })
	f.send(func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
	f.send(func(ctx context.Context) error {
		_, err := f.server.Rank(ctx, &types.MsgRank{Signer: e1, RequestId: id, Ranking: []types.RankEntry{{Node: w1, Score: 1}}})
		return err
	})
	f.send(func(ctx context.Context) error {
		_, err := f.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: client, RequestId: id})
		return err
	})
	f.endBlock()
	require.True(t, f.stored(id).IsFinished())
	f.beginBlock(0)
	require.Empty(t, f.stored(id).Draw)
	for key := range f.dump() {
		require.NotEqual(t, types.DrawingsPrefix.Bytes()[0], key[0])
	}
}

// TestPublishingWritesLittle holds the README's figures.
func TestPublishingWritesLittle(t *testing.T) {
	f, id := newCheckpointMarket(t)
	f.publishes(id, "w1", 0, 1)
	own, all := f.dump(), f.dumpAll()
	f.publishes(id, "w1", 1, 3)
	require.Equal(t, 1, changed(own, f.dump()))
	require.Equal(t, 1, changed(all, f.dumpAll()))
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "| PublishCheckpoints | 1 | 1 |\n")
}
