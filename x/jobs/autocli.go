package jobs

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/jobs/types"
)

// AutoCLIOptions describes the module's commands: `aind query jobs` and `aind tx
// jobs`. They show the wire as it is: ids are decimal, amounts are in uain, times
// in milliseconds of the chain clock. The verbs for people are other commands.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.QueryServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.MsgServiceName, RpcCommandOptions: txCommands()},
	}
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		command("Params", "params", "Show the params in force, or those of --version", "aind query jobs params --version 1"),
		command("Clock", "clock", "Show the chain clock", "aind query jobs clock"),
		command("Job", "job [job-id]", "Show one job", "aind query jobs job 1", "job_id"),
		command("Jobs", "jobs", "List jobs, all or those of --root", "aind query jobs jobs --root ain1…"),
		command("Schema", "schema [job-id]", "Show the compiled schema of a job", "aind query jobs schema 1", "job_id"),
		command("Terms", "terms [job-id]", "Show a job's newest terms, or those of --version", "aind query jobs terms 1", "job_id"),
		command("Release", "release [release-id]", "Show one release", "aind query jobs release 1", "release_id"),
		command("Releases", "releases [job-id]", "List the releases of a job, all or those of --role",
			"aind query jobs releases 1 --role worker", "job_id"),
		command("Builder", "builder [builder]", "Show a builder that the chain trusts", "aind query jobs builder ain1…", "builder"),
		command("Builders", "builders", "List the builders that the chain trusts", "aind query jobs builders"),
		command("Request", "request [request-id]", "Show a request and its workers", "aind query jobs request 42", "request_id"),
		command("Grants", "grants [request-id]", "List the keys that the client of a request has granted", "aind query jobs grants 42", "request_id"),
		command("Checkpoints", "checkpoints [request-id] [worker]", "Show the digests of states that a worker has published, and which segments are drawn",
			"aind query jobs checkpoints 42 ain1…", "request_id", "worker"),
		renamed(command("Requests", "requests", "List requests by --job-id, --state, --client and --participant (evaluator or worker)",
			"aind query jobs requests --job-id 1 --state open"), "node", "participant"),
		command("Openings", "openings [job-id] [role]", "List the requests of a job that a role can still accept",
			"aind query jobs openings 1 worker", "job_id", "role"),
		command("Assignments", "assignments [node]", "List the unfinished requests in which an account has a place",
			"aind query jobs assignments ain1…", "node"),
	}
}

// renamed gives a field another flag: --node is the endpoint in every command.
func renamed(options *autocliv1.RpcCommandOptions, field, flag string) *autocliv1.RpcCommandOptions {
	options.FlagOptions = map[string]*autocliv1.FlagOptions{field: {Name: flag}}
	return options
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		command("RegisterJob", "register-job", "Register a job from its parts; `aind registerJob` packs them for you",
			"aind tx jobs register-job --name roots --schema <base64> --terms '{…}' --releases '{…}' --from alice"),
		command("PublishRelease", "publish-release [job-id]", "Publish a signed release; `aind publishRelease` signs it for you",
			"aind tx jobs publish-release 1 --release '{…}' --from alice", "job_id"),
		command("ForkJob", "fork-job [job-id]", "Become the root of a new tree for the same job; `aind forkJob` signs the releases for you",
			"aind tx jobs fork-job 1 --releases '{…}' --from alice", "job_id"),
		command("UpdateJob", "update-job [job-id]", "Change what new requests and applicants meet; `aind updateJob` fills in what stays",
			"aind tx jobs update-job 1 --description 'find roots' --from alice", "job_id"),
		command("RevokeRelease", "revoke-release [release-id]", "Take a release back, at once",
			"aind tx jobs revoke-release 3 --reason 'wrong for negative numbers' --from alice", "release_id"),
		command("AddBuilder", "add-builder [builder]", "Have the chain trust a builder: for whom a rule about this message lists",
			"aind tx jobs add-builder ain1… --name 'build server' --from committee", "builder"),
		command("RemoveBuilder", "remove-builder [builder]", "End that trust",
			"aind tx jobs remove-builder ain1… --reason 'its key was stolen' --from committee", "builder"),
		command("RequestJob", "request-job", "Order work; rewards and the chain's share are held at once",
			`aind tx jobs request-job --spec '{"job_id":"1","worker_reward":"10",…}' --from alice`),
		command("CancelRequest", "cancel-request [request-id]", "Take back a request that no evaluator has accepted",
			"aind tx jobs cancel-request 42 --from alice", "request_id"),
		command("AcceptJob", "accept-job [request-id] [role]", "Take a place in a request",
			"aind tx jobs accept-job 42 worker --from bob", "request_id", "role"),
		command("Resign", "resign [request-id]", "Give a worker's place up: freely until the contract closes, as a timeout afterwards",
			"aind tx jobs resign 42 --from bob", "request_id"),
		command("RejectWorker", "reject-worker [request-id] [worker]", "Refuse a worker before the contract closes",
			"aind tx jobs reject-worker 42 ain1… --from alice", "request_id", "worker"),
		command("GrantKey", "grant-key [request-id]", "Hand participants their wrapped keys; `aind grantKey` reads them from files",
			`aind tx jobs grant-key 42 --keys '{"account":"ain1…","key":"<base64>"}' --from alice`, "request_id"),
		command("PublishCheckpoints", "publish-checkpoints [request-id] [first]", "Publish digests of a worker's intermediate states, in their order",
			"aind tx jobs publish-checkpoints 42 0 --digests <base64> --from bob", "request_id", "first"),
		command("SubmitResult", "submit-result [request-id] [commitment]", "Commit to a result, once and for all",
			"aind tx jobs submit-result 42 <base64> --from bob", "request_id", "commitment"),
		command("RevealResult", "reveal-result [request-id] [salt]", "Open a commitment",
			`aind tx jobs reveal-result 42 <base64> --result '{"inline":"…"}' --from bob`, "request_id", "salt"),
		command("Rank", "rank [request-id]", "Rank the revealed workers, best first; left out means invalid",
			`aind tx jobs rank 42 --ranking '{"node":"ain1…","score":"1"}' --from carol`, "request_id"),
		command("AcceptResult", "accept-result [request-id]", "Give up the right to challenge a ranking",
			"aind tx jobs accept-result 42 --from alice", "request_id"),
		command("Challenge", "challenge [request-id]", "Have the next admin above the evaluator judge the ranking again, for a fee",
			"aind tx jobs challenge 42 --from alice", "request_id"),
		command("ResolveChallenge", "resolve-challenge [request-id]", "Give the verdict on a challenge",
			"aind tx jobs resolve-challenge 42 --confirm --from root", "request_id"),
		{RpcMethod: "UpdateParams", Skip: true}, // Only governance can send it.
	}
}

// command describes one command and its positional arguments.
func command(method, use, short, example string, fields ...string) *autocliv1.RpcCommandOptions {
	options := &autocliv1.RpcCommandOptions{RpcMethod: method, Use: use, Short: short, Example: example}
	for _, field := range fields {
		options.PositionalArgs = append(options.PositionalArgs, &autocliv1.PositionalArgDescriptor{ProtoField: field})
	}
	return options
}
