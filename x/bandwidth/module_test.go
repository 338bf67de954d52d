package bandwidth_test

import (
	"testing"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/bandwidth"
)

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	specification.ReadmeNamesEverything(t, bandwidth.AppModule{})
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	specification.EveryRPCHasACommand(t, bandwidth.AppModule{})
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	specification.EveryMessageHasOneSigner(t, bandwidth.AppModule{})
}

func TestTheCodecKnowsMessagesAndTheirAnswers(t *testing.T) {
	specification.TheCodecKnowsMessages(t, bandwidth.AppModule{})
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, bandwidth.AppModule{}, map[string]string{`{}`: "window_ms"})
}
