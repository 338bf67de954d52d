package e2e

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/tests/harness"
)

// storageVerbs are what TestStorageForPeople has looked at the JSON of.
var storageVerbs = []string{"reserve", "extend", "release", "spaces", "grants", "put", "get", "ls", "rm", "providers", "offer"}

// TestStorageForPeople reserves, stores, shares, fetches and gives back with the verbs that people have.
func TestStorageForPeople(t *testing.T) {
	g := startGateway(t)
	owner, friend := g.network.NewNode(t, "owner", "20", ""), g.network.NewNode(t, "friend", "20", "")
	seen := map[string]bool{}
	ask := func(n *harness.Node, answer any, verb string, args ...string) {
		t.Helper()
		n.JSON(t, answer, append([]string{"storage", verb}, args...)...)
		seen[verb] = true
	}
	var offered struct {
		Price string `json:"price_uain_per_gib_hour"`
	}
	ask(g.provider, &offered, "offer", "http://"+g.address, "--price", "200uain", "--capacity", "1GiB")
	require.Equal(t, "200", offered.Price)
	var providers []struct{ Provider, Endpoint string }
	ask(owner, &providers, "providers")
	require.Contains(t, providers, struct{ Provider, Endpoint string }{g.provider.Address, "http://" + g.address})

	before := g.network.Books(t)
	var reserved struct {
		Space, Read string
		Held        string `json:"held_uain"`
	}
	ask(owner, &reserved, "reserve", "256MiB", "--for", "20h", "--provider", g.provider.Address)
	require.Equal(t, "owner", reserved.Read)
	require.Equal(t, "1000", reserved.Held, "a quarter of a GiB for 20 hours at 200 uain")
	require.EqualValues(t, -1000, g.network.Books(t).Since(before)[owner.Address])

	folder := t.TempDir()
	large := filepath.Join(folder, "large")
	content := make([]byte, 70<<20)
	_, err := rand.Read(content)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(large, content, 0o600))
	var put struct {
		Content string
		Chunked bool
	}
	ask(owner, &put, "put", large, reserved.Space)
	require.True(t, put.Chunked)
	var listed struct {
		Stored  string `json:"stored_bytes"`
		Objects []struct{ Digest string }
	}
	ask(owner, &listed, "ls", reserved.Space)
	require.Len(t, listed.Objects, 6, "five chunks and their manifest")

	denied := friend.Run(t, "storage", "get", put.Content, filepath.Join(folder, "stolen"))
	require.Equal(t, codeUsage, denied.Code, denied.String())
	require.Contains(t, denied.Err, "there is no such content, or it is not for you")
	require.NoFileExists(t, filepath.Join(folder, "stolen"))
	var granted struct{ Read string }
	ask(owner, &granted, "grants", reserved.Space, "--read", friend.Address)
	require.Equal(t, friend.Address, granted.Read)
	var got struct{ Path string }
	g.eventually(t, "the friend may read", func() error {
		return json.Unmarshal([]byte(friend.Run(t, "storage", "get", put.Content, filepath.Join(folder, "copy"), "--output", "json").Out), &got)
	})
	seen["get"] = true
	copied, err := os.ReadFile(filepath.Join(folder, "copy"))
	require.NoError(t, err)
	require.Equal(t, content, copied)

	piped := harness.Command{Args: []string{"storage", "put", "-", reserved.Space, "--home", owner.Home, "--keyring-backend", "test", "--node", g.network.RPC()}, Stdin: "from a pipe"}.Run(t)
	require.Zero(t, piped.Code, piped.String())
	require.Equal(t, "from a pipe", owner.Run(t, "storage", "get", strings.TrimSpace(piped.Out)).Out)

	full := filepath.Join(folder, "full")
	more := make([]byte, 200<<20)
	_, err = rand.Read(more)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(full, more, 0o600))
	over := owner.Run(t, "storage", "put", full, reserved.Space)
	require.Equal(t, codeUsage, over.Code, over.String())
	require.Contains(t, over.Err, "the space is full")

	var removed struct{ Removed []string }
	ask(owner, &removed, "rm", put.Content)
	require.Equal(t, []string{put.Content}, removed.Removed)
	ask(owner, &listed, "ls", reserved.Space)
	require.NotEmpty(t, listed.Objects, "what came from the pipe is there")

	var extended struct {
		Held string `json:"held_uain"`
	}
	ask(owner, &extended, "extend", reserved.Space, "--for", "20h")
	require.Equal(t, "2000", extended.Held)
	var spaces []struct{ Space string }
	ask(owner, &spaces, "spaces")
	require.Len(t, spaces, 1)
	var released struct{ Space string }
	ask(owner, &released, "release", reserved.Space)
	spent := -g.network.Books(t).Since(before)[owner.Address]
	require.LessOrEqual(t, spent, int64(10), "what was not used of it came back: it was there for seconds")
	gone := owner.Run(t, "storage", "ls", reserved.Space)
	require.NotZero(t, gone.Code)

	for _, verb := range storageVerbs {
		require.True(t, seen[verb], "nobody looked at the JSON of %s", verb)
	}
}

