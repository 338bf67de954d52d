package escrow_test

import (
	"testing"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/escrow"
)

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	specification.ReadmeNamesEverything(t, escrow.AppModule{})
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	specification.EveryRPCHasACommand(t, escrow.AppModule{})
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	specification.EveryMessageHasOneSigner(t, escrow.AppModule{})
}

func TestTheCodecKnowsMessagesAndTheirAnswers(t *testing.T) {
	specification.TheCodecKnowsMessages(t, escrow.AppModule{})
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, escrow.AppModule{}, map[string]string{`{}`: "next_hold_id"})
}
