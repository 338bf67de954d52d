package reputation_test

import (
	"testing"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/reputation"
)

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	specification.ReadmeNamesEverything(t, reputation.AppModule{})
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	specification.EveryRPCHasACommand(t, reputation.AppModule{})
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	specification.EveryMessageHasOneSigner(t, reputation.AppModule{})
}

func TestTheCodecKnowsMessagesAndTheirAnswers(t *testing.T) {
	specification.TheCodecKnowsMessages(t, reputation.AppModule{})
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, reputation.AppModule{}, map[string]string{`{}`: "running_window_ms"})
}
