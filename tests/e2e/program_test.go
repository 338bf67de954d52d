package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestProgramsThatGoWrong has a worker run programs that do what they should not. Each time the request ends, the money
// goes where the payout table says, and the worker's log says what the program did.
func TestProgramsThatGoWrong(t *testing.T) {
	n := network(t)
	root := n.NewNode(t, "admin", "10", "")
	folder := harness.OddJob(t)
	job := n.Register(t, root, folder, "--qualification-input", "{size: 8}", "--bond", "1", "--evaluation", "2s", "--reveal", "2s", "--challenge", "2s")
	root.Start(t)
	evaluator := n.NewNode(t, "evaluator", "100", "50")
	worker := n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, worker} {
		node.Settings.Job, node.Settings.Limits = job, "{memory: 96MiB}"
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)

	cases := []struct{ name, misbehave, reason string }{
		{"a program that crashes", "crash", "program crashed"},
		{"a program that prints garbage", "garbage", "program wrote a reply that does not decode"},
		{"a program that prints too much", "flood", "program wrote too much output"},
		{"a program that never ends", "never", "program ran out of time"},
		{"a program that eats memory", "hog", "program ran out of memory"},
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			// A release that went wrong is left alone for a while: each case has one of its own.
			version := fmt.Sprintf("1.0.%d", i+1)
			var published struct{}
			root.JSON(t, &published, "publishRelease", job, filepath.Join(folder, "worker.wasm"), "--json", "--version", version)
			before := n.Books(t)
			id := n.Order(t, job, "{misbehave: "+c.misbehave+"}", "time_limit: 4000", "max_workers: 1")
			r := n.AwaitFinished(t, id)
			require.Equal(t, "REQUEST_STATE_SETTLED", r.State)
			require.Equal(t, "OUTCOME_NOTHING_REVEALED", r.Outcome)
			require.Len(t, r.Assignments, 1, "the worker tried")

			const bond = 1_000_000
			client := n.Account(t, "client")
			require.Equal(t, harness.Books{client: bond, worker.Address: -bond}, n.Books(t).Since(before),
				"the bond goes to the client, and everything else back to where it came from")
			worker.Process().AwaitSaid(t, fmt.Sprintf(`msg="program failed".* request=%d .*%s`, id, c.reason))
		})
	}
}

func jobNumber(t *testing.T, job string) uint64 {
	t.Helper()
	var id uint64
	_, err := fmt.Sscanf(job, "0x%x", &id)
	require.NoError(t, err)
	return id
}
