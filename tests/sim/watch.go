package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/simulation"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
)

// watch counts what a run did: messages by what became of them, and requests by how they ended.
type watch struct {
	delivered map[string]int
	refused   map[string]int
	barred    int                          // of the refused, by a rule
	finished  map[uint64]jobstypes.Request // of this run
	ended     map[string]int               // of runs that were added
	forks     map[uint64]bool              // jobs that were forked from others
	params    map[string]string            // the params in force, to see votes change them
	tape      tape                         // of what is delivered
	last      uint64                       // the newest request
	spaces    *spaces
}

func newWatch() *watch {
	return &watch{
		delivered: map[string]int{}, refused: map[string]int{},
		finished: map[uint64]jobstypes.Request{}, ended: map[string]int{}, forks: map[uint64]bool{}, params: map[string]string{},
		spaces: newSpaces(),
	}
}

// watched counts the messages of a module, and knows the rules that may stop them.
type watched struct {
	simulation.Module
	rules rules
	watch *watch
}

// rules say whether a message may be sent.
type rules interface {
	Check(ctx context.Context, typeURL string, signer sdk.AccAddress) error
}

// WeightedOperationsX implements simsx.HasWeightedOperationsX.
func (w watched) WeightedOperationsX(weights simsx.WeightSource, registry simsx.Registry) {
	w.Module.WeightedOperationsX(weights, counting{Registry: registry, watched: w})
}

type counting struct {
	simsx.Registry
	watched
}

// Add implements simsx.Registry.
func (c counting) Add(weight uint32, factory simsx.SimMsgFactoryX) {
	c.Registry.Add(weight, &counted{SimMsgFactoryX: factory, watched: c.watched})
}

type counted struct {
	simsx.SimMsgFactoryX
	watched
	barred bool // the last one drawn, by a rule
}

// Create implements simsx.SimMsgFactoryX.
func (c *counted) Create() simsx.FactoryMethod {
	create := c.SimMsgFactoryX.Create()
	return func(ctx context.Context, data *simsx.ChainDataSource, reporter simsx.SimulationReporter) ([]simsx.SimAccount, sdk.Msg) {
		signers, msg := create(ctx, data, reporter)
		c.barred = len(signers) > 0 && c.rules.Check(ctx, sdk.MsgTypeURL(msg), signers[0].Address) != nil
		return signers, msg
	}
}

// DeliveryResultHandler implements simsx.SimMsgFactoryX. What a rule bars is refused, whatever else is wrong with it.
func (c *counted) DeliveryResultHandler() simsx.SimDeliveryResultHandler {
	judge := c.SimMsgFactoryX.DeliveryResultHandler()
	return func(err error) error {
		name := sdk.MsgTypeURL(c.MsgType())
		if err == nil {
			c.watch.delivered[name]++
		} else {
			c.watch.refused[name]++
		}
		if !c.barred {
			return judge(err)
		}
		if !errors.Is(err, permissionstypes.ErrNotAllowed) {
			return fmt.Errorf("a rule bars it, but what came is: %w", err)
		}
		c.watch.barred++
		return nil
	}
}

// block looks at the state after each block: requests leave it after their retention, and votes change params.
func (w *watch) block(t testing.TB, ctx sdk.Context, c *Chain) {
	t.Helper()
	jobs, err := c.Jobs.ExportGenesis(ctx)
	require.NoError(t, err)
	w.forked(t, jobs.Jobs)
	require.NoError(t, jobs.Validate())
	for _, r := range jobs.Requests {
		w.last = max(w.last, r.Id)
		if r.IsFinished() {
			w.finished[r.Id] = r
		}
	}
	reputation, err := c.Reputation.Params(ctx)
	require.NoError(t, err)
	bandwidth, err := c.Bandwidth.Params(ctx)
	require.NoError(t, err)
	storage, err := c.Storage.ExportGenesis(ctx)
	require.NoError(t, err)
	w.spaces.block(storage.Spaces, jobs.Clock.NowMs)
	w.changed("/ain.storage.v1.MsgUpdateParams", storage.Params.String())
	w.changed("/ain.bandwidth.v1.MsgUpdateParams", bandwidth.String())
	w.changed(sdk.MsgTypeURL(&jobstypes.MsgUpdateParams{}), jobs.Params[len(jobs.Params)-1].Params.String())
	w.changed("/ain.reputation.v1.MsgUpdateParams", reputation.String())
}

// forked wants each fork to have the schema of the job that it was made from.
func (w *watch) forked(t testing.TB, jobs []jobstypes.Job) {
	t.Helper()
	schemas := map[uint64]string{}
	for _, j := range jobs {
		schemas[j.Id] = j.SchemaDigest
		if j.ForkedFrom != 0 {
			w.forks[j.Id] = true
			require.Equal(t, schemas[j.ForkedFrom], j.SchemaDigest, "job %#x, a fork of %#x", j.Id, j.ForkedFrom)
		}
	}
}

// changed counts a message that only governance sends: nobody delivers it.
func (w *watch) changed(name, params string) {
	if before, seen := w.params[name]; seen && before != params {
		w.delivered[name]++
	}
	w.params[name] = params
}

// add puts another run's counts to these.
func (w *watch) add(other *watch) {
	for name, n := range other.delivered {
		w.delivered[name] += n
	}
	for name, n := range other.refused {
		w.refused[name] += n
	}
	w.barred += other.barred
	for row, n := range other.spaces.rows {
		w.spaces.rows[row] += n
	}
	for row, n := range other.endings() {
		w.ended[row] += n
	}
}

// finalInFork is a row of its own: a fork's tree and releases are good for whole requests.
const finalInFork = "final, in a forked job"

// endings counts the requests of each row.
func (w *watch) endings() map[string]int {
	rows := maps.Clone(w.ended)
	for _, r := range w.finished {
		for _, e := range endings {
			if e.is(r) {
				rows[e.row]++
			}
		}
		if w.forks[r.Spec.JobId] && r.Outcome.IsFinal() {
			rows[finalInFork]++
		}
	}
	return rows
}

// report is the table of a run, and what of it should not be 0 and is.
func (w *watch) report(messages []string) (table string, missing []string) {
	var b strings.Builder
	line := func(name string, n, refused int) {
		fmt.Fprintf(&b, "%9d %9d  %s\n", n, refused, name)
		if n == 0 {
			missing = append(missing, name)
		}
	}
	fmt.Fprintf(&b, "%9s %9s  message\n", "delivered", "refused")
	for _, name := range messages {
		line(name, w.delivered[name], w.refused[name])
	}
	fmt.Fprintf(&b, "%9s %9d  barred by a rule\n", "", w.barred)
	if w.barred == 0 {
		missing = append(missing, "barred by a rule")
	}
	fmt.Fprintf(&b, "%9s %9s  ending\n", "requests", "")
	rows := w.endings()
	for _, e := range endings {
		line(e.row, rows[e.row], 0)
	}
	line(finalInFork, rows[finalInFork], 0)
	for _, row := range spaceRows {
		line(row, w.spaces.rows[row], 0)
	}
	return b.String(), missing
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
