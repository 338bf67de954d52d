package integration_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/app"
	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

// exactModules come out of a genesis file as they went in. Left out is slashing: nobody can have signed the block before
// the first one, so its count of blocks is one behind.
var exactModules = []string{
	"auth", "authz", "bandwidth", "bank", "distribution", "escrow", "feegrant", "gov", "jobs", "permissions", "reputation", "staking", "storage", "upgrade",
}

func TestExportedChainGoesOn(t *testing.T) {
	old := funded(t)
	live(t, old)
	first := old.Export()

	renewed := apptest.FromGenesis(t, first)
	renewed.Block()
	require.Equal(t, old.App.LastBlockHeight()+1, renewed.App.LastBlockHeight())
	renewed.Must(alice, send(alice, bob, 5))

	old.Block()
	old.Must(alice, send(alice, bob, 5))
	require.Equal(t, balance(old, alice), balance(renewed, alice))
	want, got := old.Export().AppState, renewed.Export().AppState
	for _, module := range exactModules {
		require.JSONEq(t, moduleState(t, want, module), moduleState(t, got, module), "%s two blocks later", module)
	}
}

func TestExportIsExact(t *testing.T) {
	old := funded(t)
	live(t, old)
	first := old.Export()
	imported := apptest.FromGenesis(t, first)
	// The imported state is committed with the first block; what that block changes is not ours.
	imported.BlockTime = 0
	imported.Block()
	for _, module := range exactModules {
		require.JSONEq(t, moduleState(t, first.AppState, module), moduleState(t, imported.Export().AppState, module), module)
	}
}

func TestExportForHeightZeroIsRefused(t *testing.T) {
	c := funded(t)
	_, err := c.App.ExportAppStateAndValidators(true, nil, nil)
	require.ErrorIs(t, err, app.ErrZeroHeight)
}

func TestExportOfOneModule(t *testing.T) {
	c := funded(t)
	exported, err := c.App.ExportAppStateAndValidators(false, nil, []string{"escrow"})
	require.NoError(t, err)
	var modules map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(exported.AppState, &modules))
	require.Len(t, modules, 1)
	require.Contains(t, modules, "escrow")
}

func TestDefaultGenesisHasBoundsWhereTheSDKHasNone(t *testing.T) {
	c := funded(t)
	params := c.App.GetConsensusParams(c.Context())
	require.Equal(t, int64(app.MaxBlockGas), params.Block.MaxGas)
	require.Equal(t, int64(app.MaxBlockBytes), params.Block.MaxBytes)

	staking, err := c.App.Staking.GetParams(c.Context())
	require.NoError(t, err)
	require.Zero(t, staking.HistoricalEntries)
	require.Equal(t, chain.Denom, staking.BondDenom)
}

// live lets something of every kind happen.
func live(t *testing.T, c *apptest.Chain) {
	t.Helper()
	c.Must(alice, send(alice, bob, 1_000_000))
	c.Must(alice, &escrowtypes.MsgSetStake{Owner: alice.String(), Amount: chain.Coin(5_000_000).Amount})
	c.Must(alice, send(alice, stranger, 3))
}

func moduleState(t *testing.T, state json.RawMessage, module string) string {
	t.Helper()
	var modules map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(state, &modules))
	require.Contains(t, modules, module)
	return string(modules[module])
}
