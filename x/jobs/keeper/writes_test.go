package keeper_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// dumpAll is everything in every store.
func (f *fixture) dumpAll() map[string][]byte {
	f.t.Helper()
	all := map[string][]byte{}
	for name, key := range f.keys {
		iterator := f.ctx.KVStore(key).Iterator(nil, nil)
		for ; iterator.Valid(); iterator.Next() {
			all[name+"/"+string(iterator.Key())] = iterator.Value()
		}
		require.NoError(f.t, iterator.Close())
	}
	return all
}

// changed counts the keys that differ.
func changed(before, after map[string][]byte) int {
	n := 0
	for key, value := range after {
		if old, ok := before[key]; !ok || !bytes.Equal(old, value) {
			n++
		}
	}
	for key := range before {
		if _, ok := after[key]; !ok {
			n++
		}
	}
	return n
}

// TestWritesPerMessage holds the README's figures: the chain's speed hangs on them.
// Nodes have accepted before, as nodes do.
func TestWritesPerMessage(t *testing.T) {
	f, job := newMarket(t)
	var id uint64
	cycle := func(count func(name string, run func(ctx context.Context) error)) {
		node := func(name string, role program.Role) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := f.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: f.address(name).String(), RequestId: id, Role: role})
				return err
			}
		}
		count("RequestJob", func(ctx context.Context) error {
			m := f.order(job)
			m.Spec.MaxWorkers = 2
			response, err := f.server.RequestJob(ctx, m)
			if err == nil {
				id = response.RequestId
			}
			return err
		})
		count("AcceptJob, evaluator", node("e1", program.ROLE_EVALUATOR))
		count("AcceptJob, worker", node("w1", program.ROLE_WORKER))
		count("AcceptJob, last worker", node("w2", program.ROLE_WORKER))
		count("SubmitResult", func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w1")); return err })
		count("SubmitResult, last", func(ctx context.Context) error { _, err := f.server.SubmitResult(ctx, f.commit(id, "w2")); return err })
		count("RevealResult", func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w1")); return err })
		count("RevealResult, last", func(ctx context.Context) error { _, err := f.server.RevealResult(ctx, f.reveal(id, "w2")); return err })
		count("Rank", func(ctx context.Context) error {
			_, err := f.server.Rank(ctx, &types.MsgRank{Signer: f.address("e1").String(), RequestId: id, Ranking: []types.RankEntry{
				{Node: f.address("w1").String(), Score: 2}, {Node: f.address("w2").String(), Score: 1},
			}})
			return err
		})
		count("AcceptResult, client", func(ctx context.Context) error {
			_, err := f.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: f.address("client").String(), RequestId: id})
			return err
		})
		count("settlement of two workers", func(ctx context.Context) error { return f.keeper.EndBlock(ctx) })
	}
	cycle(func(_ string, run func(ctx context.Context) error) { require.NoError(t, f.run(run)) })

	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	cycle(func(name string, run func(ctx context.Context) error) {
		own, all := f.dump(), f.dumpAll()
		require.NoError(t, f.run(run))
		row := fmt.Sprintf("| %s | %d | %d |\n", name, changed(own, f.dump()), changed(all, f.dumpAll()))
		require.Contains(t, string(readme), row, "the README's figures")
	})
}
