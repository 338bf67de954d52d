package bandwidth

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// AutoCLIOptions describes the module's commands: `aind query bandwidth` and `aind tx
// bandwidth`. Amounts are in uain, as on the wire.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.Query_serviceDesc.ServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.Msg_serviceDesc.ServiceName, RpcCommandOptions: txCommands()},
	}
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod: "Params",
			Use:       "params",
			Short:     "Show the module's params",
			Example:   "aind query bandwidth params",
		},
		{
			RpcMethod:      "Room",
			Use:            "room [account]",
			Short:          "Show an account's own room, what of it is in use, and when it is free again",
			Example:        "aind query bandwidth room ain1…",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "account"}},
		},
		{
			RpcMethod:      "JobRoom",
			Use:            "job-room [job-id] [account]",
			Short:          "Show a job's room, and what an account may use of it",
			Example:        "aind query bandwidth job-room 1 ain1…",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "job_id"}, {ProtoField: "account", Optional: true}},
		},
	}
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "AllocateToJob",
			Use:            "allocate-to-job [job-id] [amount]",
			Short:          "Set how many uain of your stake count for your job's room",
			Example:        "aind tx bandwidth allocate-to-job 1 5000000 --from alice",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "job_id"}, {ProtoField: "amount"}},
		},
		{
			RpcMethod:      "UpdateParams",
			Use:            "update-params-proposal [params]",
			Short:          "Propose other params; all of them must be given, see `aind query bandwidth params`",
			Example:        `aind tx bandwidth update-params-proposal '{"window_ms":"86400000", …}' --from alice`,
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "params"}},
			GovProposal:    true,
		},
	}
}
