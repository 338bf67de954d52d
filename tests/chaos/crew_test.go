package chaos

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// crew serves a job of its own.
type crew struct {
	*harness.Network
	t      *testing.T
	job    string
	number uint64

	root, evaluator, worker *harness.Node
}

// newCrew registers the odd job, and has an evaluator and a worker serve it. Settings are changed before they start.
func newCrew(t *testing.T, n *harness.Network, change func(*harness.Settings), flags ...string) *crew {
	t.Helper()
	c := &crew{
		Network: n, t: t, root: n.NewNode(t, "admin", "10", ""),
		evaluator: n.NewNode(t, "evaluator", "100", "60"), worker: n.NewNode(t, "worker", "100", "60"),
	}
	change(&c.root.Settings)
	c.job = n.Register(t, c.root, harness.OddJob(t), append([]string{"--qualification-input", "{size: 8}", "--bond", "1"}, flags...)...)
	_, err := fmt.Sscanf(c.job, "0x%x", &c.number)
	require.NoError(t, err)
	c.root.Start(t)
	for _, node := range []*harness.Node{c.evaluator, c.worker} {
		change(&node.Settings)
		node.Settings.Job = c.job
		node.Start(t)
	}
	n.AwaitRunning(t, c.number, 1, 1)
	return c
}

// ranked waits until a request has ended as it should, and asserts that everybody got what is theirs.
func (c *crew) ranked(id uint64) harness.Request {
	c.t.Helper()
	r := c.AwaitFinished(c.t, id)
	require.Equal(c.t, "OUTCOME_RANKED", r.Outcome, "%+v", r)
	require.Len(c.t, r.Assignments, 1)
	require.Equal(c.t, c.worker.Address, r.Ranking[0].Node)
	require.Equal(c.t, 10*harness.AIN, r.Paid(c.worker.Address, "reward"))
	require.Equal(c.t, harness.AIN, r.Paid(c.worker.Address, "bond"))
	require.Equal(c.t, 10*harness.AIN, r.Paid(c.evaluator.Address, "evaluation"))
	require.Equal(c.t, 10*harness.AIN, r.Paid(c.evaluator.Address, "deposit"))
	return r
}

// earned asserts what changed while a number of requests were ranked.
func (c *crew) earned(before harness.Books, requests int64) {
	c.t.Helper()
	const reward, share = 10 * harness.AIN, harness.AIN / 5
	require.Equal(c.t, harness.Books{
		c.Account(c.t, "client"): requests * (-2*reward - share), c.worker.Address: requests * reward,
		c.evaluator.Address: requests * reward, harness.Keepers: requests * share,
	}, c.Books(c.t).Since(before))
}
