package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

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

// Records behind others that stay have their turn: a block that looks at all of them removes all that are free.
func TestBlockThatLooksAtAllRemovesAllThatAreFree(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 100*ain)
	f.jobs[jobID] = root
	require.NoError(t, f.allocate(root, jobID, 40*ain))
	var busy []string
	for i := range 9 {
		worker := f.staked(fmt.Sprint("worker ", i), ain)
		f.nodes[worker.String()] = true
		require.NoError(t, f.charge(worker, anything()))
		require.NoError(t, f.charge(worker, &onJob{}))
	}
	f.wait(3 * time.Hour)
	for i := range 9 {
		if worker := f.account(fmt.Sprint("worker ", i), 0); i%2 == 0 {
			require.NoError(t, f.charge(worker, anything()))
			require.NoError(t, f.charge(worker, &onJob{}))
			busy = append(busy, worker.String())
		}
	}
	f.blocks(1)
	state := f.exported()
	var accounts, shares []string
	for _, account := range state.Accounts {
		accounts = append(accounts, account.Owner)
	}
	for _, share := range state.Shares {
		shares = append(shares, share.Account)
	}
	require.ElementsMatch(t, append(busy, root.String()), accounts)
	require.ElementsMatch(t, busy, shares)
}

// One free share among many that are in use is found, wherever it lies.
func TestEveryShareHasItsTurn(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 100*ain)
	f.jobs[3], f.jobs[jobID] = root, root
	require.NoError(t, f.allocate(root, 3, ain))
	require.NoError(t, f.allocate(root, jobID, 40*ain))
	f.used(40)
	f.wait(3 * time.Hour)
	state := f.exported()
	last := state.Shares[39].Account
	for _, share := range state.Shares[:39] {
		account := sdk.MustAccAddressFromBech32(share.Account)
		require.NoError(t, f.charge(account, &onJob{}))
	}
	f.blocks(100)
	state = f.exported()
	require.Len(t, state.Shares, 39)
	for _, share := range state.Shares {
		require.NotEqual(t, last, share.Account)
	}
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