// TestRequestThroughSpaces has everything that a request moves go through spaces: the programs through one that everybody reads, input, files
// and results through spaces of their own, which nobody reads but those who take part, when they may.
func TestRequestThroughSpaces(t *testing.T) {
	g := startGateway(t)
	n := g.network
	space := func(owner *harness.Node, read string) string {
		t.Helper()
		var reserved struct{ Space string }
		owner.JSON(t, &reserved, "storage", "reserve", "128MiB", "--for", "2h", "--provider", g.provider.Address, "--read", read)
		return "ain://" + reserved.Space
	}
	root, client := n.NewNode(t, "admin", "100", ""), n.NewNode(t, "client", "100", "")
	root.Settings.Store, client.Settings.Store = space(root, "everybody"), space(client, "participants")
	folder := filepath.Join("..", "..", "examples", "word-count")
	job := n.Register(t, root, folder, "--qualification-input", "{min_letters: 1}", "--hiring", "30s", "--evaluation", "60s", "--challenge", "60s", "--bond", "1")
	root.Start(t)
	for _, role := range []string{"worker", "evaluator"} {
		node := n.NewNode(t, role, "100", "60")
		node.Settings.Job, node.Settings.Store = job, space(node, "participants")
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)

	text := filepath.Join(t.TempDir(), "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("it was a dark and stormy night\n", 10_000)), 0o600))
	for _, encrypt := range []string{"", ", encrypt: all"} {
		var answer struct {
			Request, Outcome string
			Result           struct{ Words string }
		}
		client.JSON(t, &answer, "requestJob", "{job_id: "+job+", job_input: {min_letters: 3}, files: {text: "+text+"}, reward: [1, 1], "+
			"time_limit: 60s, max_workers: 1"+encrypt+"}")
		require.Equal(t, "ranked", answer.Outcome)
		require.Equal(t, "50000", answer.Result.Words)

		var public struct {
			Request struct {
				Spec struct {
					Input struct {
						Files []struct {
							Reference struct{ Digest, Space string }
						}
					}
				}
			}
		}
		require.NoError(t, n.Get("/ain/jobs/v1/requests/"+answer.Request, &public))
		file := public.Request.Spec.Input.Files[0].Reference
		require.Equal(t, strings.TrimPrefix(client.Settings.Store, "ain://"), file.Space)
		stranger := n.NewNode(t, "stranger", "1", "")
		stolen := stranger.Run(t, "storage", "get", client.Settings.Store+"/"+file.Digest)
		require.Equal(t, codeUsage, stolen.Code, stolen.String())
		require.NotContains(t, stolen.Out, "stormy")
	}

	// A client cannot take away what those who work for it need.
	var under struct{ Request string }
	client.JSON(t, &under, "requestJob", "{job_id: "+job+", job_input: {min_letters: 2}, files: {text: "+text+"}, reward: [1, 1], "+
		"time_limit: 60s, max_workers: 1}", "--detach")
	digest := storage.DigestOf([]byte(strings.Repeat("it was a dark and stormy night\n", 10_000)))
	kept := client.Run(t, "storage", "rm", client.Settings.Store+"/"+digest.String())
	require.Equal(t, codeUsage, kept.Code, kept.String())
	require.Contains(t, kept.Err, "need")
}
