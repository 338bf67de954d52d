package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/x/permissions/types"
)

func TestExportImportExportGivesTheSameBytes(t *testing.T) {
	f := newFixture(t)
	f.mustSet(f.gov, listed(registerJob, "alice", "bob", "carol"))
	f.mustSet(f.gov, with(listed(requestJob, "dave"), account("keeper")))
	f.mustSet(f.gov, nobody(createValidator))

	first, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	require.Len(t, first.Rules, 3)

	other := newFixture(t)
	require.NoError(t, other.keeper.InitGenesis(other.ctx, *first))
	second, err := other.keeper.ExportGenesis(other.ctx)
	require.NoError(t, err)
	want, err := first.Marshal()
	require.NoError(t, err)
	got, err := second.Marshal()
	require.NoError(t, err)
	require.Equal(t, want, got)

	for _, who := range []string{"alice", "bob", "carol", "dave"} {
		for _, url := range []string{registerJob, requestJob, createValidator} {
			require.Equal(t, f.may(account(who), url), other.may(account(who), url), "%s %s", who, url)
		}
	}
	require.NoError(t, other.setRule(account("keeper"), with(nobody(requestJob), account("keeper"))))
}

func TestGenesisKeepsNoRuleThatChangesNothing(t *testing.T) {
	f := newFixture(t)
	require.NoError(t, f.keeper.InitGenesis(f.ctx, types.GenesisState{Rules: []types.Rule{with(types.Everybody(registerJob), f.gov)}}))
	require.Zero(t, f.stored())
}

func TestGenesisIsRefused(t *testing.T) {
	f := newFixture(t)
	err := f.keeper.InitGenesis(f.ctx, types.GenesisState{Rules: []types.Rule{nobody(submitResult)}})
	require.ErrorIs(t, err, types.ErrInvalidGenesis)
	require.ErrorContains(t, err, "rules[0]: rule.type_url: "+submitResult)
}
