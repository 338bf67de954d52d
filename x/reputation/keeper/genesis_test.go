package keeper_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// busy returns a fixture in which every collection has entries.
func busy(t *testing.T) *fixture {
	f := newFixture(t)
	for _, name := range []string{"alice", "bob", "carol"} {
		f.join(name, job, worker)
	}
	f.join("alice", otherJob, evaluator)
	f.pass(time.Second)
	f.setOperator("alice", "hot")
	f.setOperator("root", "hotter")
	_, err := f.server.SetEncryptionKey(f.ctx, &types.MsgSetEncryptionKey{Signer: address("bob").String(), EncryptionKey: ageKey})
	require.NoError(t, err)
	f.apply("dave", job, worker, evaluator)
	f.apply("alice", job, evaluator)
	require.NoError(t, f.keeper.Report(f.ctx, job, address("alice"), worker, program.OutcomeValid, 10, math.NewInt(5)))
	require.NoError(t, f.keeper.Report(f.ctx, otherJob, address("alice"), evaluator, program.OutcomeSilent, 0, math.ZeroInt()))
	require.NoError(t, f.keeper.Report(f.ctx, job, address("bob"), worker, program.OutcomeTimedOut, 0, math.ZeroInt()))
	return f
}

func TestExportImportExportGivesTheSameBytes(t *testing.T) {
	f := busy(t)
	first, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	state := reflect.ValueOf(*first)
	for i := range state.NumField() {
		require.False(t, state.Field(i).IsZero(), "%s is empty", state.Type().Field(i).Name)
	}

	other := newEmptyFixture(t)
	other.ctx = other.ctx.WithBlockTime(f.ctx.BlockTime())
	require.NoError(t, other.keeper.InitGenesis(other.ctx, *first))
	second, err := other.keeper.ExportGenesis(other.ctx)
	require.NoError(t, err)

	want, err := first.Marshal()
	require.NoError(t, err)
	got, err := second.Marshal()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestAnImportedChainGoesOnWhereItStopped(t *testing.T) {
	f := busy(t)
	state, err := f.keeper.ExportGenesis(f.ctx)
	require.NoError(t, err)
	other := newEmptyFixture(t)
	other.ctx = other.ctx.WithBlockTime(f.ctx.BlockTime())
	require.NoError(t, other.keeper.InitGenesis(other.ctx, *state))

	require.Equal(t, address("alice"), other.owner("hot"), "operators are found by their address")
	require.Equal(t, state.NextApplicationId, other.apply("erin", job, worker), "ids go on")
	other.refused(func(ctx sdk.Context) error {
		_, err := other.server.ApplyJob(ctx, application(address("dave"), job, worker))
		return err
	}, types.ErrAlreadyApplied, "is undecided")
	other.pass(time.Hour)
	left, err := other.query.Applications(other.ctx, &types.QueryApplicationsRequest{})
	require.NoError(t, err)
	require.Empty(t, left.Applications, "applications expire")
}

func TestNodesStatedUnderWiderParamsSurviveAnImport(t *testing.T) {
	f := newFixture(t)
	f.join("alice", job, worker)
	f.setParams(func(p *types.Params) { p.MaxTags, p.MaxStringBytes = 1, 16 })
	capability := program.Capability{Tags: []string{"a", "b"}}
	f.refused(func(ctx sdk.Context) error {
		_, err := f.server.UpdateCapability(ctx, &types.MsgUpdateCapability{Signer: address("alice").String(), JobId: job, Capability: capability})
		return err
	}, types.ErrInvalidCapability, "tags: 2 of at most 1")
	f.setParams(func(p *types.Params) { p.MaxTags = 2 })
	_, err := f.server.UpdateCapability(f.ctx, &types.MsgUpdateCapability{Signer: address("alice").String(), JobId: job, Capability: capability})
	require.NoError(t, err)
	f.setParams(func(p *types.Params) { p.MaxTags = 1 })

	state, err := f.keeper.ExportGenesis(f.ctx)

	require.NoError(t, err)
	require.NoError(t, state.Validate())
}
