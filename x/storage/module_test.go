package storage_test

import (
	"testing"

	"github.com/ain-network/aind/tests/specification"
	"github.com/ain-network/aind/x/storage"
)

func TestReadmeNamesEveryMessageEventAndQuery(t *testing.T) {
	specification.ReadmeNamesEverything(t, storage.AppModule{})
}

func TestEveryRPCHasACommandWithAnExample(t *testing.T) {
	specification.EveryRPCHasACommand(t, storage.AppModule{})
}

func TestEveryMessageHasExactlyOneSigner(t *testing.T) {
	specification.EveryMessageHasOneSigner(t, storage.AppModule{})
}

func TestTheCodecKnowsMessagesAndTheirAnswers(t *testing.T) {
	specification.TheCodecKnowsMessages(t, storage.AppModule{})
}

func TestGenesisIsReadStrictly(t *testing.T) {
	specification.GenesisIsReadStrictly(t, storage.AppModule{}, map[string]string{`{}`: "max_endpoint_bytes"})
}
