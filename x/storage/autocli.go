package storage

import (
	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"

	"github.com/ain-network/aind/x/storage/types"
)

// AutoCLIOptions describes the module's commands: `aind query storage` and `aind tx storage`. Amounts are in uain, sizes
// in bytes and times in milliseconds, as on the wire.
func (AppModule) AutoCLIOptions() *autocliv1.ModuleOptions {
	return &autocliv1.ModuleOptions{
		Query: &autocliv1.ServiceCommandDescriptor{Service: types.Query_serviceDesc.ServiceName, RpcCommandOptions: queryCommands()},
		Tx:    &autocliv1.ServiceCommandDescriptor{Service: types.Msg_serviceDesc.ServiceName, RpcCommandOptions: txCommands()},
	}
}

func queryCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		command("Params", "params", "Show the module's params", "params"),
		command("Provider", "provider [owner]", "Show a provider", "provider ain1…", "provider"),
		command("Providers", "providers", "List all providers", "providers"),
		command("Space", "space [id]", "Show a space", "space 1", "space"),
		command("Spaces", "spaces", "List spaces, of an owner or a provider", "spaces --owner ain1…"),
		optional(command("Access", "access [space] [account] [digest]", "Show whether an account may read and write a space",
			"access 1 ain1… sha256:…", "space", "account", "digest")),
	}
}

func txCommands() []*autocliv1.RpcCommandOptions {
	return []*autocliv1.RpcCommandOptions{
		sent("RegisterProvider", "register-provider [endpoint] [price] [capacity-bytes]", "Offer storage, or change what you offer; --closed to take no more",
			"register-provider https://store.example.org 100 1099511627776", "endpoint", "price", "capacity_bytes"),
		sent("ReserveSpace", "reserve-space [provider] [size-bytes] [duration-ms] [max-price]", "Reserve a space and pay for it in advance",
			`reserve-space ain1… 1073741824 86400000 100 --read '{"kind":"ACCESS_KIND_PARTICIPANTS"}'`, "provider", "size_bytes", "duration_ms", "max_price"),
		sent("ExtendSpace", "extend-space [space] [duration-ms] [max-price]", "Pay for a space longer",
			"extend-space 1 86400000 100", "space", "duration_ms", "max_price"),
		sent("SetAccess", "set-access [space]", "Say who may read and write a space besides you",
			`set-access 1 --read '{"kind":"ACCESS_KIND_EVERYBODY"}'`, "space"),
		sent("PublishFolder", "publish-folder [space] [digest] [size]", "Give the content of a space names, by a folder's manifest",
			"publish-folder 1 sha256:… 2048 --replaces 3", "space", "digest", "size"),
		sent("ReleaseSpace", "release-space [space]", "Give a space back and take the unused part of the payment home",
			"release-space 1", "space"),
		{
			RpcMethod:      "UpdateParams",
			Use:            "update-params-proposal [params]",
			Short:          "Propose other params; all of them must be given, see `aind query storage params`",
			Example:        `aind tx storage update-params-proposal '{"max_keep_ms":"86400000", …}' --from alice`,
			PositionalArgs: []*autocliv1.PositionalArgDescriptor{{ProtoField: "params"}},
			GovProposal:    true,
		},
	}
}

// command describes a query by its words and its arguments' fields.
func command(rpc, use, short, example string, fields ...string) *autocliv1.RpcCommandOptions {
	options := &autocliv1.RpcCommandOptions{RpcMethod: rpc, Use: use, Short: short, Example: "aind query storage " + example}
	for _, field := range fields {
		options.PositionalArgs = append(options.PositionalArgs, &autocliv1.PositionalArgDescriptor{ProtoField: field})
	}
	return options
}

// optional lets the last argument be left out.
func optional(options *autocliv1.RpcCommandOptions) *autocliv1.RpcCommandOptions {
	options.PositionalArgs[len(options.PositionalArgs)-1].Optional = true
	return options
}

// sent describes a message likewise.
func sent(rpc, use, short, example string, fields ...string) *autocliv1.RpcCommandOptions {
	options := command(rpc, use, short, "", fields...)
	options.Example = "aind tx storage " + example + " --from alice"
	return options
}
