package chaos

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// halt is longer than the longest gap between two blocks that counts on the chain clock, 30 s, and longer than all
// deadlines of a request in these tests together.
const halt = 40 * time.Second

// TestHaltPastEveryDeadline stops the whole network, in good order and as by a power cut, with requests under way, for
// longer than all their deadlines. When it is back nobody is late: the requests end as if nothing had been.
func TestHaltPastEveryDeadline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		stop func(*harness.Network) error
	}{
		{"stopped in good order", (*harness.Network).Stop},
		{"killed at once", (*harness.Network).KillAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := harness.StartNetwork(t, harness.Options{})
			before := n.Books(t)
			worker, evaluator := n.Account(t, "worker"), n.Account(t, "evaluator")
			// The evaluator has taken it and the worker is in the contract, which stays open for others.
			id := n.Order(t, n.Job(), "{y: 4}", "time_limit: 20000")
			n.AwaitRequest(t, id, "has a worker", harness.Patience, func(r harness.Request) bool { return r.Workers == 1 })
			require.NoError(t, c.stop(n))

			<-time.After(halt) // the time that passes is what this is about
			require.NoError(t, n.Resume())
			r := n.AwaitFinished(t, id)
			require.Equal(t, "OUTCOME_RANKED", r.Outcome, "%+v", r)
			const reward, share = 10 * harness.AIN, harness.AIN / 5
			require.Equal(t, harness.Books{
				n.Account(t, "client"): -2*reward - share, worker: reward, evaluator: reward, harness.Keepers: share,
			}, n.Books(t).Since(before))
		})
	}
}
