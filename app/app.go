// Package app wires the chain together: the Cosmos SDK's modules and ours, in the order in which they start, run and
// stop. It holds no rules of its own; rules live in x/.
//
// Invariants: every module account is blocked from receiving coins by a transfer; a failed invariant check (see
// WithInvariantCheck) stops the node before the block is committed. Trusted: the modules' keepers, which hold each
// other's accounts, and the genesis file.
package app

import (
	"encoding/json"
	"fmt"
	"sync"

	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/gogoproto/proto"
	"github.com/spf13/cast"

	"cosmossdk.io/log/v2"

	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/flags"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	servertypes "github.com/cosmos/cosmos-sdk/server/types"
	"github.com/cosmos/cosmos-sdk/std"
	storetypes "github.com/cosmos/cosmos-sdk/store/v2/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/version"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	"github.com/cosmos/cosmos-sdk/x/tx/signing"

	"github.com/ain-network/aind/chain"
)

// Name of the application, as nodes report it.
const Name = "ain"

var (
	_ runtime.AppI            = (*App)(nil)
	_ servertypes.Application = (*App)(nil)
)

// App is the state machine that every validator runs.
type App struct {
	*baseapp.BaseApp
	Keepers

	amino    *codec.LegacyAmino
	codec    codec.Codec
	registry codectypes.InterfaceRegistry
	txConfig client.TxConfig
	keys     map[string]*storetypes.KVStoreKey

	modules     *module.Manager
	basics      module.BasicManager
	simulations *module.SimulationManager

	closing sync.Once
	closed  error
}

// settings are what the options of New change.
type settings struct {
	baseApp         []func(*baseapp.BaseApp)
	checkInvariants bool
	skipLoad        bool
}

// Option changes how New builds the application.
type Option func(*settings)

// WithBaseApp passes options on to the SDK's BaseApp.
func WithBaseApp(options ...func(*baseapp.BaseApp)) Option {
	return func(s *settings) { s.baseApp = append(s.baseApp, options...) }
}

// WithInvariantCheck checks every invariant at the end of each block and panics, naming it, if one does not hold. It
// costs time that grows with the state: for tests and local networks.
func WithInvariantCheck() Option {
	return func(s *settings) { s.checkInvariants = true }
}

// WithoutLoading leaves the state on disk alone; the caller loads the height it wants, or needs the codecs only.
func WithoutLoading() Option {
	return func(s *settings) { s.skipLoad = true }
}

// New builds the application over db and, unless told otherwise, loads its newest state. nodeOptions are the flags and
// files of the node that runs it.
func New(logger log.Logger, db dbm.DB, nodeOptions servertypes.AppOptions, options ...Option) (*App, error) {
	s := settings{}
	for _, option := range options {
		option(&s)
	}

	app, err := newCodecs()
	if err != nil {
		return nil, err
	}
	app.BaseApp = baseapp.NewBaseApp(Name, logger, db, app.txConfig.TxDecoder(), s.baseApp...)
	app.SetVersion(version.Version)
	app.SetInterfaceRegistry(app.registry)
	app.SetTxEncoder(app.txConfig.TxEncoder())
	app.SetDisableBlockGasMeter(false)

	app.keys = storetypes.NewKVStoreKeys(storeNames...)
	if err := app.RegisterStreamingServices(nodeOptions, app.keys); err != nil {
		return nil, fmt.Errorf("streaming services: %w", err)
	}
	app.Keepers = newKeepers(app, nodeOptions, logger)
	if err := app.addModules(); err != nil {
		return nil, err
	}
	app.MountKVStores(app.keys)
	if err := app.addHandlers(s.checkInvariants); err != nil {
		return nil, err
	}
	if s.skipLoad {
		return app, nil
	}
	if err := app.addUpgrades(cast.ToString(nodeOptions.Get(flags.FlagHome))); err != nil {
		return nil, err
	}
	if err := app.LoadLatestVersion(); err != nil {
		return nil, fmt.Errorf("load the newest state: %w", err)
	}
	return app, nil
}

