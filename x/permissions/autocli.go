package permissions

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/permissions/types"
)

// AutoCLIOptions describes the module's commands: `aind query permissions` and `aind tx permissions`.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.Query_serviceDesc.ServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.Msg_serviceDesc.ServiceName, RpcCommandOptions: txCommands()},
	}
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "Rule",
			Use:            "rule [type-url]",
			Short:          "Show who may send a message",
			Example:        "aind query permissions rule /cosmos.staking.v1beta1.MsgCreateValidator",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "type_url"}},
		},
		{
			RpcMethod: "Rules",
			Use:       "rules",
			Short:     "List the rules that were set; everybody may send what is not listed",
			Example:   "aind query permissions rules",
		},
		{
			RpcMethod:      "Allowed",
			Use:            "allowed [account] [type-url]",
			Short:          "Ask whether an account may send a message now, and if not why",
			Example:        "aind query permissions allowed ain1… /ain.jobs.v1.MsgRegisterJob",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "account"}, {ProtoField: "type_url"}},
		},
	}
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "SetRule",
			Use:            "set-rule [rule]",
			Short:          "Propose who may send a message; with --no-proposal set the rule whose authority you are",
			Example:        `aind tx permissions set-rule '{"type_url":"/ain.jobs.v1.MsgRegisterJob","access":"ACCESS_NOBODY"}' --from alice`,
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "rule"}},
			GovProposal:    true,
		},
	}
}
