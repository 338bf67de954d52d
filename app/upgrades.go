package app

import (
	"context"
	"fmt"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"
)

// stateUpgrade is one change of the state machine that a running chain votes for by name.
type stateUpgrade struct {
	// name in the governance proposal.
	name string
	// stores that the new program adds or drops.
	stores storetypes.StoreUpgrades
}

// upgrades are all that this program can carry out, oldest first. Each runs the migrations of the modules whose
// consensus version it raises. The chain has had none yet.
var upgrades []stateUpgrade

// registerUpgradeHandlers tells x/upgrade what to run when a voted height is reached.
func (app *App) registerUpgradeHandlers(configurator module.Configurator) {
	for _, u := range upgrades {
		app.Upgrade.SetUpgradeHandler(u.name,
			func(ctx context.Context, _ upgradetypes.Plan, from module.VersionMap) (module.VersionMap, error) {
				return app.modules.RunMigrations(ctx, configurator, from)
			})
	}
}

// addUpgrades lets the stores be changed while they are loaded, if the node stopped for one of the upgrades. Without a
// home there is no note of one.
func (app *App) addUpgrades(home string) error {
	if home == "" {
		return nil
	}
	plan, err := app.Upgrade.ReadUpgradeInfoFromDisk()
	if err != nil {
		return fmt.Errorf("read the pending upgrade: %w", err)
	}
	if app.Upgrade.IsSkipHeight(plan.Height) {
		return nil
	}
	for _, u := range upgrades {
		if u.name == plan.Name {
			app.SetStoreLoader(upgradetypes.UpgradeStoreLoader(plan.Height, &u.stores))
		}
	}
	return nil
}
