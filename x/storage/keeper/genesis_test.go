package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/storage/types"
)

// busy has one of everything: a provider, a space with two terms, rules, a folder, and one that is over and needed.
func busy(t testing.TB) *fixture {
	t.Helper()
	f := opened(t)
	f.must(reservation("alice"))
	require.NoError(t, f.keeper.Need(f.ctx, 1, genesis+3*day))
	f.must(offer(7))
	f.must(&types.MsgExtendSpace{Signer: of("alice"), Space: 2, DurationMs: day + 1, MaxPrice: price})
	f.must(&types.MsgSetAccess{
		Signer: of("alice"), Space: 2,
		Read:  types.AccessRule{Kind: types.ACCESS_KIND_JOB, JobId: jobID},
		Write: types.AccessRule{Kind: types.ACCESS_KIND_LISTED, Accounts: []string{of("w2"), of("w1")}},
	})
	f.must(&types.MsgPublishFolder{Signer: of("alice"), Space: 2, Digest: digest, Size_: 1})
	f.wait(2*day + hour)
	require.Zero(t, f.space(1).HoldId)
	return f
}

func TestExportImportExportGivesTheSameBytes(t *testing.T) {
	f := busy(t)
	first, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Len(t, first.Spaces, 2)
	escrowed, err := f.escrow.ExportGenesis(f.ctx)
	require.NoError(t, err)

	g := newFixture(t)
	g.now = f.now
	g.fund("provider", f.wallet("provider"), 0)
	stakes, holds, _, err := f.escrow.Books(f.ctx)
	require.NoError(t, err)
	g.fund("mover", stakes.Add(holds).Int64(), 0)
	require.NoError(t, g.bank.SendCoinsFromAccountToModule(g.ctx, address("mover"), "escrow", coins(stakes.Add(holds))))
	require.NoError(t, g.escrow.InitGenesis(g.ctx, *escrowed))
	require.NoError(t, g.keeper.InitGenesis(g.ctx, *first))
	second, err := g.keeper.ExportGenesis(g.ctx)
	require.NoError(t, err)
	require.Equal(t, first, second)
	g.check()
	f.wait(2 * day)
	g.wait(2 * day)
	require.Equal(t, f.wallet("provider"), g.wallet("provider"), "the imported chain pays the same")
	g.gone(2)
}

