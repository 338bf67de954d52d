package escrow

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/escrow/types"
)

// AutoCLIOptions describes the module's commands: `aind query escrow` and `aind tx
// escrow`. Amounts are in uain, as on the wire.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.Query_serviceDesc.ServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.Msg_serviceDesc.ServiceName, RpcCommandOptions: txCommands()},
	}
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "Account",
			Use:            "account [owner]",
			Short:          "Show the stake and the payout address of an owner",
			Example:        "aind query escrow account ain1…",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "owner"}},
		},
		{
			RpcMethod: "Accounts",
			Use:       "accounts",
			Short:     "List the owners that have a stake or a payout address",
			Example:   "aind query escrow accounts --page-limit 20",
		},
		{
			RpcMethod:      "Hold",
			Use:            "hold [id]",
			Short:          "Show one open hold",
			Example:        "aind query escrow hold 42",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "id"}},
		},
		{
			RpcMethod: "Holds",
			Use:       "holds",
			Short:     "List the open holds",
			Example:   "aind query escrow holds --page-limit 20",
		},
		{
			RpcMethod: "Books",
			Use:       "books",
			Short:     "Add up stakes and holds beside the module's balance",
			Example:   "aind query escrow books",
		},
	}
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "SetStake",
			Use:            "set-stake [amount]",
			Short:          "Set your stake to an amount of uain; the difference moves from or to your wallet",
			Example:        "aind tx escrow set-stake 5000000 --from alice",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "amount"}},
		},
		{
			RpcMethod:      "SetPayout",
			Use:            "set-payout [payout]",
			Short:          "Set the address that your earnings go to; without one they go to your wallet",
			Example:        "aind tx escrow set-payout ain1… --from alice",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "payout", Optional: true}},
		},
	}
}
