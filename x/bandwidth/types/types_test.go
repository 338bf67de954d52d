package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	_ "github.com/ain-network/aind/chain" // address prefix
	"github.com/ain-network/aind/x/bandwidth/types"
)

var (
	alice = sdk.AccAddress("alice_______________").String()
	bob   = sdk.AccAddress("bob_________________").String()
)

func TestDefaultParamsAreThoseOfTheReadme(t *testing.T) {
	require.Equal(t, types.Params{
		WindowMs: 86_400_000, PerAin: types.Room{Bytes: 20_000, Gas: 10_000_000}, AccountBps: 1000, ApplicantsBps: 2000,
	}, types.DefaultParams())
	require.Equal(t, types.Params{
		WindowMs: 60_000, PerAin: types.Room{Bytes: 20_000, Gas: 10_000_000}, Base: types.Room{Bytes: 1 << 50, Gas: 1 << 50},
		AccountBps: 1000, ApplicantsBps: 2000,
	}, types.OpenParams())
}

func TestParamsAreBounded(t *testing.T) {
	for _, c := range []struct {
		name     string
		set      func(p *types.Params, value uint64)
		min, max uint64
	}{
		{"window_ms", func(p *types.Params, value uint64) { p.WindowMs = value }, 60_000, 30 * day},
		{"per_ain.bytes", func(p *types.Params, value uint64) { p.PerAin.Bytes = value }, 1, 1 << 40},
		{"per_ain.gas", func(p *types.Params, value uint64) { p.PerAin.Gas = value }, 1, 1 << 40},
		{"base.bytes", func(p *types.Params, value uint64) { p.Base.Bytes = value }, 0, 1 << 50},
		{"base.gas", func(p *types.Params, value uint64) { p.Base.Gas = value }, 0, 1 << 50},
		{"base_balance", func(p *types.Params, value uint64) { p.BaseBalance = value }, 0, 1 << 62},
		{"account_bps", func(p *types.Params, value uint64) { p.AccountBps = uint32(value) }, 1, 10_000},
		{"applicants_bps", func(p *types.Params, value uint64) { p.ApplicantsBps = uint32(value) }, 1, 10_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := types.DefaultParams()
			for _, good := range []uint64{c.min, c.max} {
				c.set(&params, good)
				require.NoError(t, params.Validate())
			}
			for _, bad := range []uint64{c.max + 1, c.min - min(c.min, 1)} {
				if bad == c.min {
					continue // nothing is below 0
				}
				c.set(&params, bad)
				require.ErrorIs(t, params.Validate(), types.ErrInvalidParams)
				require.ErrorContains(t, params.Validate(), c.name+": ")
			}
		})
	}
}

func TestMessagesAreChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		msg  sdk.HasValidateBasic
		err  error
		says string
	}{
		{"coins may be allocated", &types.MsgAllocateToJob{Signer: alice, JobId: 1, Amount: math.NewInt(1)}, nil, ""},
		{"and taken back", &types.MsgAllocateToJob{Signer: alice, JobId: 1, Amount: math.ZeroInt()}, nil, ""},
		{"somebody signs", &types.MsgAllocateToJob{JobId: 1, Amount: math.NewInt(1)}, types.ErrInvalidAddress, "signer"},
		{"job 0 is none", &types.MsgAllocateToJob{Signer: alice, Amount: math.NewInt(1)}, types.ErrUnknownJob, "jobs start at 1"},
		{"an amount is not negative", &types.MsgAllocateToJob{Signer: alice, JobId: 1, Amount: math.NewInt(-1)}, types.ErrInvalidAmount, "amount: -1"},
		{"an amount is there", &types.MsgAllocateToJob{Signer: alice, JobId: 1}, types.ErrInvalidAmount, "amount: missing"},
		{"params are checked", &types.MsgUpdateParams{Authority: alice}, types.ErrInvalidParams, "window_ms"},
		{"an authority signs", &types.MsgUpdateParams{Params: types.DefaultParams()}, types.ErrInvalidAddress, "authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.msg.ValidateBasic()
			require.ErrorIs(t, err, c.err)
			if c.err != nil {
				require.ErrorContains(t, err, c.says)
			}
		})
	}
}

