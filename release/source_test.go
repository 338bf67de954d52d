package release_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/release"
)

func runGit(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// repository is a git repository with one committed file.
func repository(t *testing.T, remote string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "worker.py")
	require.NoError(t, os.WriteFile(file, []byte("a"), 0o600))
	runGit(t, dir, "init", "-q")
	if remote != "" {
		runGit(t, dir, "remote", "add", "origin", remote)
	}
	runGit(t, dir, "add", "worker.py")
	runGit(t, dir, "commit", "-q", "-m", "one")
	return dir, file
}

func TestFindSourceAsksGit(t *testing.T) {
	for remote, public := range map[string]string{
		"https://user:secret@example.org/a/b.git": "https://example.org/a/b.git",
		"git@example.org:a/b.git":                 "https://example.org/a/b.git",
		"ssh://git@example.org:22/a/b.git":        "https://example.org/a/b.git",
	} {
		t.Run(remote, func(t *testing.T) {
			_, file := repository(t, remote)
			source, err := release.FindSource(t.Context(), release.Source{}, false, file)
			require.NoError(t, err)
			require.Equal(t, public, source.URL)
			require.Len(t, source.Commit, 40)
			require.False(t, source.Dirty)
		})
	}
}

func TestFindSourceRefusesWhatNobodyCouldFind(t *testing.T) {
	t.Run("a file that differs from the commit", func(t *testing.T) {
		_, file := repository(t, "https://example.org/a")
		require.NoError(t, os.WriteFile(file, []byte("b"), 0o600))
		_, err := release.FindSource(t.Context(), release.Source{}, false, file)
		require.ErrorIs(t, err, release.ErrSource)
		require.ErrorContains(t, err, "--dirty")

		source, err := release.FindSource(t.Context(), release.Source{}, true, file)
		require.NoError(t, err)
		require.True(t, source.Dirty)
		require.Contains(t, source.Commit, "-dirty")
	})
	t.Run("a file that git does not know", func(t *testing.T) {
		dir, file := repository(t, "https://example.org/a")
		other := filepath.Join(dir, "other.py")
		require.NoError(t, os.WriteFile(other, []byte("b"), 0o600))
		_, err := release.FindSource(t.Context(), release.Source{}, false, file, other)
		require.ErrorContains(t, err, "other.py")
	})
	t.Run("a repository without a remote", func(t *testing.T) {
		_, file := repository(t, "")
		_, err := release.FindSource(t.Context(), release.Source{}, false, file)
		require.ErrorContains(t, err, "--source")
		_, err = release.FindSource(t.Context(), release.Source{URL: "https://example.org/a"}, false, file)
		require.NoError(t, err)
	})
	t.Run("a remote on this machine", func(t *testing.T) {
		_, file := repository(t, "/srv/git/a")
		_, err := release.FindSource(t.Context(), release.Source{}, false, file)
		require.ErrorContains(t, err, "--source")
	})
	t.Run("no repository at all", func(t *testing.T) {
		file := writeFile(t, "worker.py", "a")
		_, err := release.FindSource(t.Context(), release.Source{URL: "https://example.org/a"}, false, file)
		require.ErrorContains(t, err, "--commit")
		source, err := release.FindSource(t.Context(), release.Source{URL: "https://example.org/a", Commit: "abc"}, false, file)
		require.NoError(t, err)
		require.Equal(t, "abc", source.Commit)
	})
}
