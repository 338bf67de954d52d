package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/sandbox/sandboxtest"
)

// runDoctor returns what the command printed.
func runDoctor(t *testing.T, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"worker", "doctor", "--home", t.TempDir(), "--sandbox-child", sandboxtest.Child(t)}, args...)
	root := newRoot(args)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&bytes.Buffer{})
	root.SetArgs(args)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

func TestDoctorOfThisMachine(t *testing.T) {
	sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t)) // skips where there is no engine
	text, err := runDoctor(t, "--docker", "require")
	require.NoError(t, err)
	require.Contains(t, text, "engine     Docker ")
	require.Contains(t, text, "million rounds a second")
	require.NotContains(t, text, "FAILS")

	text, err = runDoctor(t, "--docker", "prefer", "--output", "json")
	require.NoError(t, err)
	var d daemon.Diagnosis
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	require.Contains(t, d.States.Tags, "docker")
	require.Positive(t, d.Findings.MillionRounds)
}

func TestDoctorFailsWhereTheWorkerWould(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix:///nowhere.sock")
	text, err := runDoctor(t, "--docker", "require")
	require.ErrorContains(t, err, "nowhere.sock")
	require.Equal(t, exitFailed, exitCode(err))
	require.Contains(t, text, "FAILS      no images are run")

	text, err = runDoctor(t, "--docker", "prefer")
	require.NoError(t, err)
	require.Contains(t, text, "warning    no images are run")

	for _, bad := range [][]string{{"--output", "xml"}, {"--runtime-class", "sometimes"}, {"--docker", "maybe"}} {
		_, err = runDoctor(t, bad...)
		require.Equal(t, exitUsage, exitCode(err), bad)
	}
}

func TestDoctorSaysWhichReleasesAreRun(t *testing.T) {
	for releases, says := range map[string]string{
		"any": "releases   any that the job's admin has signed", "attested": "releases   attested by one of the chain's builders",
	} {
		text, err := runDoctor(t, "--releases", releases)
		require.NoError(t, err)
		require.Contains(t, text, says)
	}
	text, err := runDoctor(t, "--releases", "good")
	require.ErrorContains(t, err, `policy.releases "good": use any, attested or listed`)
	require.Contains(t, text, "FAILS")
}
