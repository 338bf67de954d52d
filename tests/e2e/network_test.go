package e2e

import (
	"encoding/base64"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/tests/harness"
)

// TestAProgramReadsTheChainAndTheStore has an image whose release asks for both. It reads a block's height, and an object by a URL that the client
// signed. The worker whose owner no longer allows it takes no request.
func TestAProgramReadsTheChainAndTheStore(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	source, folder := filepath.Join(harness.Root(), "tests", "e2e", "testdata", "reader"), t.TempDir()
	compile(t, filepath.Join(source, "worker"), filepath.Join(folder, "reader"), "linux", runtime.GOARCH)
	if result := n.Client(t, "image", filepath.Join(folder, "reader"), "-o", filepath.Join(folder, "reader.tar")); result.Code != 0 {
		t.Fatalf("aind image: %s", result)
	}
	shared := n.NewStore(t)
	root := n.NewNode(t, "admin", "10", "")
	root.Settings.Store = shared.URL()
	var registered struct{ Job string }
	root.JSON(t, &registered, "registerJob", filepath.Join(source, "job_schema.proto"), filepath.Join(folder, "reader.tar"),
		filepath.Join(source, "evaluator.py"), "--json", "--network", "chain,storage", "--bond", "1",
		"--source", "https://example.org/job", "--commit", strings.Repeat("a", 40))
	root.Settings.Docker, root.Settings.Network = "require", []string{"chain", "storage"} // to qualify who applies
	root.Start(t)
	evaluator := n.NewNode(t, "evaluator", "100", "50")
	first, second := n.NewNode(t, "worker", "100", "50"), n.NewNode(t, "worker", "100", "50")
	for _, node := range []*harness.Node{evaluator, first, second} {
		node.Settings.Job, node.Settings.Docker, node.Settings.Network = registered.Job, "require", []string{"chain", "storage"}
		node.Settings.Store = shared.URL()
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, registered.Job), 1, 2)
	second.Kill()
	second.Settings.Network = nil
	process := second.Start(t)

	store := shared.Open(t)
	put, err := storage.PutBytes(t.Context(), store, []byte("what the client stored"))
	require.NoError(t, err)
	signed, err := store.PresignGet(t.Context(), put.Digest, 10*time.Minute)
	require.NoError(t, err)
	var r harness.Request
	for range 4 { // nobody accepts what it has not prepared
		r = n.AwaitFinished(t, n.Order(t, registered.Job, "{url: '"+signed.URL+"'}", "time_limit: 30000", "min_workers: 1", "max_workers: 2"))
		if r.State == "REQUEST_STATE_SETTLED" {
			break
		}
	}
	require.Equal(t, "REQUEST_STATE_SETTLED", r.State)
	require.Equal(t, "OUTCOME_RANKED", r.Outcome)
	require.Len(t, r.Assignments, 1)
	require.Equal(t, first.Address, r.Assignments[0].Worker)

	reading := texts(t, r.Assignments[0].Result.Inline)
	height, err := strconv.Atoi(reading[1])
	require.NoError(t, err)
	require.Greater(t, height, 1)
	require.Equal(t, "what the client stored", reading[2])
	require.Equal(t, "403 Forbidden", reading[3], "a transaction")
	require.Contains(t, reading[4], "connection refused", "the store's own address is not the container's")

	const why = "it wants to reach chain, which sandbox.network does not name"
	process.AwaitSaid(t, why)
	require.Contains(t, second.Run(t, "stats", registered.Job).Out, why)
}

// texts are a message's fields, all of which are strings, by their numbers.
func texts(t *testing.T, inline string) map[protowire.Number]string {
	t.Helper()
	message, err := base64.StdEncoding.DecodeString(inline)
	require.NoError(t, err)
	fields := map[protowire.Number]string{}
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		require.NoError(t, protowire.ParseError(n))
		require.Equal(t, protowire.BytesType, kind)
		message = message[n:]
		value, n := protowire.ConsumeBytes(message)
		require.NoError(t, protowire.ParseError(n))
		fields[number], message = string(value), message[n:]
	}
	return fields
}
