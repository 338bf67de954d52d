package permissions_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	moduletestutil "github.com/cosmos/cosmos-sdk/types/module/testutil"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/permissions"
)

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	specification.ReadmeNamesEverything(t, permissions.AppModule{})
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	specification.EveryRPCHasACommand(t, permissions.AppModule{})
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	specification.EveryMessageHasOneSigner(t, permissions.AppModule{})
}

func TestTheCodecKnowsMessagesAndTheirAnswers(t *testing.T) {
	registry := moduletestutil.MakeTestEncodingConfig(permissions.AppModule{}).InterfaceRegistry
	for _, name := range []string{"/ain.permissions.v1.MsgSetRule", "/ain.permissions.v1.MsgSetRuleResponse"} {
		_, err := registry.Resolve(name)
		require.NoError(t, err)
	}
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, permissions.AppModule{}, map[string]string{
		`{"rules":[{"type_url":"/ain.jobs.v1.MsgRank","access":"ACCESS_NOBODY"}]}`: "rules[0]: rule.type_url: /ain.jobs.v1.MsgRank finishes",
	})
}
