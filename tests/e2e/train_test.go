package e2e

import (
	"archive/tar"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/sandbox/sandboxtest"
	"github.com/ain-network/aind/tests/harness"
)

// TestTrainingIsCheckedAndPaid has a small network trained to a loss, and the evaluator compute that loss itself. The same check, in the same image,
// finds the model that nobody trained, with the loss of a good one beside it, and everything else that a cheat could leave.
func TestTrainingIsCheckedAndPaid(t *testing.T) {
	harness.NeedEngine(t)
	n := network(t)
	base := baseImage(t, "python-torch")
	source := filepath.Join(harness.Root(), "examples", "train")
	out := filepath.Join(t.TempDir(), "model")
	var said ran
	n.ClientJSON(t, &said, "run", filepath.Join(source, "train.py"), "--base", base, "--check", filepath.Join(source, "check.py"),
		"--memory", "1GiB", "--time", "5m", "-o", out, "--", "--loss", "0.001")
	var stated struct{ Loss float64 }
	content, err := os.ReadFile(filepath.Join(out, "loss.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &stated))
	assert.LessOrEqual(t, stated.Loss, 0.001)
	assert.Equal(t, "OUTCOME_RANKED", n.AwaitFinished(t, said.Request).Outcome)

	model, err := os.ReadFile(filepath.Join(out, "model.json"))
	require.NoError(t, err)
	untrained := strings.NewReplacer("0.", "0.0", "1.", "0.1").Replace(string(model))
	box := sandboxtest.OpenDocker(t, sandboxtest.DockerConfig(t))
	folder := t.TempDir()
	inputs := map[string]string{"check.py": filepath.Join(source, "check.py")}
	var entries []string
	for node, files := range map[string]map[string]string{
		"honest": {"model.json": string(model), "loss.json": string(content)},
		"cheat":  {"model.json": untrained, "loss.json": string(content)},
		"modest": {"model.json": string(model), "loss.json": `{"loss": 0.0001}`},
		"empty":  {},
		"broken": {"model.json": "[", "loss.json": "1"},
	} {
		inputs[node+".tar"] = packFiles(t, filepath.Join(folder, node+".tar"), files)
		entries = append(entries, fmt.Sprintf(`{"node": %q}`, node))
	}
	p := sandboxtest.PlainProgram(t, sandbox.KindImage, base)
	p.EntryPoint = "python3"
	result, err := box.Run(context.Background(), sandbox.Run{
		Program: p, Args: []string{"-B", "/ain/in/check.py"}, Inputs: inputs, Limits: sandbox.Limits{MemoryBytes: 1 << 30},
		Input: []byte(`{"request": {"program": {"args": ["--loss", "0.001"]}}, "workers": [` + strings.Join(entries, ",") + `]}`),
	})
	require.NoError(t, err)
	require.Zero(t, result.ExitStatus, "%s", result.Log)
	var verdict struct {
		Ranking []struct {
			Node  string
			Valid bool
		}
	}
	require.NoError(t, json.Unmarshal(result.Output, &verdict))
	require.Len(t, verdict.Ranking, 1, "%s", result.Log)
	assert.Equal(t, "honest", verdict.Ranking[0].Node)
}

// packFiles writes a tar file as a worker does.
func packFiles(t *testing.T, path string, files map[string]string) string {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	w := tar.NewWriter(file)
	for name, content := range files {
		require.NoError(t, w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}))
		_, err := w.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, file.Close())
	return path
}
