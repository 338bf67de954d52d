package reputation

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/reputation/types"
)

// AutoCLIOptions describes the module's commands: `aind query reputation` and
// `aind tx reputation`. Job ids may be written as 26 or 0x1a.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.Query_serviceDesc.ServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.Msg_serviceDesc.ServiceName, RpcCommandOptions: txCommands()},
	}
}

func fields(names ...string) []*autocliv1.PositionalArgDescriptor {
	args := make([]*autocliv1.PositionalArgDescriptor, len(names))
	for i, name := range names {
		args[i] = &autocliv1.PositionalArgDescriptor{ProtoField: name}
	}
	return args
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod: "Params",
			Use:       "params",
			Short:     "Show the module's params",
			Example:   "aind query reputation params",
		},
		{
			RpcMethod:      "Tree",
			Use:            "tree [job]",
			Short:          "Show the root and the policy of a job's tree",
			Example:        "aind query reputation tree 0x1a",
			PositionalArgs: fields("job_id"),
		},
		{
			RpcMethod:      "Stats",
			Use:            "stats [job]",
			Short:          "Count a job's active nodes by role, in all and running",
			Example:        "aind query reputation stats 0x1a",
			PositionalArgs: fields("job_id"),
		},
		{
			RpcMethod:      "Node",
			Use:            "node [job] [owner]",
			Short:          "Show one node of a job and when it was last seen",
			Example:        "aind query reputation node 0x1a ain1…",
			PositionalArgs: fields("job_id", "owner"),
		},
		{
			RpcMethod: "Nodes",
			Use:       "nodes",
			Short:     "List nodes, by job, role, status, parent and whether they run",
			Example:   "aind query reputation nodes --job-id 0x1a --running-only",
		},
		{
			RpcMethod:      "Memberships",
			Use:            "memberships [owner]",
			Short:          "List the jobs in which an account is a node",
			Example:        "aind query reputation memberships ain1…",
			PositionalArgs: fields("owner"),
		},
		{
			RpcMethod:      "Application",
			Use:            "application [id]",
			Short:          "Show one undecided application",
			Example:        "aind query reputation application 7",
			PositionalArgs: fields("id"),
		},
		{
			RpcMethod: "Applications",
			Use:       "applications",
			Short:     "List undecided applications, by job, admin and applicant",
			Example:   "aind query reputation applications --admin ain1…",
		},
		{
			RpcMethod:      "Profile",
			Use:            "profile [address]",
			Short:          "Show operator and encryption key of an account, by owner or operator",
			Example:        "aind query reputation profile ain1…",
			PositionalArgs: fields("address"),
		},
		{
			RpcMethod:      "Score",
			Use:            "score [job] [owner]",
			Short:          "Show what an account did in a job; job 0: in all jobs",
			Example:        "aind query reputation score 0x1a ain1…",
			PositionalArgs: fields("job_id", "owner"),
		},
		{
			RpcMethod:      "Scores",
			Use:            "scores [job]",
			Short:          "Rank a job's active nodes by rating, valid results, earnings, response time or streak",
			Example:        "aind query reputation scores 0x1a --role role-worker --order score-order-valid --min-rating 1500",
			PositionalArgs: fields("job_id"),
		},
	}
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		{
			RpcMethod:      "ApplyJob",
			Use:            "apply-job [job]",
			Short:          "Ask for roles in a job's tree; daemons do this with `aind applyJob`",
			Example:        `aind tx reputation apply-job 0x1a --roles worker --nonce <base64> --qualifications '{"role":"ROLE_WORKER","digest":"sha256:…"}' --from alice`,
			PositionalArgs: fields("job_id"),
		},
		{
			RpcMethod:      "WithdrawApplication",
			Use:            "withdraw-application [id]",
			Short:          "Take your undecided application back",
			Example:        "aind tx reputation withdraw-application 7 --from alice",
			PositionalArgs: fields("application_id"),
		},
		{
			RpcMethod:      "ApproveNode",
			Use:            "approve-node [application]",
			Short:          "Accept an application that is addressed to you",
			Example:        "aind tx reputation approve-node 7 --from root",
			PositionalArgs: fields("application_id"),
		},
		{
			RpcMethod:      "RejectApplication",
			Use:            "reject-application [application] [reason]",
			Short:          "Refuse an application that is addressed to you",
			Example:        `aind tx reputation reject-application 7 "wrong result" --from root`,
			PositionalArgs: fields("application_id", "reason"),
		},
		{
			RpcMethod:      "DropNode",
			Use:            "drop-node [job] [node]",
			Short:          "End a node's work in a job, as an admin above it",
			Example:        "aind tx reputation drop-node 0x1a ain1… --reason 'too slow' --from root",
			PositionalArgs: fields("job_id", "node"),
		},
		{
			RpcMethod:      "LeaveJob",
			Use:            "leave-job [job]",
			Short:          "End your own work in a job",
			Example:        "aind tx reputation leave-job 0x1a --from alice",
			PositionalArgs: fields("job_id"),
		},
		{
			RpcMethod:      "UpdateCapability",
			Use:            "update-capability [job] [capability]",
			Short:          "State what your node offers from now on",
			Example:        `aind tx reputation update-capability 0x1a '{"cpu_millis":"4000","memory_bytes":"8589934592"}' --from alice`,
			PositionalArgs: fields("job_id", "capability"),
		},
		{
			RpcMethod: "SetOperator",
			Use:       "set-operator",
			Short:     "Name the hot key that may sign for you, with its signed consent; without one, remove it",
			Example:   "aind tx reputation set-operator --operator ain1… --operator-public-key <base64> --operator-signature <base64> --from alice",
		},
		{
			RpcMethod:      "SetEncryptionKey",
			Use:            "set-encryption-key [age-recipient]",
			Short:          "State the age recipient that data for you is encrypted to; without one, remove it",
			Example:        "aind tx reputation set-encryption-key age1… --from alice",
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "encryption_key", Optional: true}},
		},
		{
			RpcMethod: "Heartbeat",
			Use:       "heartbeat",
			Short:     "Say that your daemon is alive",
			Example:   "aind tx reputation heartbeat --from alice",
		},
		{
			RpcMethod:      "UpdateParams",
			Use:            "update-params-proposal [params]",
			Short:          "Propose other params; all of them must be given, see `aind query reputation params`",
			Example:        `aind tx reputation update-params-proposal '{"running_window_ms":"60000", …}' --from alice`,
			PositionalArgs: fields("params"),
			GovProposal:    true,
		},
	}
}
