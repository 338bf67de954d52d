package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestAJobOfImagesThatServeGRPC has worker and evaluator in Python, by gRPC: one request after the other is settled, and the second one finds
// the processes of the first.
func TestAJobOfImagesThatServeGRPC(t *testing.T) {
	harness.NeedEngine(t)
	folder := harness.GRPCImages(t)
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	root.Settings.Docker = "require" // to qualify who applies
	job := n.Register(t, root, folder, "--grpc", "--qualification-input", "{y: 4}", "--bond", "1", "--require", "docker")
	root.Start(t)
	evaluator, worker := n.NewNode(t, "evaluator", "100", "50"), n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job, node.Settings.Docker = job, "require"
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)
	warm := map[*harness.Node]string{}
	for settled := 0; settled < 2; {
		r := n.AwaitFinished(t, n.Order(t, job, "{y: 4}", "time_limit: 20000"))
		if r.State != "REQUEST_STATE_SETTLED" { // nobody accepts what it has not prepared
			continue
		}
		settled++
		require.Equal(t, "OUTCOME_RANKED", r.Outcome)
		for _, node := range []*harness.Node{evaluator, worker} {
			found := node.Containers(t)
			require.Len(t, found, 1)
			require.Equal(t, "running", found[0].State)
			if warm[node] == "" {
				warm[node] = found[0].ID
				t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", found[0].ID).Run() }) // the daemons are killed, and nobody starts them again
			}
			require.Equal(t, warm[node], found[0].ID, "the one that served the request before")
		}
	}
}
