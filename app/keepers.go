package app

import (
	"path/filepath"

	"github.com/spf13/cast"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec/address"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/server"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	authzkeeper "github.com/cosmos/cosmos-sdk/x/authz/keeper"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distributionkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distributiontypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/feegrant"
	feegrantkeeper "github.com/cosmos/cosmos-sdk/x/feegrant/keeper"
	govkeeper "github.com/cosmos/cosmos-sdk/x/gov/keeper"
	govtypes "github.com/cosmos/cosmos-sdk/x/gov/types"
	govv1beta1 "github.com/cosmos/cosmos-sdk/x/gov/types/v1beta1"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	upgradekeeper "github.com/cosmos/cosmos-sdk/x/upgrade/keeper"
	upgradetypes "github.com/cosmos/cosmos-sdk/x/upgrade/types"

	"github.com/ain-network/aind/chain"
	bandwidthkeeper "github.com/ain-network/aind/x/bandwidth/keeper"
	bandwidthtypes "github.com/ain-network/aind/x/bandwidth/types"
	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobskeeper "github.com/ain-network/aind/x/jobs/keeper"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	permissionskeeper "github.com/ain-network/aind/x/permissions/keeper"
	permissionstypes "github.com/ain-network/aind/x/permissions/types"
	reputationkeeper "github.com/ain-network/aind/x/reputation/keeper"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagekeeper "github.com/ain-network/aind/x/storage/keeper"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// storeNames are the stores of the state, one a module.
var storeNames = []string{
	authtypes.StoreKey,
	banktypes.StoreKey,
	stakingtypes.StoreKey,
	slashingtypes.StoreKey,
	distributiontypes.StoreKey,
	govtypes.StoreKey,
	upgradetypes.StoreKey,
	consensustypes.StoreKey,
	authzkeeper.StoreKey,
	feegrant.StoreKey,
	escrowtypes.StoreKey,
	reputationtypes.StoreKey,
	jobstypes.StoreKey,
	permissionstypes.StoreKey,
	storagetypes.StoreKey,
	bandwidthtypes.StoreKey,
}

// moduleAccounts are the accounts that modules own, with what each may do to the supply.
var moduleAccounts = map[string][]string{
	authtypes.FeeCollectorName:          nil,
	distributiontypes.ModuleName:        nil,
	govtypes.ModuleName:                 {authtypes.Burner},
	stakingtypes.BondedPoolName:         {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName:      {authtypes.Burner, authtypes.Staking},
	stakingtypes.KeyRotationFeePoolName: {authtypes.Burner},
	escrowtypes.ModuleName:              {authtypes.Burner},
}

// Keepers are the modules' doors to the state.
type Keepers struct {
	Auth         authkeeper.AccountKeeper
	Bank         bankkeeper.BaseKeeper
	Staking      *stakingkeeper.Keeper
	Slashing     slashingkeeper.Keeper
	Distribution distributionkeeper.Keeper
	Gov          *govkeeper.Keeper
	Upgrade      *upgradekeeper.Keeper
	Consensus    consensuskeeper.Keeper
	Authz        authzkeeper.Keeper
	Feegrant     feegrantkeeper.Keeper
	Escrow       *escrowkeeper.Keeper
	Reputation   *reputationkeeper.Keeper
	Jobs         *jobskeeper.Keeper
	Permissions  *permissionskeeper.Keeper
	Bandwidth    *bandwidthkeeper.Keeper
	Storage      *storagekeeper.Keeper
}

// Authority may change params: the governance module's account.
func Authority() string { return authtypes.NewModuleAddress(govtypes.ModuleName).String() }

// blockedAddresses are the accounts that no transfer may pay: all module accounts, so that nobody can bring a module's
// books out of balance from outside.
func blockedAddresses() map[string]bool {
	blocked := make(map[string]bool, len(moduleAccounts))
	for name := range moduleAccounts {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	return blocked
}

// newKeepers builds every keeper after those it depends on.
func newKeepers(app *App, options servertypes.AppOptions, logger log.Logger) Keepers {
	k := Keepers{}
	k.addFoundation(app, options, logger)
	k.addSecurity(app)
	k.addDelegation(app)
	k.addMarket(app)
	return k
}

// addFoundation builds accounts, coins, upgrades and consensus params.
func (k *Keepers) addFoundation(app *App, options servertypes.AppOptions, logger log.Logger) {
	authority := Authority()
	store := storeServices(app)

	k.Consensus = consensuskeeper.NewKeeper(app.codec, store(consensustypes.StoreKey), authority, runtime.EventService{})
	app.SetParamStore(k.Consensus.ParamsStore)

	k.Auth = authkeeper.NewAccountKeeper(
		app.codec, store(authtypes.StoreKey), authtypes.ProtoBaseAccount, moduleAccounts,
		address.NewBech32Codec(chain.AddressPrefix), chain.AddressPrefix, authority,
		authkeeper.WithUnorderedTransactions(true),
	)
	k.Bank = bankkeeper.NewBaseKeeper(app.codec, store(banktypes.StoreKey), k.Auth, blockedAddresses(), authority, logger)

	skipped := map[int64]bool{}
	for _, height := range cast.ToIntSlice(options.Get(server.FlagUnsafeSkipUpgrades)) {
		skipped[int64(height)] = true
	}
	home := filepath.Clean(cast.ToString(options.Get(flags.FlagHome)))
	k.Upgrade = upgradekeeper.NewKeeper(skipped, store(upgradetypes.StoreKey), app.codec, home, app.BaseApp, authority)
}

// addSecurity builds what chooses, pays and punishes validators, and what votes.
func (k *Keepers) addSecurity(app *App) {
	authority := Authority()
	store := storeServices(app)
	config := sdk.GetConfig()

	k.Staking = stakingkeeper.NewKeeper(
		app.codec, store(stakingtypes.StoreKey), k.Auth, k.Bank, authority,
		address.NewBech32Codec(config.GetBech32ValidatorAddrPrefix()),
		address.NewBech32Codec(config.GetBech32ConsensusAddrPrefix()),
	)
	k.Distribution = distributionkeeper.NewKeeper(
		app.codec, store(distributiontypes.StoreKey), k.Auth, k.Bank, k.Staking, authtypes.FeeCollectorName, authority,
	)
	k.Slashing = slashingkeeper.NewKeeper(app.codec, app.amino, store(slashingtypes.StoreKey), k.Staking, authority)
	k.Staking.SetHooks(stakingtypes.NewMultiStakingHooks(k.Distribution.Hooks(), k.Slashing.Hooks()))

	k.Gov = govkeeper.NewKeeper(
		app.codec, store(govtypes.StoreKey), k.Auth, k.Bank, k.Distribution, app.MsgServiceRouter(),
		govtypes.DefaultConfig(), authority, govkeeper.NewDefaultCalculateVoteResultsAndVotingPower(k.Staking),
	)
	// Without a router a proposal of the old kind would be a nil pointer's panic instead of a refusal.
	k.Gov.SetLegacyRouter(govv1beta1.NewRouter().AddRoute(govtypes.RouterKey, govv1beta1.ProposalHandler))
}

// addDelegation builds what lets one account act or pay for another.
func (k *Keepers) addDelegation(app *App) {
	store := storeServices(app)
	k.Authz = authzkeeper.NewKeeper(store(authzkeeper.StoreKey), app.codec, app.MsgServiceRouter(), k.Auth).SetBankKeeper(k.Bank)
	k.Feegrant = feegrantkeeper.NewKeeper(app.codec, store(feegrant.StoreKey), k.Auth).SetBankKeeper(k.Bank)
}

// addMarket builds our own modules: what holds the coins, who is a node, who works for whom, and who may send how much.
func (k *Keepers) addMarket(app *App) {
	store := storeServices(app)
	k.Escrow = escrowkeeper.NewKeeper(
		app.codec, store(escrowtypes.StoreKey), k.Auth, k.Bank, chain.Denom, authtypes.FeeCollectorName,
	)
	k.Reputation = reputationkeeper.NewKeeper(app.codec, store(reputationtypes.StoreKey), Authority())
	k.Permissions = permissionskeeper.NewKeeper(app.codec, store(permissionstypes.StoreKey), k.Reputation, Authority())
	k.Jobs = jobskeeper.NewKeeper(app.codec, store(jobstypes.StoreKey), k.Escrow, k.Reputation, k.Bank, k.Permissions, Authority())
	k.Storage = storagekeeper.NewKeeper(app.codec, store(storagetypes.StoreKey), k.Escrow, k.Reputation, k.Jobs, Authority())
	k.Jobs.UseStorage(k.Storage)
	k.Bandwidth = bandwidthkeeper.NewKeeper(
		app.codec, store(bandwidthtypes.StoreKey), k.Escrow, k.Reputation, k.Jobs, k.Bank, chain.Denom, Authority(),
	)
	k.Escrow.Watch(k.Bandwidth)
}