// newCodecs builds what turns messages into bytes and back.
func newCodecs() (*App, error) {
	chain.SetPrefixes()
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: signing.Options{
			AddressCodec:          address.NewBech32Codec(chain.AddressPrefix),
			ValidatorAddressCodec: address.NewBech32Codec(sdk.GetConfig().GetBech32ValidatorAddrPrefix()),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("interface registry: %w", err)
	}
	if err := registry.SigningContext().Validate(); err != nil {
		return nil, fmt.Errorf("a message does not name its signer: %w", err)
	}
	amino := codec.NewLegacyAmino()
	std.RegisterLegacyAminoCodec(amino)
	std.RegisterInterfaces(registry)
	cdc := codec.NewProtoCodec(registry)
	return &App{
		amino:    amino,
		codec:    cdc,
		registry: registry,
		txConfig: authtx.NewTxConfig(cdc, authtx.DefaultSignModes),
	}, nil
}

// addHandlers tells BaseApp whom to call when.
func (app *App) addHandlers(checkInvariants bool) error {
	ante, err := newAnteHandler(app)
	if err != nil {
		return fmt.Errorf("ante handler: %w", err)
	}
	app.SetAnteHandler(ante)
	app.SetInitChainer(app.InitChainer)
	app.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	app.SetBeginBlocker(app.BeginBlocker)
	app.SetEndBlocker(app.EndBlocker)
	if checkInvariants {
		app.SetPrecommiter(app.haltOnBrokenInvariant)
	}
	return nil
}

// BeginBlocker runs before a block's transactions.
func (app *App) BeginBlocker(ctx sdk.Context) (sdk.BeginBlock, error) {
	return app.modules.BeginBlock(ctx)
}

// EndBlocker runs after a block's transactions.
func (app *App) EndBlocker(ctx sdk.Context) (sdk.EndBlock, error) { return app.modules.EndBlock(ctx) }

// InitChainer fills an empty state from the genesis file.
func (app *App) InitChainer(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var genesis GenesisState
	if err := json.Unmarshal(req.AppStateBytes, &genesis); err != nil {
		return nil, fmt.Errorf("app_state of the genesis file: %w", err)
	}
	if err := app.Upgrade.SetModuleVersionMap(ctx, app.modules.GetVersionMap()); err != nil {
		return nil, err
	}
	return app.modules.InitGenesis(ctx, app.codec, genesis)
}

// Close gives the databases free. The SDK's start command calls it twice, and pebble does not bear that.
func (app *App) Close() error {
	app.closing.Do(func() { app.closed = app.BaseApp.Close() })
	return app.closed
}

// LoadHeight loads the state as it was after the given block.
func (app *App) LoadHeight(height int64) error { return app.LoadVersion(height) }

// LegacyAmino is the codec of hardware wallets and ADR-36 signatures.
func (app *App) LegacyAmino() *codec.LegacyAmino { return app.amino }

// AppCodec turns state and messages into bytes and back.
func (app *App) AppCodec() codec.Codec { return app.codec }

// InterfaceRegistry knows every message and every type behind an Any.
func (app *App) InterfaceRegistry() codectypes.InterfaceRegistry { return app.registry }

// TxConfig builds, signs and reads transactions.
func (app *App) TxConfig() client.TxConfig { return app.txConfig }

// Basics knows the modules as far as commands need them: codecs, default genesis, REST routes.
func (app *App) Basics() module.BasicManager { return app.basics }

// SimulationManager runs the modules under random operations.
func (app *App) SimulationManager() *module.SimulationManager { return app.simulations }

// StoreKey is the key of a module's store, for tests that look into it; nil if there is none of that name.
func (app *App) StoreKey(name string) *storetypes.KVStoreKey { return app.keys[name] }
