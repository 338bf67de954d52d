package permissions_test

import (
	"testing"

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
	specification.TheCodecKnowsMessages(t, permissions.AppModule{})
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, permissions.AppModule{}, map[string]string{
		`{"rules":[{"type_url":"/ain.jobs.v1.MsgRank","access":"ACCESS_NOBODY"}]}`: "rules[0]: rule.type_url: /ain.jobs.v1.MsgRank finishes",
	})
}
