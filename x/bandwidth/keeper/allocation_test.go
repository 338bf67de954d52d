package keeper_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

func anything() sdk.Msg { return &banktypes.MsgSend{} }

func TestAllocatedCoinsCountForTheJob(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 10*ain)
	f.jobs[jobID] = root
	worker := f.account("worker", 0)
	f.nodes[worker.String()] = true

	require.ErrorIs(t, f.charge(worker, &onJob{}), types.ErrNoRoom, "nothing is allocated yet")
	emitted := f.events(func(ctx sdk.Context) {
		_, err := f.server.AllocateToJob(ctx, &types.MsgAllocateToJob{Signer: root.String(), JobId: jobID, Amount: math.NewInt(4 * ain)})
		require.NoError(t, err)
		_, err = f.server.AllocateToJob(ctx, &types.MsgAllocateToJob{Signer: root.String(), JobId: jobID, Amount: math.NewInt(4 * ain)})
		require.NoError(t, err, "the same again changes nothing")
	})
	require.Equal(t, []proto.Message{&types.EventAllocated{JobId: jobID, Root: root.String(), Amount: "4000000"}}, emitted)

	require.Equal(t, 4, f.spend(worker, &onJob{}), "a tenth of forty")
	require.Equal(t, 60, f.spend(root, anything()), "six AIN are the root's own")
	answer := f.jobRoom(jobID, worker.String())
	require.True(t, answer.IsNode)
	require.Equal(t, []int64{4 * ain, ain * 4 / 10}, []int64{answer.Allocated.Int64(), answer.Bound.Int64()})
	require.Equal(t, uint64(4*cost), answer.Share.Used.Gas)
	require.Equal(t, answer.Share.Full.Gas, answer.Share.Used.Gas)
	require.Equal(t, f.ctx.BlockTime().Add(24*time.Hour).UnixMilli(), answer.Share.FreeMs)
	require.Equal(t, f.ctx.BlockTime().Add(24*time.Hour/10).UnixMilli(), answer.State.FreeMs)
}

func TestAllocationsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(f *fixture, root sdk.AccAddress)
		as     string
		job    uint64
		amount int64
		err    error
		says   string
	}{
		{"of a job that is not there", nil, "root", 99, ain, types.ErrUnknownJob, "job_id: 0x63"},
		{"by somebody else than the root", nil, "eve", jobID, ain, types.ErrNotRoot, "only its root"},
		{"of more than is in stake", nil, "root", jobID, 10*ain + 1, types.ErrBound, "stake 1 uain more"},
		{"of what counts for another job", func(f *fixture, root sdk.AccAddress) {
			require.NoError(f.t, f.allocate(root, 8, 6*ain))
		}, "root", jobID, 5 * ain, types.ErrBound, "stake 1000000 uain more"},
		{"of coins whose room the root is using", func(f *fixture, root sdk.AccAddress) {
			f.spend(root, anything())
		}, "root", jobID, 1, types.ErrBound, "the room of 10000000 is in use"},
		{"back, of coins whose room the job is using", func(f *fixture, root sdk.AccAddress) {
			require.NoError(f.t, f.allocate(root, jobID, 4*ain))
			worker := f.account("worker", 0)
			f.nodes[worker.String()] = true
			f.spend(worker, &onJob{})
		}, "root", jobID, ain*4/10 - 1, types.ErrBound, "ask for 400000 or more"},
		{"of coins that are locked", func(f *fixture, root sdk.AccAddress) {
			require.NoError(f.t, f.lock(root, 5*ain))
		}, "root", jobID, 5*ain + 1, types.ErrBound, "stake 1 uain more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			root := f.staked("root", 10*ain)
			f.jobs[jobID], f.jobs[8] = root, root
			if c.before != nil {
				c.before(f, root)
			}
			before, err := f.keeper.ExportGenesis(f.ctx)
			require.NoError(t, err)
			err = f.allocate(f.account(c.as, 0), c.job, c.amount)
			require.ErrorIs(t, err, c.err)
			require.ErrorContains(t, err, c.says)
			after, err := f.keeper.ExportGenesis(f.ctx)
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
}

func TestAllocationComesBackWhenItsRoomIsFree(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 10*ain)
	f.jobs[jobID] = root
	f.nodes[root.String()] = true
	require.NoError(t, f.allocate(root, jobID, 10*ain))
	require.Equal(t, 10, f.spend(root, &onJob{}), "its share of the job's; nothing is its own")
	require.ErrorIs(t, f.allocate(root, jobID, 0), types.ErrBound)
	f.wait(24*time.Hour/10 - time.Millisecond)
	require.ErrorIs(t, f.allocate(root, jobID, 0), types.ErrBound)
	f.wait(time.Millisecond)
	require.NoError(t, f.allocate(root, jobID, 0))
	require.Equal(t, 100, f.spend(root, anything()))
	require.Zero(t, f.jobRoom(jobID, "").State.Full.Gas)
}

