package chaos

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// TestSwallowedPackets puts a proxy between a worker and the chain that lets everything vanish without a word: no
// connection breaks. The worker notices, connects anew and goes on.
func TestSwallowedPackets(t *testing.T) {
	t.Parallel()
	n := harness.StartNetwork(t, harness.Options{})
	proxy := harness.StartProxy(t, n.RPC()[len("http://"):])
	c := newCrew(t, n, func(*harness.Settings) {}, "--open", "100s", "--hiring", "70s", "--reveal", "60s", "--challenge", "2s")
	c.worker.Kill()
	c.worker.Settings.RPC = "http://" + proxy.Address()
	c.worker.Start(t)
	before := n.Books(t)
	c.ranked(n.Order(t, c.job, "{size: 100}", "time_limit: 140000", "max_workers: 1"))
	require.NotZero(t, proxy.Passed(), "the worker uses the proxy")

	proxy.Swallow(true)
	// The chain does not hear of the worker any more: it no longer counts as running.
	n.AwaitRunning(t, c.number, 1, 0)
	id := n.Order(t, c.job, "{size: 100}", "time_limit: 140000", "max_workers: 1")
	n.AwaitRequest(t, id, "has an evaluator and no worker", harness.Patience, func(r harness.Request) bool {
		return r.Evaluator != "" && r.Workers == 0
	})
	proxy.Swallow(false)
	c.ranked(id)
	require.False(t, c.worker.Process().Dead(), "it is the same process")
	n.AwaitRunning(t, c.number, 1, 1)
	c.earned(before, 2)
}
