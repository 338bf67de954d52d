package app

import (
	"fmt"

	"cosmossdk.io/core/appmodule"

	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
)

// Upgraded says how the next version of this program differs: one module has a new version, and there is a new store.
type Upgraded struct {
	Name, Module, Store string
	Migrate             func(sdk.Context, storetypes.StoreKey) error
}

// Become makes an application, whose state is not loaded yet, the next version of itself, and loads its state.
func (app *App) Become(next Upgraded, home string) error {
	key := storetypes.NewKVStoreKey(next.Store)
	app.MountStores(key)
	before := upgrades
	upgrades = append(upgrades, stateUpgrade{name: next.Name, stores: storetypes.StoreUpgrades{Added: []string{next.Store}}})
	defer func() { upgrades = before }()

	current, ok := app.modules.Modules[next.Module].(module.HasConsensusVersion)
	if !ok {
		return fmt.Errorf("module %s has no version", next.Module)
	}
	version := current.ConsensusVersion()
	app.modules.Modules[next.Module] = raised{app.modules.Modules[next.Module].(appmodule.AppModule), version + 1}
	configurator := module.NewConfigurator(app.codec, app.MsgServiceRouter(), app.GRPCQueryRouter())
	err := configurator.RegisterMigration(next.Module, version, func(ctx sdk.Context) error { return next.Migrate(ctx, key) })
	if err != nil {
		return err
	}
	app.registerUpgradeHandlers(configurator)
	if err := app.addUpgrades(home); err != nil {
		return err
	}
	return app.LoadLatestVersion()
}

// raised is a module of a later version.
type raised struct {
	appmodule.AppModule
	version uint64
}

func (r raised) ConsensusVersion() uint64 { return r.version }
