package statemachine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/statemachine"
)

// TestLivesSettle shows that what benchmarks measure happens: whole lives of requests, all of them paid.
func TestLivesSettle(t *testing.T) {
	t.Chdir("../..") // the examples are named from there
	job, err := statemachine.OpenJob(t.Context(), market.Windows(), statemachine.Cast{Clients: 2, Admins: 1, Evaluators: 1, Workers: 3})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, job.Close()) })
	costs, err := job.Live(0, 4, 3, statemachine.Honest)
	require.NoError(t, err)
	sum := statemachine.Sum(costs)
	require.EqualValues(t, 4*13, sum.Messages, "thirteen messages a life with three workers")
}
