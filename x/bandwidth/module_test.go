package bandwidth_test

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

	"github.com/ain-network/aind/x/bandwidth"
)

// methods returns the rpcs of a service by their names.
func methods(t *testing.T, service protoreflect.FullName) []string {
	t.Helper()
	found, err := proto.HybridResolver.FindDescriptorByName(service)
	require.NoError(t, err)
	list := found.(protoreflect.ServiceDescriptor).Methods()
	var names []string
	for i := range list.Len() {
		names = append(names, string(list.Get(i).Name()))
	}
	return names
}

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(text)

	for _, name := range methods(t, "ain.bandwidth.v1.Msg") {
		require.Contains(t, readme, "### "+name+"\n", "a message without its heading")
	}
	for _, name := range methods(t, "ain.bandwidth.v1.Query") {
		require.Contains(t, readme, "| "+name+" | `/ain/bandwidth/v1/", "a query without its row")
	}
	file, err := proto.HybridResolver.FindFileByPath("ain/bandwidth/v1/event.proto")
	require.NoError(t, err)
	events := file.Messages()
	require.NotZero(t, events.Len())
	for i := range events.Len() {
		require.Contains(t, readme, "| "+string(events.Get(i).Name())+" |", "an event without its row")
	}
	for _, heading := range []string{"Concepts", "State", "Messages", "Events", "Blockers", "Params", "Queries", "Genesis"} {
		require.Contains(t, readme, "\n## "+heading+"\n")
	}
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	options := bandwidth.AppModule{}.AutoCLIOptions()
	for _, service := range []*autocliv1.ServiceCommandDescriptor{options.Query, options.Tx} {
		var described []string
		for _, command := range service.RpcCommandOptions {
			described = append(described, command.RpcMethod)
			require.NotEmpty(t, command.Short, command.RpcMethod)
			require.True(t, strings.HasPrefix(command.Example, "aind "), command.RpcMethod)
		}
		require.ElementsMatch(t, methods(t, protoreflect.FullName(service.Service)), described)
	}
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	found, err := proto.HybridResolver.FindDescriptorByName("ain.bandwidth.v1.Msg")
	require.NoError(t, err)
	list := found.(protoreflect.ServiceDescriptor).Methods()
	for i := range list.Len() {
		message := list.Get(i).Input()
		signers := protov2.GetExtension(message.Options(), msgv1.E_Signer).([]string)
		require.Len(t, signers, 1, message.Name())
		require.NotNil(t, message.Fields().ByName(protoreflect.Name(signers[0])), message.Name())
	}
}

func TestGenesisIsReadStrictly(t *testing.T) {
	cdc := moduletestutil.MakeTestEncodingConfig(bandwidth.AppModule{}).Codec
	am := bandwidth.AppModule{}

	require.NoError(t, am.ValidateGenesis(cdc, nil, am.DefaultGenesis(cdc)))
	require.ErrorContains(t, am.ValidateGenesis(cdc, nil, []byte(`{"surprise": 1}`)), "genesis of bandwidth")
	require.ErrorContains(t, am.ValidateGenesis(cdc, nil, []byte(`{}`)), "window_ms")
}
