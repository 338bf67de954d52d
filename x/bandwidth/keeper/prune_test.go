package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// blocks lets blocks pass that nobody sends anything in.
func (f *fixture) blocks(n int) {
	f.t.Helper()
	for range n {
		f.ctx = f.ctx.WithBlockHeight(f.ctx.BlockHeight() + 1)
		require.NoError(f.t, f.keeper.EndBlock(f.ctx))
	}
}

func (f *fixture) exported() *types.GenesisState {
	f.t.Helper()
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(f.t, err)
	return state
}

func TestRecordsGoWhenTheirRoomIsFree(t *testing.T) {
	f := newFixture(t)
	f.blocks(1)
	root := f.staked("root", 100*ain)
	f.jobs[3], f.jobs[jobID] = root, root
	require.NoError(t, f.allocate(root, 3, ain))
	require.NoError(t, f.allocate(root, jobID, 40*ain))
	for i := range 30 {
		worker := f.staked(fmt.Sprint("worker ", i), ain)
		f.nodes[worker.String()] = true
		require.NoError(t, f.charge(worker, anything()))
		require.NoError(t, f.charge(worker, &onJob{}))
	}
	records := func() []int {
		state := f.exported()
		return []int{len(state.Accounts), len(state.Allocations), len(state.Shares)}
	}
	f.blocks(100)
	require.Equal(t, []int{31, 2, 30}, records(), "all have room in use")

	f.wait(24*time.Hour/10 - time.Millisecond)
	f.blocks(100)
	require.Equal(t, []int{31, 2, 30}, records(), "an account frees one of ten in a tenth of the day")
	late := f.staked("late", ain)
	require.NoError(t, f.charge(late, anything()))
	f.wait(time.Millisecond)
	f.blocks(1)
	require.GreaterOrEqual(t, records()[0], 32-10, "a block looks at ten")
	f.blocks(99)
	require.Equal(t, []int{2, 2, 30}, records(), "the root allocates, late has room in use; a share is looked at as an applicant's, a fifth")
	f.wait(24 * time.Hour)
	f.blocks(100)
	require.Equal(t, []int{1, 2, 0}, records())
}

func TestShareOfAJobWithoutRoomStays(t *testing.T) {
	f := newFixture(t)
	root, worker := f.staked("root", 100*ain), f.account("worker", 0)
	f.jobs[jobID], f.nodes[worker.String()] = root, true
	require.NoError(t, f.allocate(root, jobID, 40*ain))
	require.NoError(t, f.charge(worker, &onJob{}))
	f.wait(time.Hour)
	require.NoError(t, f.allocate(root, jobID, 0))
	f.wait(48 * time.Hour)
	f.blocks(20)
	require.Len(t, f.exported().Shares, 1, "nothing frees it")
}
