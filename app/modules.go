package app

import (
	"fmt"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	reflectionv1 "cosmossdk.io/api/cosmos/reflection/v1"

	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	authsims "github.com/cosmos/cosmos-sdk/x/auth/simulation"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	authzmodule "github.com/cosmos/cosmos-sdk/x/authz/module"
	"github.com/cosmos/cosmos-sdk/x/bank"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	"github.com/cosmos/cosmos-sdk/x/distribution"
	distributiontypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantmodule "github.com/cosmos/cosmos-sdk/x/feegrant/module"
	"github.com/cosmos/cosmos-sdk/x/genutil"
	genutiltypes "github.com/cosmos/cosmos-sdk/x/genutil/types"
	"github.com/cosmos/cosmos-sdk/x/gov"
	govclient "github.com/cosmos/cosmos-sdk/x/gov/client"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/cosmos-sdk/x/upgrade"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ain-network/aind/x/bandwidth"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	"github.com/ain-network/aind/x/escrow"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	"github.com/ain-network/aind/x/jobs"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	"github.com/ain-network/aind/x/permissions"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	"github.com/ain-network/aind/x/reputation"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	"github.com/ain-network/aind/x/storage"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// The orders in which modules take their turn. A module that a list does not name has nothing to do there; the module
// manager refuses to start if that is not so.
var (
	// preBlockers: an upgrade may change how everything after it reads the state; accounts forget the nonces of
	// expired unordered transactions.
	preBlockers = []string{upgradetypes.ModuleName, authtypes.ModuleName}

	// beginBlockers: fees are shared out before slashing, so that a validator is not paid from a pool it just lost. The
	// jobs module moves the chain clock on before anything of ours reads it.
	beginBlockers = []string{
		distributiontypes.ModuleName,
		slashingtypes.ModuleName,
		stakingtypes.ModuleName,
		authz.ModuleName,
		jobstypes.ModuleName,
		reputationtypes.ModuleName,
	}

	endBlockers = []string{
		banktypes.ModuleName,
		govtypes.ModuleName,
		stakingtypes.ModuleName,
		feegrant.ModuleName,
		jobstypes.ModuleName,
		storagetypes.ModuleName,
		bandwidthtypes.ModuleName,
	}

	// initGenesis: coins before those who hold them; genutil last of all, since it delivers the validators'
	// transactions through every module that comes before it, and under the rules of permissions.
	initGenesis = []string{
		consensustypes.ModuleName,
		authtypes.ModuleName,
		banktypes.ModuleName,
		distributiontypes.ModuleName,
		stakingtypes.ModuleName,
		slashingtypes.ModuleName,
		govtypes.ModuleName,
		authz.ModuleName,
		feegrant.ModuleName,
		upgradetypes.ModuleName,
		escrowtypes.ModuleName,
		reputationtypes.ModuleName,
		jobstypes.ModuleName,
		storagetypes.ModuleName,
		permissionstypes.ModuleName,
		bandwidthtypes.ModuleName,
		genutiltypes.ModuleName,
	}
)

// addModules builds the modules over the keepers and registers what they serve.
func (app *App) addModules() error {
	k := &app.Keepers
	app.modules = module.NewManager(
		genutil.NewAppModule(k.Auth, k.Staking, app, app.txConfig),
		auth.NewAppModule(app.codec, k.Auth, authsims.RandomGenesisAccounts),
		bank.NewAppModule(app.codec, k.Bank, k.Auth),
		staking.NewAppModule(app.codec, k.Staking, k.Auth, k.Bank),
		slashing.NewAppModule(app.codec, k.Slashing, k.Auth, k.Bank, k.Staking, app.registry),
		distribution.NewAppModule(app.codec, k.Distribution, k.Auth, k.Bank, k.Staking),
		gov.NewAppModule(app.codec, k.Gov, k.Auth, k.Bank),
		upgrade.NewAppModule(k.Upgrade, k.Auth.AddressCodec()),
		consensus.NewAppModule(app.codec, k.Consensus),
		authzmodule.NewAppModule(app.codec, k.Authz, k.Auth, k.Bank, app.registry),
		feegrantmodule.NewAppModule(app.codec, k.Auth, k.Bank, k.Feegrant, app.registry),
		escrow.NewAppModule(k.Escrow),
		reputation.NewAppModule(k.Reputation),
		jobs.NewAppModule(k.Jobs),
		permissions.NewAppModule(k.Permissions),
		storage.NewAppModule(k.Storage),
		bandwidth.NewAppModule(k.Bandwidth),
	)
	app.modules.SetOrderPreBlockers(preBlockers...)
	app.modules.SetOrderBeginBlockers(beginBlockers...)
	app.modules.SetOrderEndBlockers(endBlockers...)
	app.modules.SetOrderInitGenesis(initGenesis...)
	app.modules.SetOrderExportGenesis(initGenesis...)

	app.basics = module.NewBasicManagerFromManager(app.modules, map[string]module.AppModuleBasic{
		genutiltypes.ModuleName: genutil.NewAppModuleBasic(genutiltypes.DefaultMessageValidator),
		govtypes.ModuleName:     gov.NewAppModuleBasic([]govclient.ProposalHandler{}),
	})
	app.basics.RegisterLegacyAminoCodec(app.amino)
	app.basics.RegisterInterfaces(app.registry)
	app.simulations = module.NewSimulationManagerFromAppModules(app.modules.Modules, nil)
	app.simulations.RegisterStoreDecoders()
	return app.registerServices()
}

// registerServices opens the modules' messages and queries to the world, and what describes them. Every message is
// executed behind the rules of permissions.
func (app *App) registerServices() error {
	configurator := module.NewConfigurator(app.codec, app.Permissions.Guard(app.MsgServiceRouter()), app.GRPCQueryRouter())
	if err := app.modules.RegisterServices(configurator); err != nil {
		return fmt.Errorf("register the modules' services: %w", err)
	}
	app.registerUpgradeHandlers(configurator)

	autocliv1.RegisterQueryServer(app.GRPCQueryRouter(), runtimeservices.NewAutoCLIQueryService(app.modules.Modules))
	reflection, err := runtimeservices.NewReflectionService()
	if err != nil {
		return fmt.Errorf("reflection service: %w", err)
	}
	reflectionv1.RegisterReflectionServiceServer(app.GRPCQueryRouter(), reflection)
	return nil
}
