package app

import (
	"cosmossdk.io/client/v2/autocli"
	"cosmossdk.io/core/appmodule"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	nodeservice "github.com/cosmos/cosmos-sdk/client/grpc/node"
	"github.com/cosmos/cosmos-sdk/codec/address"
	runtimeservices "github.com/cosmos/cosmos-sdk/runtime/services"
	"github.com/cosmos/cosmos-sdk/server"
	"github.com/cosmos/cosmos-sdk/server/api"
	serverconfig "github.com/cosmos/cosmos-sdk/server/config"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
)

// RegisterAPIRoutes opens the REST routes of all queries.
func (app *App) RegisterAPIRoutes(server *api.Server, _ serverconfig.APIConfig) {
	authtx.RegisterGRPCGatewayRoutes(server.ClientCtx, server.GRPCGatewayRouter)
	cmtservice.RegisterGRPCGatewayRoutes(server.ClientCtx, server.GRPCGatewayRouter)
	nodeservice.RegisterGRPCGatewayRoutes(server.ClientCtx, server.GRPCGatewayRouter)
	app.basics.RegisterGRPCGatewayRoutes(server.ClientCtx, server.GRPCGatewayRouter)
}

// RegisterTxService opens the service that simulates and broadcasts transactions.
func (app *App) RegisterTxService(ctx client.Context) {
	authtx.RegisterTxService(app.GRPCQueryRouter(), ctx, app.Simulate, app.registry)
}

// RegisterTendermintService opens the service that shows blocks and validators.
func (app *App) RegisterTendermintService(ctx client.Context) {
	query := server.NewCometABCIWrapper(app).Query
	cmtservice.RegisterTendermintService(ctx, app.GRPCQueryRouter(), app.registry, query)
}

// RegisterNodeService opens the service that shows how this node is set up.
func (app *App) RegisterNodeService(ctx client.Context, config serverconfig.Config) {
	nodeservice.RegisterNodeService(ctx, app.GRPCQueryRouter(), config, func() int64 {
		return app.CommitMultiStore().EarliestVersion()
	})
}

// AutoCLI describes every query and message of the modules to the command line.
func (app *App) AutoCLI() autocli.AppOptions {
	modules := map[string]appmodule.AppModule{}
	for name, m := range app.modules.Modules {
		if described, ok := m.(appmodule.AppModule); ok {
			modules[name] = described
		}
	}
	config := sdk.GetConfig()
	return autocli.AppOptions{
		Modules:               modules,
		ModuleOptions:         runtimeservices.ExtractAutoCLIOptions(app.modules.Modules),
		AddressCodec:          address.NewBech32Codec(config.GetBech32AccountAddrPrefix()),
		ValidatorAddressCodec: address.NewBech32Codec(config.GetBech32ValidatorAddrPrefix()),
		ConsensusAddressCodec: address.NewBech32Codec(config.GetBech32ConsensusAddrPrefix()),
	}
}
