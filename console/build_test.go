package console_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// published is a repository with the example's worker and a recipe, as docs/programs.md has it.
func published(t *testing.T) (url, commit string) {
	t.Helper()
	folder := t.TempDir()
	script, err := os.ReadFile(example("worker.py"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "worker.py"), script, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "ain-build.yaml"), []byte("targets:\n  worker:\n    kind: script\n    file: worker.py\n"), 0o600))
	var out []byte
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "-m", "worker"}, {"rev-parse", "HEAD"}} {
		out, err = exec.CommandContext(t.Context(), "git", append([]string{"-C", folder, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...).Output()
		require.NoError(t, err)
	}
	return "file://" + folder, strings.TrimSpace(string(out))
}

// TestFromSourceToASignedProgram is the walk of docs/programs.md.
func TestFromSourceToASignedProgram(t *testing.T) {
	w := newWorld(t)
	w.register()
	url, commit := published(t)
	_, _, err := w.keys.Create("builder")
	require.NoError(t, err)
	builder := w.keys["builder"].Address().String()
	t.Chdir(t.TempDir())
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)

	said := w.mustRun("build", url, "--commit", commit, "--target", "worker", "--twice", "--from", "builder")
	require.Contains(t, said, "Built worker.py, sha256:")
	require.Contains(t, said, "Its attestation, signed by "+builder+", is worker.py.dsse.json.")

	said = w.mustRun("verify", "worker.py", "--attestation", "worker.py.dsse.json", "--builder", builder)
	require.Contains(t, said, "from "+url+" at commit "+commit)

	w.mustRun("publishRelease", "0x1", "worker.py", "--version", "1.1.0", "--attestation", "worker.py.dsse.json", "--from", "alice")
	spec := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease).Release
	require.Equal(t, commit, spec.Provenance.SourceCommit)
	require.NoError(t, jobstypes.VerifyProvenance(spec))
	require.Contains(t, w.mustRun("verify", "worker.py", "--release", "3"), "Built by "+builder)
}

func TestBuildRefusesWhatCannotBeBuilt(t *testing.T) {
	w := newWorld(t)
	url, commit := published(t)
	out := filepath.Join(t.TempDir(), "worker.py")
	for says, args := range map[string][]string{
		"want an https, ssh or file URL":  {"worker.py", "--commit", commit},
		"want the whole hash of a commit": {url, "--commit", "main"},
		`no target "judge"`:               {url, "--commit", commit, "--target", "judge"},
		"nowhere.yaml":                    {url, "--commit", commit, "--recipe", "nowhere.yaml"},
	} {
		_, err := w.run(append([]string{"build", "--out", out}, args...)...)
		requireBadInput(t, w, err, says)
		require.NoFileExists(t, out)
	}
}
