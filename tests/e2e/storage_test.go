package e2e

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
