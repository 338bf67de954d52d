package app

import (
	"encoding/json"
	"errors"
	"fmt"

	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
)

// ErrZeroHeight says that a chain cannot be restarted at height zero.
var ErrZeroHeight = errors.New("export for height zero is not supported: start the new chain with the exported initial_height")

// ExportAppStateAndValidators writes the whole state as a genesis file. Height is that of the next block. Time in the
// state (deadlines, unbonding) stays as it is: the new chain goes on where the old one stopped.
func (app *App) ExportAppStateAndValidators(forZeroHeight bool, _, only []string) (servertypes.ExportedApp, error) {
	if forZeroHeight {
		return servertypes.ExportedApp{}, ErrZeroHeight
	}
	ctx := app.NewContext(true)
	genesis, err := app.modules.ExportGenesisForModules(ctx, app.codec, only)
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("export the modules' state: %w", err)
	}
	state, err := json.MarshalIndent(genesis, "", "  ")
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("write the exported state: %w", err)
	}
	validators, err := staking.WriteValidators(ctx, app.Staking)
	if err != nil {
		return servertypes.ExportedApp{}, fmt.Errorf("export the validators: %w", err)
	}
	return servertypes.ExportedApp{
		AppState:        state,
		Validators:      validators,
		Height:          app.LastBlockHeight() + 1,
		ConsensusParams: app.GetConsensusParams(ctx),
	}, nil
}
