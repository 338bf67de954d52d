package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestNobodyEvaluates has a worker whom the client names serve a job that has no evaluator, and whose results are open.
func TestNobodyEvaluates(t *testing.T) {
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	folder := t.TempDir()
	harness.CopyFile(t, filepath.Join(harness.CalculateRoot(t), "worker.py"), folder)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "job_schema.proto"), []byte(`syntax = "proto3";
service Worker { rpc CalculateRoot(Request) returns (WorkerReply); }
message Request { float y = 1; }
message WorkerReply { float x = 1; }
`), 0o600))
	job := n.Register(t, root, folder, "--qualification-input", "{y: 9}", "--bond", "1", "--open-results")
	root.Start(t)
	worker := n.NewNode(t, "worker", "100", "50")
	worker.Settings.Job = job
	worker.Start(t)
	n.AwaitRunning(t, jobNumber(t, job), 0, 1)

	before := n.Books(t)
	var answer struct {
		Request string
		Outcome string
		Result  struct{ X float64 }
		Ranking []struct{}
	}
	n.ClientJSON(t, &answer, "requestJob",
		"{job_id: "+job+", job_input: {y: 16}, reward: [0, 10], time_limit: 10000, max_workers: 1, skip_evaluation: true, worker_node: ["+worker.Address+"]}")
	require.Equal(t, "unevaluated", answer.Outcome)
	require.InDelta(t, 4, answer.Result.X, 0.01)
	require.Empty(t, answer.Ranking)

	const reward, chainShare = 10_000_000, 100_000
	paid := n.Books(t).Since(before)
	require.EqualValues(t, -reward-chainShare, paid[n.Account(t, "client")])
	require.EqualValues(t, reward, paid[worker.Address])
	require.Contains(t, n.Client(t, "explain", answer.Request).Out, "nobody evaluates")
}
