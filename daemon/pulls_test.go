package daemon

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker"
)

func TestWhatIsPulledIsToldWhileItIs(t *testing.T) {
	home := t.TempDir()
	pulls, err := ReadPulls(home)
	require.NoError(t, err)
	require.Empty(t, pulls, "no daemon of this home ever ran images")

	path := filepath.Join(home, dockerFolder, pullsFile)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	board := &pullBoard{path: path, log: slog.New(slog.DiscardHandler), now: map[string]Pulling{}}
	board.tell(docker.Pull{Program: "sha256:b", From: "example.org/b", Bytes: 1})
	board.tell(docker.Pull{Program: "sha256:a", From: "example.org/a", Bytes: 5, Total: 10})
	board.tell(docker.Pull{Program: "sha256:b", From: "example.org/b", Bytes: 7, Total: 9})
	pulls, err = ReadPulls(home)
	require.NoError(t, err)
	require.Len(t, pulls, 2)
	require.Equal(t, docker.Pull{Program: "sha256:a", From: "example.org/a", Bytes: 5, Total: 10}, pulls[0].Pull)
	require.Equal(t, docker.Pull{Program: "sha256:b", From: "example.org/b", Bytes: 7, Total: 9}, pulls[1].Pull)

	board.tell(docker.Pull{Program: "sha256:b", Done: true})
	old := board.now["sha256:a"]
	old.At = time.Now().Add(-time.Minute) // a daemon that was killed
	board.now["sha256:a"] = old
	board.tell(docker.Pull{Program: "sha256:c", From: "example.org/c"})
	pulls, err = ReadPulls(home)
	require.NoError(t, err)
	require.Len(t, pulls, 1)
	require.Equal(t, "example.org/c", pulls[0].From)
}

func TestRegistriesAreNamedByHost(t *testing.T) {
	d := DockerConfig{Registries: []string{"ghcr.io", "127.0.0.1:5000"}}
	require.NoError(t, d.validate())
	for _, bad := range []string{"", "https://ghcr.io", "ghcr.io/me", "me@ghcr.io"} {
		d.Registries = []string{bad}
		require.ErrorContains(t, d.validate(), "sandbox.docker.registries")
	}
	require.ErrorContains(t, DockerConfig{PullTime: -1}.validate(), "sandbox.docker.pull_time")
}