func TestGenesisThatContradictsItself(t *testing.T) {
	f := busy(t)
	for _, c := range []struct {
		change func(*types.GenesisState)
		words  string
	}{
		{func(g *types.GenesisState) { g.Params.SweepSpaces = 0 }, "params: sweep_spaces: 0 is not between 1 and 10000"},
		{func(g *types.GenesisState) { g.NextSpaceId = 0 }, "spaces: next_space_id: 0; ids start at 1"},
		{func(g *types.GenesisState) { g.NextSpaceId = 2 }, "spaces: space 2 appears twice, or is not between 1 and next_space_id 2"},
		{func(g *types.GenesisState) { g.Spaces[1].Id = 1 }, "spaces: space 1 appears twice"},
		{func(g *types.GenesisState) { g.Spaces[0].Id = 0 }, "spaces: space 0 appears twice, or is not"},
		{func(g *types.GenesisState) { g.Spaces[0].Owner = "alice" }, `spaces: space 1: owner "alice"`},
		{func(g *types.GenesisState) { g.Spaces[0].Provider = "store" }, `spaces: space 1: provider "store"`},
		{func(g *types.GenesisState) { g.Spaces[0].SizeBytes = 0 }, "size_bytes: 0 is not between 1 and 1152921504606846976"},
		{func(g *types.GenesisState) { g.Spaces[0].SizeBytes = 1<<60 + 1 }, "size_bytes: 1152921504606846977 is not between"},
		{func(g *types.GenesisState) { g.Spaces[0].SizeBytes = 1 << 60 }, "has more than 1152921504606846976 bytes reserved"},
		{func(g *types.GenesisState) { g.Spaces[0].ExpiresMs = 1 }, "times: reserved_ms 1700000000000, expires_ms 1,"},
		{func(g *types.GenesisState) { g.Spaces[0].ReservedMs = -1 }, "times: reserved_ms -1,"},
		{func(g *types.GenesisState) { g.Spaces[0].KeepUntilMs = -1 }, "keep_until_ms -1"},
		{func(g *types.GenesisState) { g.Spaces[0].DueMs = -1 }, "due_ms -1"},
		{func(g *types.GenesisState) { g.Spaces[0].Write.Kind = types.ACCESS_KIND_EVERYBODY }, "write.kind: ACCESS_KIND_EVERYBODY"},
		{func(g *types.GenesisState) { g.Spaces[0].Read.Kind = types.ACCESS_KIND_UNSPECIFIED }, "read: is not as rules are kept; say its kind and sort its accounts"},
		{func(g *types.GenesisState) { a := g.Spaces[1].Write.Accounts; a[0], a[1] = a[1], a[0] }, "write: is not as rules are kept"},
		{func(g *types.GenesisState) { g.Spaces[0].Folder.Digest = digest }, "folder: has content, but version 0"},
		{func(g *types.GenesisState) { g.Spaces[1].Folder.Digest = "" }, `folder.digest: "": want sha256:`},
		{func(g *types.GenesisState) { g.Spaces[1].HoldId = 0 }, "hold_id: 0 with 1 terms; a space has both until it expires"},
		{func(g *types.GenesisState) { g.Spaces[0].HoldId = 9 }, "hold_id: 9 with 0 terms"},
		{func(g *types.GenesisState) { g.Spaces[1].Terms[0].UntilMs-- }, "terms end at 1700259200000, the space at expires_ms 1700259200001"},
		{func(g *types.GenesisState) { g.Spaces[1].Terms[0].FromMs = g.Spaces[1].ExpiresMs }, "terms follow each other"},
		{func(g *types.GenesisState) { g.Spaces[1].Terms = append(g.Spaces[1].Terms, g.Spaces[1].Terms[0]) }, "terms[1]: from_ms 1700172800000, until_ms 1700259200001; terms follow each other"},
		{func(g *types.GenesisState) { g.Spaces[1].Terms[0].Paid = math.NewInt(1681) }, "terms[0].paid: 1681 is not between 0 and its worth"},
		{func(g *types.GenesisState) { g.Spaces[1].Terms[0].Paid = math.NewInt(-1) }, "terms[0].paid: -1 is not between 0 and its worth"},
		{func(g *types.GenesisState) { g.Providers[0].Owner = "store" }, `providers: owner "store"`},
		{func(g *types.GenesisState) { g.Providers = append(g.Providers, g.Providers[0]) }, "appears twice"},
		{func(g *types.GenesisState) { g.Providers[0].Endpoint = "ftp://store" }, `endpoint: "ftp://store"`},
		{func(g *types.GenesisState) { g.Providers[0].ReservedBytes-- }, "reserved_bytes 21474836479, its spaces have 21474836480"},
		{func(g *types.GenesisState) { g.Providers[0].CapacityBytes = 1 }, "capacity_bytes 1 is not between reserved_bytes 21474836480 and"},
		{func(g *types.GenesisState) { g.Providers[0].CapacityBytes = 1<<60 + 1 }, "capacity_bytes 1152921504606846977 is not between"},
		{func(g *types.GenesisState) { g.Providers = nil }, "of space 1, is not among them"},
	} {
		state, err := f.keeper.ExportGenesis(f.ctx)
		require.NoError(t, err)
		c.change(state)
		require.ErrorContains(t, state.Validate(), c.words)
	}
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	state.Spaces[1].Terms[0].Paid = state.Spaces[1].Terms[0].Paid.AddRaw(1)
	require.EqualError(t, f.keeper.InitGenesis(f.ctx, *state), "space 2: hold 2 has 1611 uain, 1610 are unpaid: invalid genesis state")
	state.Spaces[1].HoldId = 5
	require.ErrorContains(t, f.keeper.InitGenesis(f.ctx, *state), "space 2: hold 5 was never opened or is closed: unknown hold")
}

// What a genesis reserves is what a message would.
func TestGenesisReservesAsAMessageDoes(t *testing.T) {
	f := opened(t)
	f.must(reservation("alice"))
	want, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)

	state := types.DefaultGenesis()
	_, err = state.Reserve(reservation("alice"), 1, genesis)
	require.EqualError(t, err, "provider: "+of("provider")+"; add it first: unknown provider")
	state.Providers = []types.Provider{{Owner: of("provider"), Endpoint: "https://store.example.org", Price: price, CapacityBytes: 100 * gib}}
	for hold := uint64(1); hold <= 2; hold++ {
		cost, err := state.Reserve(reservation("alice"), hold, genesis)
		require.NoError(t, err)
		require.EqualValues(t, 48_000, cost.Int64())
	}
	require.Equal(t, want, state)
	large := reservation("alice")
	large.SizeBytes = 81 * gib
	_, err = state.Reserve(large, 3, genesis)
	require.EqualError(t, err, "size_bytes: 86973087744; provider "+of("provider")+" has 85899345920 left: capacity")
	large.DurationMs = 0
	_, err = state.Reserve(large, 3, genesis)
	require.EqualError(t, err, "duration_ms: 0 is not between 60000 and 31536000000: limit")
}
