package chaos

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/tests/harness"
)

// dawdling is how long the program of the request in whose container the worker dies takes, in milliseconds. It is also the size of its
// reply.
const dawdling = 15_000

// TestKilledWithAContainerRunning kills a worker at every step that it journals of a request, as by kill -9, while the program of another
// request runs in a container. No container outlives it, and after the last start both have one result each.
func TestKilledWithAContainerRunning(t *testing.T) {
	harness.NeedEngine(t)
	n := harness.StartNetwork(t, harness.Options{})
	v := newVictims(t, n, harness.OddJob(t))
	v.root.Start(t)
	v.evaluator, v.rival, v.worker = v.node("evaluator"), v.node("worker"), v.node("worker")
	v.rival.Settings.MaxRuns, v.worker.Settings.MaxRuns = 2, 2
	for _, node := range []*harness.Node{v.rival, v.worker} {
		node.Settings.Docker = "require"
	}
	for _, node := range []*harness.Node{v.evaluator, v.rival, v.worker} {
		node.Start(t)
		node.AwaitMember(t, v.number)
	}
	var published struct{}
	v.root.JSON(t, &published, "publishRelease", v.job, harness.OddImage(t, v.folder), "--json", "--version", "1.1.0")
	before := v.Books(t)

	long := v.Order(t, v.job, fmt.Sprintf("{misbehave: dawdle, size: %d}", dawdling),
		"worker_node: ["+v.worker.Address+"]", "time_limit: 600000", "max_workers: 1")
	v.awaitAnother(t, long, "")
	var short []uint64
	for _, step := range []daemon.Step{
		daemon.WorkerAccept, daemon.WorkerRun, daemon.WorkerCommit, daemon.WorkerUpload, daemon.WorkerReveal, daemon.WorkerConcede, daemon.WorkerSettle,
	} {
		t.Run(step.Name, func(t *testing.T) {
			moment := daemon.Acted
			if step.Tx {
				moment = daemon.Sent // the chain has it, and the journal does not say so
			}
			point := points("worker", step.Number+int(moment), step.Number+int(moment))
			require.Len(t, point, 1)
			v.dieWithContainer(t, point[0], long, func() uint64 {
				return v.Order(t, v.job, fmt.Sprintf("{size: 6000, winner: %s}", v.rival.Address), "time_limit: 80000", "min_workers: 2", "max_workers: 2")
			}, &short)
		})
	}
	r := v.ranked(long)
	require.Len(t, r.Assignments, 1)
	require.Len(t, short, 7)
	for _, id := range short {
		r := v.ranked(id)
		require.Len(t, r.Assignments, 2)
		require.Equal(t, v.rival.Address, r.Ranking[0].Node)
	}
	require.Empty(t, v.worker.Containers(t), "whatever a life left, a later one removed")
	changes := v.Books(t).Since(before)
	require.Equal(t, 10*harness.AIN, changes[v.worker.Address], "the long request's reward and all bonds")
	require.Empty(t, n.HeldForRequests(t))
}

// dieWithContainer has the worker die at a failpoint that the order brings it to, while the long request's program runs in a container. Then it
// lives until that order has ended.
func (v *victims) dieWithContainer(t *testing.T, point daemon.Failpoint, long uint64, order func() uint64, orders *[]uint64) {
	victims := *v
	victims.t = t
	v.worker.Kill()
	var held string // the container in which the long request's program ran when the worker died
	ordered := false
	victims.dieAt(point, func() *harness.Node { return v.worker }, func() {
		if !ordered {
			held = v.running(t, long)
			if held == "" {
				return
			}
			*orders, ordered = append(*orders, order()), true
		}
	})
	require.True(t, ordered, "it died before it was to")
	harness.Eventually(t, "no container outlives the worker", harness.Patience, func() error {
		if left := v.running(t, long); left != "" {
			return fmt.Errorf("%s runs", left)
		}
		return nil
	})
	alive := v.worker.Start(t)
	v.awaitAnother(t, long, held)
	require.False(t, slices.ContainsFunc(v.worker.Containers(t), func(c harness.Container) bool { return c.ID == held }), "it was removed")
	last := (*orders)[len(*orders)-1]
	v.ranked(last)
	if step, _, _ := strings.Cut(point.Name, "."); step != daemon.WorkerSettle.Name {
		alive.AwaitSaid(t, fmt.Sprintf(`request finished.* request=%d `, last)) // else the next life would settle it
	}
}

// awaitAnother waits until a request's program runs in another container than before.
func (v *victims) awaitAnother(t *testing.T, request uint64, before string) {
	harness.Eventually(t, "the program runs in a new container", harness.Patience, func() error {
		if now := v.running(t, request); now == "" || now == before {
			return fmt.Errorf("container %q", now)
		}
		return nil
	})
}

// running is the container in which a request's program runs; empty: none.
func (v *victims) running(t *testing.T, request uint64) string {
	for _, c := range v.worker.Containers(t) {
		if c.Request == request && c.State == "running" {
			return c.ID
		}
	}
	return ""
}
