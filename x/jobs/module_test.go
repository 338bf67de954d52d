package jobs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	protov2 "google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/cosmos/gogoproto/proto"

	autocliv1 "cosmossdk.io/api/cosmos/autocli/v1"
	msgv1 "cosmossdk.io/api/cosmos/msg/v1"

	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"

	"github.com/ain-network/aind/x/jobs"
	"github.com/ain-network/aind/x/jobs/types"
)

// methods returns the rpcs of a service.
func methods(t *testing.T, service string) []protoreflect.MethodDescriptor {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	list := found.(protoreflect.ServiceDescriptor).Methods()
	require.NotZero(t, list.Len())
	var all []protoreflect.MethodDescriptor
	for i := range list.Len() {
		all = append(all, list.Get(i))
	}
	return all
}

func TestReadmeNamesEveryMessageEventQueryAndParam(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(text)
	for _, heading := range []string{"Concepts", "State", "Messages", "Events", "Blockers", "Params", "Queries"} {
		require.Contains(t, readme, "\n## "+heading+"\n")
	}
	for _, method := range methods(t, types.MsgServiceName) {
		require.Contains(t, readme, "\n### "+string(method.Name())+"\n", "a message without its heading")
	}
	for _, method := range methods(t, types.QueryServiceName) {
		require.Contains(t, readme, "| "+string(method.Name())+" | `/ain/jobs/v1/", "a query without its row")
	}
	file, err := proto.HybridResolver.FindFileByPath("ain/jobs/v1/event.proto")
	require.NoError(t, err)
	require.NotZero(t, file.Messages().Len())
	for i := range file.Messages().Len() {
		require.Contains(t, readme, "| "+string(file.Messages().Get(i).Name())+" |", "an event without its row")
	}
	_, params, _ := strings.Cut(readme, "\n## Params\n")
	params = strings.ReplaceAll(params, ", _", ", max_schema_")
	fields := fieldsOf(t, "ain.jobs.v1.Params")
	for i := range fields.Len() {
		require.Contains(t, params, string(fields.Get(i).Name()), "a param without its row")
	}
}

func fieldsOf(t *testing.T, message protoreflect.FullName) protoreflect.FieldDescriptors {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(message)
	require.NoError(t, err)
	return found.(protoreflect.MessageDescriptor).Fields()
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	options := jobs.AppModule{}.AutoCLIOptions()
	for _, service := range []*autocliv1.ServiceCommandDescriptor{options.Query, options.Tx} {
		described := map[string]bool{}
		for _, command := range service.RpcCommandOptions {
			described[command.RpcMethod] = true
			if command.Skip {
				continue
			}
			require.NotEmpty(t, command.Short, command.RpcMethod)
			require.True(t, strings.HasPrefix(command.Example, "aind "), command.RpcMethod)
		}
		for _, method := range methods(t, service.Service) {
			require.True(t, described[string(method.Name())], "%s has no command", method.Name())
			for _, command := range service.RpcCommandOptions {
				if command.RpcMethod != string(method.Name()) {
					continue
				}
				for _, argument := range command.PositionalArgs {
					require.NotNil(t, method.Input().Fields().ByName(protoreflect.Name(argument.ProtoField)),
						"%s has no field %s", method.Name(), argument.ProtoField)
				}
			}
		}
	}
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	for _, method := range methods(t, types.MsgServiceName) {
		message := method.Input()
		signers := protov2.GetExtension(message.Options(), msgv1.E_Signer).([]string)
		require.Len(t, signers, 1, message.Name())
		require.NotNil(t, message.Fields().ByName(protoreflect.Name(signers[0])), message.Name())
	}
}

func TestGenesisIsReadStrictly(t *testing.T) {
	cdc := moduletestutil.MakeTestEncodingConfig(jobs.AppModule{}).Codec
	am := jobs.AppModule{}
	require.NoError(t, am.ValidateGenesis(cdc, nil, am.DefaultGenesis(cdc)))
	require.ErrorContains(t, am.ValidateGenesis(cdc, nil, []byte(`{"surprise": 1}`)), "genesis of jobs")
	require.ErrorContains(t, am.ValidateGenesis(cdc, nil, []byte(`{}`)), "params")
}
