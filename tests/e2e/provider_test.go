package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestProviderThatIsGone has people told what is wrong when a space is full, when its provider takes no more, when its gateway does not answer, and
// when its time is over.
func TestProviderThatIsGone(t *testing.T) {
	g := startGateway(t)
	owner := g.network.NewNode(t, "owner", "20", "")
	var reserved struct{ Space string }
	owner.JSON(t, &reserved, "storage", "reserve", "1MiB", "--for", "2h", "--provider", g.provider.Address)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, []byte(strings.Repeat("x", 700<<10)), 0o600))
	refused := func(words string, args ...string) {
		t.Helper()
		result := owner.Run(t, args...)
		require.NotZero(t, result.Code, result.String())
		require.Contains(t, result.Err, words)
	}
	var stored struct{ Content string }
	owner.JSON(t, &stored, "storage", "put", file, reserved.Space)
	more := filepath.Join(t.TempDir(), "more")
	require.NoError(t, os.WriteFile(more, []byte(strings.Repeat("y", 700<<10)), 0o600))
	refused("the space is full", "storage", "put", more, reserved.Space)

	g.provider.Tx(t, "storage", "register-provider", "http://"+g.address, "100", strconv.Itoa(1<<30), "--closed")
	g.eventually(t, "the provider is closed", func() error {
		var answer struct{ Provider struct{ Closed bool } }
		if err := g.network.Get("/ain/storage/v1/providers/"+g.provider.Address, &answer); err != nil || answer.Provider.Closed {
			return err
		}
		return os.ErrNotExist
	})
	refused("takes no reservations", "storage", "reserve", "1MiB", "--for", "2h", "--provider", g.provider.Address)
	require.Zero(t, owner.Run(t, "storage", "get", stored.Content, filepath.Join(t.TempDir(), "copy")).Code, "what it has goes on")

	require.NoError(t, g.process.Stop())
	gone := "store unavailable: http://" + g.address
	refused(gone, "storage", "put", file, reserved.Space)
	refused(gone, "storage", "get", stored.Content, filepath.Join(t.TempDir(), "copy"))
	refused(gone, "storage", "ls", reserved.Space)
	owner.Settings.Store = "ain://" + reserved.Space
	refused(gone, "requestJob", "{job_id: 0x1, job_input: {y: 4}, files: {text: "+file+"}, reward: [1, 1], time_limit: 5s}")
	released := owner.Run(t, "storage", "release", reserved.Space)
	require.Zero(t, released.Code, released.String(), "the chain gives the coins back without the gateway")
	refused("there is no space "+reserved.Space, "storage", "extend", reserved.Space, "--for", "1h")
}