func TestGenesisIsChecked(t *testing.T) {
	account := func(owner string, allocated int64) types.Account {
		return types.Account{Owner: owner, Allocated: math.NewInt(allocated)}
	}
	allocation := func(job uint64, root string, amount int64) types.Allocation {
		return types.Allocation{JobId: job, Root: root, Amount: math.NewInt(amount)}
	}
	tooFull := types.Meter{Used: types.Room{Gas: types.MaxRoom + 1}}
	for _, c := range []struct {
		name   string
		change func(*types.GenesisState)
		says   string // empty: accepted
	}{
		{"the default is good", func(*types.GenesisState) {}, ""},
		{"what is allocated is good", func(g *types.GenesisState) {
			g.Accounts = []types.Account{account(alice, 5), account(bob, 0)}
			g.Allocations = []types.Allocation{allocation(1, alice, 2), allocation(2, alice, 3), allocation(3, bob, 0)}
			g.Shares = []types.Share{{JobId: 1, Account: bob}, {JobId: 2, Account: bob}}
		}, ""},
		{"params are in their bounds", func(g *types.GenesisState) { g.Params.WindowMs = 0 }, "window_ms"},
		{"an owner appears once", func(g *types.GenesisState) { g.Accounts = []types.Account{account(alice, 0), account(alice, 0)} }, "appears twice"},
		{"an owner is an address", func(g *types.GenesisState) { g.Accounts = []types.Account{account("eve", 0)} }, `owner "eve"`},
		{"a sum is there", func(g *types.GenesisState) { g.Accounts = []types.Account{{Owner: alice}} }, "allocated: missing"},
		{"a sum is the sum", func(g *types.GenesisState) { g.Accounts = []types.Account{account(alice, 1)} }, "allocated 1, its jobs have 0"},
		{"who allocates has a record", func(g *types.GenesisState) { g.Allocations = []types.Allocation{allocation(1, alice, 1)} }, "is not among them"},
		{"sums are no more coins than there can be", func(g *types.GenesisState) {
			most, ok := math.NewIntFromString("115792089237316195423570985008687907853269984665640564039457584007913129639935")
			require.True(t, ok)
			g.Accounts = []types.Account{account(alice, 1)}
			g.Allocations = []types.Allocation{{JobId: 1, Root: alice, Amount: most}, {JobId: 2, Root: alice, Amount: most}}
		}, "more coins than there can be"},
		{"who allocates nothing needs no record", func(g *types.GenesisState) {
			g.Allocations = []types.Allocation{allocation(1, alice, 0)}
		}, ""},
		{"a job appears once", func(g *types.GenesisState) {
			g.Allocations = []types.Allocation{allocation(1, alice, 0), allocation(1, bob, 0)}
		}, "appears twice"},
		{"job 0 is none", func(g *types.GenesisState) { g.Allocations = []types.Allocation{allocation(0, alice, 0)} }, "is no job"},
		{"a root is an address", func(g *types.GenesisState) { g.Allocations = []types.Allocation{allocation(1, "eve", 0)} }, `root "eve"`},
		{"an allocation is not negative", func(g *types.GenesisState) { g.Allocations = []types.Allocation{allocation(1, alice, -1)} }, "is negative"},
		{"a share appears once", func(g *types.GenesisState) {
			g.Shares = []types.Share{{JobId: 1, Account: bob}, {JobId: 1, Account: bob}}
		}, "appears twice"},
		{"a share is an account's", func(g *types.GenesisState) { g.Shares = []types.Share{{JobId: 1, Account: "eve"}} }, `account "eve"`},
		{"what fills the largest room is good", func(g *types.GenesisState) {
			most := types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom}
			g.Shares = []types.Share{{JobId: 1, Account: bob, Meter: types.Meter{Used: most, Full: most}}}
		}, ""},
		{"bytes in use are bounded", func(g *types.GenesisState) {
			g.Shares = []types.Share{{JobId: 1, Account: bob, Meter: types.Meter{Used: types.Room{Bytes: types.MaxRoom + 1}}}}
		}, "at most"},
		{"gas of a room is bounded", func(g *types.GenesisState) {
			g.Shares = []types.Share{{JobId: 1, Account: bob, Meter: types.Meter{Full: types.Room{Gas: types.MaxRoom + 1}}}}
		}, "at most"},
		{"job 0 has no shares", func(g *types.GenesisState) { g.Shares = []types.Share{{Account: bob}} }, "is no job"},
		{"a job's own meter is bounded", func(g *types.GenesisState) {
			g.Allocations = []types.Allocation{{JobId: 1, Root: alice, Amount: math.ZeroInt(), Meter: tooFull}}
		}, "at most"},
		{"an amount of a job is there", func(g *types.GenesisState) { g.Allocations = []types.Allocation{{JobId: 1, Root: alice}} }, "amount: missing"},
		{"a meter of an account is bounded", func(g *types.GenesisState) {
			g.Accounts = []types.Account{{Owner: alice, Allocated: math.ZeroInt(), Meter: tooFull}}
		}, "at most"},
		{"a meter of a job is bounded", func(g *types.GenesisState) {
			g.Allocations = []types.Allocation{{JobId: 1, Root: alice, Amount: math.ZeroInt(), Applicants: tooFull}}
		}, "at most"},
		{"a meter has a time", func(g *types.GenesisState) {
			g.Shares = []types.Share{{JobId: 1, Account: bob, Meter: types.Meter{AtMs: -1}}}
		}, "at_ms -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := types.DefaultGenesis()
			c.change(state)
			err := state.Validate()
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, types.ErrInvalidGenesis)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestRoomOfMoreCoinsThanThereCanBe(t *testing.T) {
	most := math.NewIntWithDecimal(1, 77)
	params := types.DefaultParams()
	require.Equal(t, types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom}, params.RoomOf(most))
	params.PerAin = types.Room{Bytes: 1, Gas: 1 << 40}
	require.Equal(t, types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom}, params.RoomOf(most))
	require.Equal(t, types.Room{Bytes: 3, Gas: 3 << 40}, params.RoomOf(math.NewInt(3_999_999)).Min(types.Room{Bytes: 3, Gas: 3 << 40}))
}

func TestTheSmallerOfEachCounts(t *testing.T) {
	require.Equal(t, types.Room{Bytes: 1, Gas: 8}, types.Room{Bytes: 1, Gas: 9}.Min(types.Room{Bytes: 2, Gas: 8}))
	require.Equal(t, types.Room{Bytes: 1, Gas: 8}, types.Room{Bytes: 2, Gas: 8}.Min(types.Room{Bytes: 1, Gas: 9}))
}
