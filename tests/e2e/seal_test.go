package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/tests/harness"
)

// sealedRequest is what everybody can read of an encrypted request.
type sealedRequest struct {
	Request struct {
		State string
		Spec  struct {
			Input struct {
				Inline    string
				Reference struct{ Digest string }
			}
		}
	}
	Assignments []struct {
		Worker string
		Result *struct {
			Inline    string
			Reference struct{ Digest string }
		}
	}
}

// TestEncryptedRequest orders with --encrypt: nodes that are granted its key work on it, and nobody else reads a word.
func TestEncryptedRequest(t *testing.T) {
	n := network(t)
	var answer struct {
		Request string
		State   string
		Result  struct{ X float64 }
	}
	const order = "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 10000, max_workers: 2"
	n.ClientJSON(t, &answer, "requestJob", order+", encrypt: all}")
	require.Equal(t, "settled", answer.State)
	require.InDelta(t, 2, answer.Result.X, 0.25)

	var public sealedRequest
	require.NoError(t, n.Get("/ain/jobs/v1/requests/"+answer.Request, &public))
	require.Empty(t, public.Request.Spec.Input.Inline)
	require.NotEmpty(t, public.Request.Spec.Input.Reference.Digest)
	require.NotEmpty(t, public.Assignments)
	for _, a := range public.Assignments {
		require.NotNil(t, a.Result)
		require.Empty(t, a.Result.Inline)
		require.NotEmpty(t, a.Result.Reference.Digest)
	}
	require.Contains(t, n.Client(t, "requests", answer.Request).Out, "X: ")
	stranger := n.NewNode(t, "stranger", "1", "")
	shown := stranger.Run(t, "requests", answer.Request)
	require.Zero(t, shown.Code, shown.String())
	require.Contains(t, shown.Out, "it is encrypted: no keys in ")
	require.NotContains(t, shown.Out, "X: ")

	t.Run("aind client grants while nobody waits", func(t *testing.T) {
		id := n.Order(t, n.Job(), "{y: 9}", "time_limit: 10000", "max_workers: 1", "encrypt: all")
		text := strconv.FormatUint(id, 10)
		n.AwaitRequest(t, id, "waits for keys", harness.Patience, func(r harness.Request) bool { return r.AwaitingKeys })
		keeper, err := harness.Start("client", filepath.Join(n.Home, "logs", "client.log"), nil, "client", "--home", n.Folder("client"), "--output", "json")
		require.NoError(t, err)
		defer keeper.Kill()
		n.AwaitRequest(t, id, "is ranked", harness.Patience, func(r harness.Request) bool { return r.State == "REQUEST_STATE_RANKED" })

		// A resolver is granted it, too.
		var challenge brought
		n.ClientJSON(t, &challenge, "challenge", text)
		require.Equal(t, "OUTCOME_RANKED", n.AwaitFinished(t, id).Outcome, "the network's admin judged")
		require.Contains(t, n.Client(t, "explain", text).Out, challenge.Resolver+" confirmed the ranking")

		keeper.Signal(syscall.SIGTERM)
		<-keeper.Done()
		require.Zero(t, keeper.Code())
		log, err := os.ReadFile(keeper.Log)
		require.NoError(t, err)
		var granted struct {
			Request string
			Granted []string
		}
		start := strings.Index(string(log), "{")
		require.NoError(t, json.NewDecoder(strings.NewReader(string(log)[start:])).Decode(&granted), string(log))
		require.Equal(t, text, granted.Request)
		require.Len(t, granted.Granted, 1)
	})
}

// TestHiddenTestSet has an evaluator judge by data that it is granted once nobody can change a result any more.
func TestHiddenTestSet(t *testing.T) {
	n := network(t)
	folder := filepath.Join("..", "..", "examples", "hidden-test-set")
	root := n.NewNode(t, "admin", "100", "")
	job := n.Register(t, root, folder, "--qualification-input", "{points: [{x: 0, y: 1}, {x: 1, y: 3}]}", "--hiring", "30s", "--evaluation", "60s")
	root.Start(t)
	for _, role := range []string{"worker", "evaluator"} {
		node := n.NewNode(t, role, "100", "60")
		node.Settings.Job = job
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)
	for _, encrypt := range []string{"all", "evaluator"} {
		t.Run(encrypt, func(t *testing.T) {
			var answer struct {
				Outcome string
				Result  struct{ Slope, Intercept float64 }
				Ranking []struct{ Score string }
			}
			n.ClientJSON(t, &answer, "requestJob", "{job_id: "+job+", job_input: {points: [{x: 0, y: 1}, {x: 1, y: 3.3}, {x: 2, y: 5}]}, reward: [1, 1], "+
				"time_limit: 60s, max_workers: 1, encrypt: "+encrypt+", evaluator_input: "+filepath.Join(folder, "hidden.csv")+"}")
			require.InDelta(t, 2, answer.Result.Slope, 1e-9)
			require.InDelta(t, 1.1, answer.Result.Intercept, 1e-9)
			require.Len(t, answer.Ranking, 1)
			// 0.1 above the line on which the hidden points lie: a loss of 0.01. Judged by the points of the input it would be 0.02.
			require.Equal(t, "990099", answer.Ranking[0].Score)
		})
	}
}

// TestFilesOfARequest has both programs read a file beside the request, larger than a message could be.
func TestFilesOfARequest(t *testing.T) {
	n := network(t)
	folder := filepath.Join("..", "..", "examples", "word-count")
	root := n.NewNode(t, "admin", "100", "")
	job := n.Register(t, root, folder, "--qualification-input", "{min_letters: 1}", "--hiring", "30s", "--evaluation", "60s")
	root.Start(t)
	for _, role := range []string{"worker", "evaluator"} {
		node := n.NewNode(t, role, "100", "60")
		node.Settings.Job = job
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)
	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("it was a dark and stormy night\n", 10_000)), 0o600))
	for _, encrypt := range []string{"", ", encrypt: all"} {
		var answer struct {
			Outcome string
			Result  struct{ Words string }
		}
		n.ClientJSON(t, &answer, "requestJob", "{job_id: "+job+", job_input: {min_letters: 3}, files: {text: "+text+"}, reward: [1, 1], "+
			"time_limit: 60s, max_workers: 1"+encrypt+"}")
		require.Equal(t, "ranked", answer.Outcome)
		require.Equal(t, "50000", answer.Result.Words)
	}
}
