package sim

import (
	"flag"
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/testutil/simsx"
	sdk "github.com/cosmos/cosmos-sdk/types"
	simtypes "github.com/cosmos/cosmos-sdk/types/simulation"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

var (
	seeds = flag.Int("seeds", 5, "how many seeds to run, from 1 on")
	each  = flag.Bool("each", false, "want every message and ending in every seed, not only over all")
)

// people is how many accounts a run has.
const people = 40

func accounts(r *rand.Rand, _ int) []simtypes.Account { return simtypes.RandomAccounts(r, people) }

// run draws one seed's blocks and returns what it did.
func run(t *testing.T, seed int64, then ...func(testing.TB, simsx.TestInstance[*Chain], []simtypes.Account)) *watch {
	t.Helper()
	w := newWatch()
	simsx.RunWithSeedAndRandAcc(t, config(*blocks), newChain(t, w), w.tape.start, seed, nil, accounts, then...)
	return w
}

// ran is what is kept of a seed's run.
type ran struct {
	once sync.Once
	*watch
	end
}

var (
	runs     = map[int64]*ran{}
	runsLock sync.Mutex
)

// once returns a seed's run. The first test that asks for it makes it.
func once(t *testing.T, seed int64) *ran {
	t.Helper()
	runsLock.Lock()
	if runs[seed] == nil {
		runs[seed] = &ran{}
	}
	r := runs[seed]
	runsLock.Unlock()
	r.once.Do(func() {
		var ended end
		w := run(t, seed, func(_ testing.TB, ti simsx.TestInstance[*Chain], people []simtypes.Account) {
			ended = endOf(t, ti.App.App, people)
		})
		r.end, r.watch = ended, w
	})
	require.NotNil(t, r.watch, "seed %d has failed", seed)
	return r
}

// Every block of every seed is held against all invariants; over the seeds, or with -each in every one of them, each
// message is delivered and each ending happens.
func TestSimulation(t *testing.T) {
	watches := make([]*watch, *seeds)
	t.Run("seeds", func(t *testing.T) {
		for i := range watches {
			t.Run(fmt.Sprint(i+1), func(t *testing.T) {
				t.Parallel()
				watches[i] = once(t, int64(i+1)).watch
				table, missing := watches[i].report(ownMessages(t))
				t.Logf("seed %d\n%s", i+1, table)
				if *each {
					require.Empty(t, missing)
				}
			})
		}
	})
	total := newWatch()
	for _, w := range watches {
		if w != nil {
			total.add(w)
		}
	}
	table, missing := total.report(ownMessages(t))
	t.Logf("%d seeds of %d blocks\n%s", *seeds, *blocks, table)
	require.Empty(t, missing, "never delivered, or never happened")
}

// A message that is not drawn is one that nothing here tests.
func TestEveryMessageIsDrawn(t *testing.T) {
	c := newApplication(t)
	var routed []string
	for _, name := range c.InterfaceRegistry().ListImplementations(sdk.MsgInterfaceProtoName) {
		if isOwn(name) {
			routed = append(routed, name)
		}
	}
	slices.Sort(routed)
	require.NotEmpty(t, routed)
	require.Equal(t, routed, ownMessages(t), "give each message a factory in its module's simulation, and the module a line in ownModules")
}

func TestEveryOutcomeHasARow(t *testing.T) {
	for n, name := range jobstypes.Outcome_name {
		outcome := jobstypes.Outcome(n)
		rows := 0
		for _, e := range endings {
			if e.is(jobstypes.Request{Outcome: outcome}) {
				rows++
			}
		}
		if outcome == jobstypes.OUTCOME_UNSPECIFIED {
			require.Zero(t, rows, "%s", name)
			continue
		}
		require.Equal(t, 1, rows, "%s: give the outcome a row in endings", name)
	}
}