// used has workers use one transaction each of the job's room.
func (f *fixture) used(workers int) {
	f.t.Helper()
	for i := range workers {
		worker := f.account(fmt.Sprint("worker ", i), 0)
		f.nodes[worker.String()] = true
		require.NoError(f.t, f.charge(worker, &onJob{}))
	}
}

func TestJobsRoomIsFreedAtThePaceOfItsCoins(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 10*ain)
	f.jobs[jobID] = root
	require.NoError(t, f.allocate(root, jobID, ain))
	f.used(5)
	f.wait(6 * time.Hour)
	require.NoError(t, f.allocate(root, jobID, 10*ain))
	require.Equal(t, uint64(25*cost/10), f.jobRoom(jobID, "").State.Used.Gas, "six hours of one AIN, not of ten")
}

func TestApplicantsShareAPart(t *testing.T) {
	f := newFixture(t)
	root := f.staked("root", 100*ain)
	f.jobs[jobID] = root
	require.NoError(t, f.allocate(root, jobID, 100*ain))
	require.Equal(t, 20, f.spend(f.account("first", 0), &application{}), "a tenth of a fifth of a thousand")
	for i := range 9 {
		require.Equal(t, 20, f.spend(f.account(fmt.Sprint("applicant ", i), 0), &application{}))
	}
	require.Zero(t, f.spend(f.account("late", 0), &application{}))
	f.used(1)
}

// A node may use more at once than all applicants together have.
func TestApplicantsPartIsNoLimitOfNodes(t *testing.T) {
	f := newFixture(t)
	root, worker := f.staked("root", 10*ain), f.account("worker", 0)
	f.jobs[jobID], f.nodes[worker.String()] = root, true
	params, err := f.keeper.Params(f.ctx)
	require.NoError(t, err)
	params.AccountBps = 10_000
	_, err = f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: authority(), Params: params})
	require.NoError(t, err)
	require.NoError(t, f.allocate(root, jobID, 10*ain))
	require.NoError(t, f.chargeTx(fakeTx{from: worker, msgs: []sdk.Msg{&onJob{}}, gas: 100 * cost}))
}

func TestWhatIsMoreThanAShareNeverPasses(t *testing.T) {
	f := newFixture(t)
	root, worker := f.staked("root", 10*ain), f.account("worker", 0)
	f.jobs[jobID], f.nodes[worker.String()] = root, true
	require.NoError(t, f.allocate(root, jobID, 10*ain))
	tx := fakeTx{from: worker, msgs: []sdk.Msg{&onJob{}}, gas: 11 * cost}
	require.EqualError(t, f.chargeTx(tx), "0 bytes and 11000 gas asked; the room of "+worker.String()+
		" is 0 bytes and 0 gas, of which 0 and 0 are in use; waiting does not help: a stake of 1100000 uain has room for it: no room")
}

func TestParamsAreTheAuthoritys(t *testing.T) {
	f := newFixture(t)
	params := types.OpenParams()
	eve := f.account("eve", 0).String()
	_, err := f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: eve, Params: params})
	require.ErrorIs(t, err, types.ErrWrongSigner)
	authority := authority()
	_, err = f.server.UpdateParams(f.ctx, &types.MsgUpdateParams{Authority: authority})
	require.ErrorIs(t, err, types.ErrInvalidParams)
	require.Equal(t, []proto.Message{&types.EventParamsUpdated{}}, f.events(func(ctx sdk.Context) {
		_, err = f.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority, Params: params})
		require.NoError(t, err)
	}))
	answer, err := queries(f).Params(f.ctx, &types.QueryParamsRequest{})
	require.NoError(t, err)
	require.Equal(t, params, answer.Params)
}
