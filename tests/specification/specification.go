// Package specification holds what modules say of themselves against their proto files: the README that is a module's
// specification, its commands, its signers, and how strictly it reads its genesis. Tests of modules call it.
package specification

import (
	"context"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/gogoproto/proto"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	msgv1 "cosmossdk.io/api/cosmos/msg/v1"

	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/types/module"
	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"
)

// Module is what all of ours have.
type Module interface {
	module.AppModuleBasic
	Name() string
	AutoCLIOptions() *autocliv1.ModuleOptions
	DefaultGenesis(codec.JSONCodec) json.RawMessage
	ValidateGenesis(codec.JSONCodec, client.TxEncodingConfig, json.RawMessage) error
}

// headings are what a specification is made of, in the SDK's terms.
var headings = []string{"Concepts", "State", "Messages", "Events", "Blockers", "Params", "Queries"}

// ReadmeNamesEverything fails unless the README in the test's folder has a heading for each message, and a row for each
// query, event and param.
func ReadmeNamesEverything(t *testing.T, m Module) {
	t.Helper()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(text)
	for _, heading := range headings {
		require.Contains(t, readme, "\n## "+heading+"\n")
	}
	for _, method := range methods(t, service(m, "Msg")) {
		require.Contains(t, readme, "\n### "+string(method.Name())+"\n", "a message without its heading")
	}
	for _, method := range methods(t, service(m, "Query")) {
		require.Contains(t, readme, "| "+string(method.Name())+" | `/ain/"+m.Name()+"/v1/", "a query without its row")
	}
	file, err := proto.HybridResolver.FindFileByPath("ain/" + m.Name() + "/v1/event.proto")
	require.NoError(t, err)
	require.NotZero(t, file.Messages().Len())
	for i := range file.Messages().Len() {
		require.Contains(t, readme, "| "+string(file.Messages().Get(i).Name())+" |", "an event without its row")
	}
	_, params, _ := strings.Cut(readme, "\n## Params\n")
	params, _, _ = strings.Cut(params, "\n## ")
	for _, name := range paramsOf(t, m) {
		require.Regexp(t, `(?m)^\| ([^|]*[ .])?`+name+`\b[^|]* \|`, params, "a param without its row")
	}
}

// paramsOf returns the names of a module's params; one without any has no such message.
func paramsOf(t *testing.T, m Module) []string {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName("ain." + m.Name() + ".v1.Params"))
	if err != nil {
		return nil
	}
	fields := found.(protoreflect.MessageDescriptor).Fields()
	require.NotZero(t, fields.Len())
	var names []string
	for i := range fields.Len() {
		names = append(names, string(fields.Get(i).Name()))
	}
	return names
}

// EveryRPCHasACommand fails unless each rpc has a command line with a sentence and an example, whose arguments are fields.
func EveryRPCHasACommand(t *testing.T, m Module) {
	t.Helper()
	options := m.AutoCLIOptions()
	for _, service := range []*autocliv1.ServiceCommandDescriptor{options.Query, options.Tx} {
		commands := map[string]*autocliv1.RpcCommandOptions{}
		for _, command := range service.RpcCommandOptions {
			commands[command.RpcMethod] = command
			if !command.Skip {
				require.NotEmpty(t, command.Short, command.RpcMethod)
				require.True(t, strings.HasPrefix(command.Example, "aind "), command.RpcMethod)
			}
		}
		all := methods(t, protoreflect.FullName(service.Service))
		require.Len(t, commands, len(all), "a command without an rpc, or an rpc without a command")
		for _, method := range all {
			command, ok := commands[string(method.Name())]
			require.True(t, ok, "%s has no command", method.Name())
			for _, argument := range command.PositionalArgs {
				require.NotNil(t, method.Input().Fields().ByName(protoreflect.Name(argument.ProtoField)),
					"%s has no field %s", method.Name(), argument.ProtoField)
			}
		}
	}
}

// EveryMessageHasOneSigner fails unless each message names one signer, and has that field.
func EveryMessageHasOneSigner(t *testing.T, m Module) {
	t.Helper()
	for _, method := range methods(t, service(m, "Msg")) {
		message := method.Input()
		signers := protov2.GetExtension(message.Options(), msgv1.E_Signer).([]string)
		require.Len(t, signers, 1, message.Name())
		require.NotNil(t, message.Fields().ByName(protoreflect.Name(signers[0])), message.Name())
	}
}

// TheCodecKnowsMessages fails unless transactions can hold every message, and answers every response.
func TheCodecKnowsMessages(t *testing.T, m Module) {
	t.Helper()
	registry := moduletestutil.MakeTestEncodingConfig(m).InterfaceRegistry
	for _, method := range methods(t, service(m, "Msg")) {
		for _, message := range []protoreflect.MessageDescriptor{method.Input(), method.Output()} {
			_, err := registry.Resolve("/" + string(message.FullName()))
			require.NoError(t, err)
		}
	}
}

// EmptyMessagesAreRefused fails unless a server refuses messages that say nothing for what they lack, which is a signer
// before all. UpdateParams asks who that is first.
func EmptyMessagesAreRefused(ctx context.Context, t *testing.T, server any) {
	t.Helper()
	of := reflect.ValueOf(server)
	for i := range of.NumMethod() {
		name := of.Type().Method(i).Name
		if name == "UpdateParams" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			msg := reflect.New(of.Method(i).Type().In(1).Elem())
			answer := of.Method(i).Call([]reflect.Value{reflect.ValueOf(ctx), msg})
			err, _ := answer[1].Interface().(error)
			if checked, ok := msg.Interface().(interface{ ValidateBasic() error }); ok {
				require.EqualError(t, err, checked.ValidateBasic().Error())
				return
			}
			require.ErrorContains(t, err, `signer: "" is not an account address`)
		})
	}
}

// GenesisIsReadStrictly fails unless the default genesis is taken, and others are refused with the error each must get.
func GenesisIsReadStrictly(t *testing.T, m Module, refused map[string]string) {
	t.Helper()
	cdc := moduletestutil.MakeTestEncodingConfig(m).Codec
	require.NoError(t, m.ValidateGenesis(cdc, nil, m.DefaultGenesis(cdc)))
	require.ErrorContains(t, m.ValidateGenesis(cdc, nil, []byte(`{"surprise": 1}`)), "genesis of "+m.Name())
	require.NotEmpty(t, refused)
	for genesis, why := range refused {
		require.ErrorContains(t, m.ValidateGenesis(cdc, nil, []byte(genesis)), why)
	}
}

func service(m Module, kind string) protoreflect.FullName {
	return protoreflect.FullName("ain." + m.Name() + ".v1." + kind)
}

func methods(t *testing.T, service protoreflect.FullName) []protoreflect.MethodDescriptor {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(service)
	require.NoError(t, err)
	list := found.(protoreflect.ServiceDescriptor).Methods()
	require.NotZero(t, list.Len())
	var all []protoreflect.MethodDescriptor
	for i := range list.Len() {
		all = append(all, list.Get(i))
	}
	return all
}
