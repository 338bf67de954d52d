package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/tests/harness"
)

// TestNamesForPeople has a person give the content of a space names, share it, order work on it by name, and name something else.
func TestNamesForPeople(t *testing.T) {
	g := startGateway(t)
	n := g.network
	reserve := func(owner *harness.Node, read string) string {
		t.Helper()
		var reserved struct{ Space string }
		owner.JSON(t, &reserved, "storage", "reserve", "128MiB", "--for", "2h", "--provider", g.provider.Address, "--read", read)
		return "ain://" + reserved.Space
	}
	root, client, friend := n.NewNode(t, "admin", "100", ""), n.NewNode(t, "client", "100", ""), n.NewNode(t, "friend", "20", "")
	root.Settings.Store = reserve(root, "everybody")
	space := reserve(client, "participants")

	first, second := strings.Repeat("it was a dark and stormy night\n", 1000), strings.Repeat("call me\n", 1000)
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte(first), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "more"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "more", "note"), []byte("a note"), 0o600))
	var put struct {
		Version string `json:"folder_version"`
		Files   []struct{ Name, Content string }
	}
	client.JSON(t, &put, "storage", "put", dir, space+"/books")
	require.Equal(t, "1", put.Version)
	require.Len(t, put.Files, 2)

	// Another account reads the names when the rule says so, and not before; and never publishes any.
	denied := friend.Run(t, "storage", "get", space+"/books", filepath.Join(dir, "stolen"))
	require.Equal(t, codeUsage, denied.Code, denied.String())
	require.Contains(t, denied.Err, "not there, or not for you")
	shared := reserve(client, friend.Address)
	require.Equal(t, shared+"/books\n", client.Run(t, "storage", "put", dir, shared+"/books").Out)
	var got struct{ Files int }
	g.eventually(t, "the friend may read", func() error {
		return json.Unmarshal([]byte(friend.Run(t, "storage", "get", shared+"/books", filepath.Join(dir, "copy"), "--output", "json").Out), &got)
	})
	require.Equal(t, 2, got.Files)
	copied, err := os.ReadFile(filepath.Join(dir, "copy", "text"))
	require.NoError(t, err)
	require.Equal(t, first, string(copied))
	refused := friend.Run(t, "storage", "put", text, shared+"/mine")
	require.Equal(t, codeUsage, refused.Code, refused.String())
	require.Contains(t, refused.Err, "who alone names what is in it")

	// An order has what the name stood for when it was sent.
	client.Settings.Store = space
	job := n.Register(t, root, filepath.Join("..", "..", "examples", "word-count"), "--qualification-input", "{min_letters: 1}",
		"--hiring", "30s", "--evaluation", "60s", "--challenge", "15s", "--bond", "1")
	root.Start(t)
	for _, role := range []string{"worker", "evaluator"} {
		node := n.NewNode(t, role, "100", "60")
		node.Settings.Job, node.Settings.Store = job, reserve(node, "participants")
		node.Start(t)
	}
	n.AwaitRunning(t, jobNumber(t, job), 1, 1)
	order := func(words string) {
		t.Helper()
		var answer struct {
			Outcome string
			Result  struct{ Words string }
		}
		client.JSON(t, &answer, "requestJob", "{job_id: "+job+", job_input: {min_letters: 3}, files: {text: "+space+"/books/text}, reward: [1, 1], "+
			"time_limit: 60s, max_workers: 1}")
		require.Equal(t, "ranked", answer.Outcome)
		require.Equal(t, words, answer.Result.Words)
	}
	order("5000")
	var pending struct{ Request string }
	client.JSON(t, &pending, "requestJob", "{job_id: "+job+", job_input: {min_letters: 3}, files: {text: "+space+"/books/text}, reward: [1, 1], "+
		"time_limit: 60s, max_workers: 1}", "--detach")
	number, err := strconv.ParseUint(pending.Request, 10, 64)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(text, []byte(second), 0o600))
	var replaced struct{ Replaced []string }
	client.JSON(t, &replaced, "storage", "put", text, space+"/books/text")
	digest := storage.DigestOf([]byte(first)).String()
	require.Equal(t, []string{space + "/" + digest}, replaced.Replaced)
	var public struct {
		Request struct {
			Spec struct {
				Input struct {
					Files []struct{ Reference struct{ Digest string } }
				}
			}
		}
	}
	require.NoError(t, n.Get("/ain/jobs/v1/requests/"+pending.Request, &public))
	require.Equal(t, digest, public.Request.Spec.Input.Files[0].Reference.Digest)
	require.Equal(t, "OUTCOME_RANKED", n.AwaitFinished(t, number).Outcome)
	order("1000")

	// What is encrypted opens for its owner alone, and what is removed is gone.
	client.Run(t, "storage", "put", filepath.Join(dir, "more", "note"), shared+"/secret", "--encrypt")
	require.Equal(t, "a note", client.Run(t, "storage", "get", shared+"/secret").Out)
	sealed := friend.Run(t, "storage", "get", shared+"/secret")
	require.Equal(t, codeUsage, sealed.Code, sealed.String())
	require.Contains(t, sealed.Err, "it is encrypted, and ")
	require.NotContains(t, sealed.Out, "note")
	require.Zero(t, client.Run(t, "storage", "rm", shared+"/books").Code)
	require.Contains(t, friend.Run(t, "storage", "ls", shared).Out, shared+"/secret")
	gone := friend.Run(t, "storage", "get", shared+"/"+digest, filepath.Join(dir, "gone"))
	require.Equal(t, codeUsage, gone.Code, gone.String())
	require.Contains(t, gone.Err, "there is no such content")
}
