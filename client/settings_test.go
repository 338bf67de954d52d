package client_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
)

func TestSettings(t *testing.T) {
	t.Run("a home without a file has the defaults", func(t *testing.T) {
		settings, err := client.ReadSettings(t.TempDir())
		require.NoError(t, err)
		require.Equal(t, client.DefaultSettings(), settings)
		require.NoError(t, settings.Config().Validate())
	})
	t.Run("what was written is read back, and nobody else can read it", func(t *testing.T) {
		home := t.TempDir()
		settings := client.DefaultSettings()
		settings.ChainID, settings.From, settings.Node = "ain-1", "alice", "http://a:1, http://b:2"
		settings.Store = "s3+http://a:secret@c:3/d"
		require.NoError(t, settings.Write(home))

		read, err := client.ReadSettings(home)
		require.NoError(t, err)
		require.Equal(t, settings, read)
		require.Equal(t, []string{"http://a:1", "http://b:2"}, read.Endpoints())
		require.NotContains(t, read.String(), "secret")

		info, err := os.Stat(filepath.Join(home, "config", "client.toml"))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	t.Run("a file that is no TOML is named", func(t *testing.T) {
		home := t.TempDir()
		require.NoError(t, os.Mkdir(filepath.Join(home, "config"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(home, "config", "client.toml"), []byte("node = "), 0o600))
		_, err := client.ReadSettings(home)
		require.ErrorContains(t, err, "client.toml")
	})
}
