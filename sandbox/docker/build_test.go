package docker_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox/docker"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// TestABuildSeesNothingElse looks around from within: no network, nobody's environment, a user without rights, and one
// folder to write in. Container and image are gone afterwards.
func TestABuildSeesNothingElse(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t))
	t.Setenv("SECRET", "of this machine")
	work := t.TempDir()
	require.NoError(t, os.Chmod(work, 0o777))
	probe := sandboxtest.BuildLinux(t, "sandbox/docker/testdata/buildprobe")
	build := docker.Build{
		User: "65534:65534", Command: []string{"/probe/" + filepath.Base(probe)}, Env: []string{"ONLY=this"}, Dir: "/work",
		ReadOnly: map[string]string{"/probe": filepath.Dir(probe)}, Writable: map[string]string{"/work": work},
		MemoryBytes: 256 << 20, CPUMillis: 1000,
	}
	require.NoError(t, build.Run(t.Context()))
	content, err := os.ReadFile(filepath.Join(work, "report"))
	require.NoError(t, err)
	var found struct {
		UID                   int
		Root, Env, Interfaces []string
		Dial                  string
		Wrote                 map[string]bool
	}
	require.NoError(t, json.Unmarshal(content, &found))
	require.Equal(t, 65534, found.UID)
	require.Equal(t, []string{"lo"}, found.Interfaces)
	require.Contains(t, found.Dial, "unreachable")
	require.Equal(t, map[string]bool{"/": false, "/probe/": false, "/work/": true, "/tmp/": false}, found.Wrote)
	require.Contains(t, found.Env, "ONLY=this")
	require.NotContains(t, strings.Join(found.Env, " "), "SECRET")
	require.Subset(t, []string{".dockerenv", "dev", "etc", "probe", "proc", "sys", "work"}, found.Root)

	build.Command = append(build.Command, "fail")
	err = build.Run(t.Context())
	require.ErrorIs(t, err, docker.ErrBuild)
	require.ErrorContains(t, err, "exit status 3: broken on purpose")

	left, err := engine(t).ImageList(t.Context(), image.ListOptions{})
	require.NoError(t, err)
	for _, i := range left {
		for _, tag := range i.RepoTags {
			require.NotContains(t, tag, "ain-build:", "left behind")
		}
	}
}
