package chaos

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/tests/harness"
)

// TestKilledWithAWarmContainer kills a worker, as by kill -9, while the container of a program that stays waits for its next call, and again when
// a call was just made of it. No container outlives the worker, and each request has one result.
func TestKilledWithAWarmContainer(t *testing.T) {
	harness.NeedEngine(t)
	folder := harness.GRPCImages(t)
	n := harness.StartNetwork(t, harness.Options{})
	root := n.NewNode(t, "admin", "10", "")
	root.Settings.Docker = "require" // to qualify who applies
	job := n.Register(t, root, folder, "--grpc", "--qualification-input", "{y: 4}", "--bond", "1", "--require", "docker")
	root.Start(t)
	evaluator, worker := n.NewNode(t, "evaluator", "100", "50"), n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job, node.Settings.Docker = job, "require"
		node.Start(t)
	}
	var number uint64
	_, err := fmt.Sscanf(job, "0x%x", &number)
	require.NoError(t, err)
	n.AwaitRunning(t, number, 1, 1)
	order := func() uint64 { return n.Order(t, job, "{y: 4}", "time_limit: 60000") }

	first := n.AwaitFinished(t, order())
	require.Equal(t, "OUTCOME_RANKED", first.Outcome, "%+v", first)
	waits := warmOf(t, worker)
	require.NotEmpty(t, waits)
	worker.Kill()
	awaitNone(t, worker)

	// The next life dies once it has made a call and before it has noted the result; the one after that makes the call anew.
	died := points("worker", daemon.WorkerRun.Number+int(daemon.Acted), daemon.WorkerRun.Number+int(daemon.Acted))
	require.Len(t, died, 1)
	process := worker.Start(t, fmt.Sprintf("%s=%d", daemon.EnvFailpoint, died[0].Number))
	second := order()
	harness.Eventually(t, "it dies after a call", harness.Patience, func() error {
		if !process.Killed() {
			return fmt.Errorf("it lives")
		}
		return nil
	})
	awaitNone(t, worker)
	worker.Start(t)
	r := n.AwaitFinished(t, second)
	require.Equal(t, "OUTCOME_RANKED", r.Outcome, "%+v", r)
	require.Len(t, r.Assignments, 1)
	require.Equal(t, 10*harness.AIN, r.Paid(worker.Address, "reward"))
	again := warmOf(t, worker)
	require.NotEmpty(t, again)
	require.NotEqual(t, waits, again)
	for _, node := range []*harness.Node{root, evaluator, worker} {
		require.NoError(t, node.Process().Stop())
		require.Empty(t, node.Containers(t), "a daemon that is stopped leaves none either")
	}
}

// warmOf is the container of a node that waits for a call; empty: there is none.
func warmOf(t *testing.T, node *harness.Node) string {
	for _, c := range node.Containers(t) {
		if c.State == "running" && c.Request == 0 {
			return c.ID
		}
	}
	return ""
}

// awaitNone waits until nothing of a worker that was killed runs.
func awaitNone(t *testing.T, node *harness.Node) {
	t.Helper()
	harness.Eventually(t, "no container outlives the worker", harness.Patience, func() error {
		for _, c := range node.Containers(t) {
			if c.State == "running" {
				return fmt.Errorf("%s runs", c.ID)
			}
		}
		return nil
	})
}
