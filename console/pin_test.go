package console_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

func TestOrdersNameWhatLiesInASpace(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.withOwnSpace()
	input := []byte{0x0d, 0, 0, 0x80, 0x40} // y: 4
	dir := files(t, map[string]string{"scene": "a sphere", "input": string(input), "tests": "a test set"})
	large := bytes.Repeat([]byte("0123456789abcdef"), 5<<20)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "large"), large, 0o600))
	w.mustRun("storage", "put", dir, "ain://7/order")
	w.mustRun("requestJob", "{job_id: 0x1, job_input: ain://7/order/input, reward: [1, 2], time_limit: 3s, evaluator_input: ain://7/order/tests, "+
		"files: {a: ain://7/order/scene, b: "+at("a sphere")+", c: ain://7/order/large}}", "--detach", "--store", "ain://3")
	require.Contains(t, w.err.String(), "ain://7/order/scene is "+at("a sphere")+"\n", "people see what a name stood for")
	spec := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgRequestJob).Spec
	scene := jobstypes.Reference{Digest: jobstypes.Digest([]byte("a sphere")), Size_: 8, Space: 7}
	require.Equal(t, &jobstypes.Reference{Digest: jobstypes.Digest(input), Size_: 5, Space: 7}, spec.Input.Reference)
	require.Equal(t, &jobstypes.Reference{Digest: jobstypes.Digest([]byte("a test set")), Size_: 10, Space: 7}, spec.EvaluatorInput.Reference)
	require.Equal(t, scene, spec.Input.Files[0].Reference)
	require.Equal(t, scene, spec.Input.Files[1].Reference)
	chunked := spec.Input.Files[2].Reference
	require.True(t, chunked.Chunked)
	require.EqualValues(t, len(large), chunked.Size_)
	manifest, err := storage.ReadAll(t.Context(), w.store, storage.Digest(chunked.Digest), chunk.MaxManifest)
	require.NoError(t, err)
	_, err = chunk.Parse(manifest)
	require.NoError(t, err)

	// The name may stand for something else from now on: what was sent does not.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "scene"), []byte("a cube"), 0o600))
	w.mustRun("storage", "put", filepath.Join(dir, "scene"), "ain://7/order/scene")
	require.True(t, w.has("a sphere"))
	w.mustRun("requestJob", "--job-id", "0x1", "--input-file", "ain://7/order/input", "--reward", "[1, 2]", "--time-limit", "3s", "--files", "{a: ain://7/order/scene}", "--detach")
	spec = w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgRequestJob).Spec
	require.Equal(t, jobstypes.Digest([]byte("a cube")), spec.Input.Files[0].Reference.Digest)
	require.NotNil(t, spec.Input.Reference)
}

func TestReferencesOfOrdersThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.withOwnSpace()
	dir := files(t, map[string]string{"scene": "a sphere", "noise": "\xff\xff\xff"})
	w.mustRun("storage", "put", dir, "ain://7")
	w.mustRun("storage", "put", filepath.Join(dir, "scene"), "ain://7/secret/scene", "--encrypt")
	w.chain.sent = nil
	for says, fields := range map[string]string{
		`files.a: space 7 has nothing of the name "nothing"`:                         "job_input: {y: 4}, files: {a: ain://7/nothing}",
		"files.a: ain://7/secret is a folder":                                        "job_input: {y: 4}, files: {a: ain://7/secret}",
		"files.a: ain://7 is a space":                                                "job_input: {y: 4}, files: {a: ain://7}",
		"files.a: ain://7/secret/scene is encrypted: nobody who works could open it": "job_input: {y: 4}, files: {a: ain://7/secret/scene}",
		"and the order is encrypted: name a file of this machine":                    "job_input: {y: 4}, files: {a: ain://7/scene}, encrypt: all",
		"there is no such content, or it is not for you":                             "job_input: {y: 4}, files: {a: " + at("nothing") + "}",
		"there is no space 9":                                                        "job_input: {y: 4}, files: {a: ain://9/x}",
		"job_input: ain://7/noise: ":                                                 "job_input: ain://7/noise",
		`is no space's number: no reference`:                                         "job_input: ain://seven/x",
		"job_input: want an object":                                                  "job_input: 7/scene",
	} {
		t.Run(says, func(t *testing.T) {
			_, err := w.run("requestJob", "{job_id: 0x1, "+fields+", reward: [1, 2], time_limit: 3s}")
			requireBadInput(t, w, err, says)
		})
	}
	_, err := w.run("requestJob", "{job_id: 0x1, job_input: ain://7/scene, reward: [1, 2], time_limit: 3s}", "--input-file", filepath.Join(dir, "noise"))
	requireBadInput(t, w, err, "input-file: job_input is given, too: leave one out")
}

func TestProgramsThatLieInASpace(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	w.mustRun("storage", "put", example("worker.py"), "ain://7/programs/")
	w.mustRun("storage", "put", example("worker.py"), "ain://7/secret.py", "--encrypt")
	w.chain.sent = nil
	w.mustRun("registerJob", example("job_schema.proto"), "ain://7/programs/worker.py", example("evaluator.py"),
		"--source", "https://example.org/root", "--commit", "abc", "--store", "file://store")
	worker, err := os.ReadFile(example("worker.py"))
	require.NoError(t, err)
	require.Contains(t, w.err.String(), "ain://7/programs/worker.py is ain://7/"+jobstypes.Digest(worker))
	require.Equal(t, jobstypes.Digest(worker), w.chain.sent[0].(*jobstypes.MsgRegisterJob).Releases[0].Program.Digest)

	w.mustRun("publishRelease", "0x1", "ain://7/programs/worker.py", "--version", "1.1.0")
	require.Equal(t, jobstypes.Digest(worker), w.chain.sent[1].(*jobstypes.MsgPublishRelease).Release.Program.Digest)

	// Where everybody reads the space that it lies in it stays there.
	w.chain.spaces[6].Read.Kind = storagetypes.ACCESS_KIND_EVERYBODY
	w.mustRun("publishRelease", "0x1", "ain://7/programs/worker.py", "--version", "1.1.1", "--store", "ain://7")
	require.EqualValues(t, 7, w.chain.sent[2].(*jobstypes.MsgPublishRelease).Release.Program.Space)
	require.NotContains(t, w.err.String(), "uploading")
	w.chain.sent = nil
	for says, program := range map[string]string{
		"has no name, whose ending says what kind of program it is": at(string(worker)),
		"ain://7/secret.py is encrypted: nodes could not run it":    "ain://7/secret.py",
		`space 7 has nothing of the name "other.py"`:                "ain://7/other.py",
	} {
		_, err := w.run("publishRelease", "0x1", program, "--version", "1.2.0")
		requireBadInput(t, w, err, says)
	}
}
