package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// commit makes a folder a git repository with a public remote.
func commit(t *testing.T, folder string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q"},
		{"remote", "add", "origin", "https://example.org/root"},
		{"add", "."},
		{"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "one"},
	} {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", folder}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
}

func TestRegisterJob(t *testing.T) {
	w := newWorld(t)
	out := w.register("--bond", "0", "--min-deposit", "5", "--reveal", "2s", "--qualification-input", "{y: 9}", "--memory-mib", "64")
	require.Equal(t, "Registration complete. Job ID is 0x1.\n", out)

	msg := w.chain.sent[0].(*jobstypes.MsgRegisterJob)
	require.Equal(t, "calculate-root", msg.Name)
	require.Equal(t, "https://example.org/root", msg.SourceURL)
	require.Equal(t, "abc", msg.SourceCommit)
	require.True(t, msg.Terms.Bond.Amount.IsZero())
	require.Equal(t, math.NewInt(5_000_000), msg.Terms.MinDeposit)
	require.EqualValues(t, 2000, msg.Terms.Windows.RevealMs)
	require.EqualValues(t, 64<<20, msg.Terms.Requirement.MemoryBytes)
	require.Equal(t, []byte{0x0d, 0, 0, 0x10, 0x41}, msg.QualificationInput.Inline)
	for _, spec := range msg.Releases {
		_, err := w.store.Stat(t.Context(), storage.Digest(spec.Program.Digest))
		require.NoError(t, err, "the program is in the store")
	}

	var decoded struct{ Job string }
	require.NoError(t, json.Unmarshal([]byte(w.register("--output", "json")), &decoded))
	require.Equal(t, "0x2", decoded.Job)
}

// Where the store is a space that not everybody reads, programs go into one of the account's own that everybody does.
func TestProgramsGoWhereEverybodyReads(t *testing.T) {
	w := newWorld(t)
	w.withSpace()
	w.offers("provider", 1, 1<<40)
	w.mustRun("storage", "reserve", "1GiB", "--read", "participants")
	w.chain.sent = nil
	command := []string{"registerJob", example("job_schema.proto"), example("worker.py"), example("evaluator.py"), "--source", "https://example.org/root", "--commit", "abc"}
	_, err := w.run(append(command, "--store", "ain://1")...)
	requireBadInput(t, w, err, "store: not everybody reads space 1, and nodes could not fetch a program from it: reserve one for programs "+
		"(aind storage reserve 1GiB --read everybody), it is found by itself")

	w.mustRun("storage", "reserve", "1GiB", "--read", "everybody")
	w.mustRun("storage", "reserve", "1GiB", "--for", "1h", "--read", "everybody")
	for _, store := range []string{"ain://1", "ain://3"} {
		w.chain.sent = nil
		w.mustRun(append(command, "--store", store)...)
		want := map[string]uint64{"ain://1": 2, "ain://3": 3}[store]
		for _, spec := range w.chain.sent[0].(*jobstypes.MsgRegisterJob).Releases {
			require.Equal(t, want, spec.Program.Space, store)
			_, err := w.space.Stat(t.Context(), storage.Digest(spec.Program.Digest))
			require.NoError(t, err)
		}
	}
	w.chain.sent = nil
	w.mustRun("publishRelease", "0x1", example("worker.py"), "--version", "1.0.1", "--store", "ain://1")
	require.EqualValues(t, 2, w.chain.sent[0].(*jobstypes.MsgPublishRelease).Release.Program.Space)
}

// A schema without a service Evaluator goes without its program.
func TestRegisterJobThatNobodyEvaluates(t *testing.T) {
	w := newWorld(t)
	schema := filepath.Join(t.TempDir(), "job_schema.proto")
	source := readFile(t, example("job_schema.proto"))
	start := strings.Index(source, "service Evaluator")
	end := start + strings.Index(source[start:], "\n}") + len("\n}")
	require.NoError(t, os.WriteFile(schema, []byte(source[:start]+source[end:]), 0o600))
	w.mustRun("registerJob", schema, example("worker.py"), "--source", "https://example.org", "--commit", "abc", "--open-results")
	msg := w.chain.sent[0].(*jobstypes.MsgRegisterJob)
	require.Len(t, msg.Releases, 1)
	require.True(t, msg.Terms.OpenResults)

	_, err := w.run("registerJob", schema, example("worker.py"), example("evaluator.py"), "--source", "https://example.org", "--commit", "abc")
	require.ErrorContains(t, err, "no service Evaluator")
}

func TestRegisterJobRefusesWhatTheChainWould(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	schema, worker, judge := example("job_schema.proto"), example("worker.py"), example("evaluator.py")
	from := []string{"--source", "https://example.org/root", "--commit", "abc"}
	for _, c := range []struct {
		name string
		args []string
		says []string
		is   error
	}{
		{
			name: "a schema that does not compile",
			args: append([]string{write("a.proto", "syntax = \"proto3\";\nmessage A { B b = 1; }"), worker, judge}, from...),
			says: []string{"a.proto:2:13", "declare the message"}, is: release.ErrSchema,
		},
		{
			name: "a schema without a Worker service",
			args: append([]string{write("b.proto", "syntax = \"proto3\";\nmessage A { }"), worker, judge}, from...),
			says: []string{"b.proto", "no service Worker"}, is: jobstypes.ErrSchema,
		},
		{
			name: "a schema without an Evaluator service",
			args: append([]string{write("c.proto", "syntax = \"proto3\";\nservice Worker { rpc Run(A) returns (A); }\nmessage A { }"), worker, judge}, from...),
			says: []string{"no service Evaluator"},
		},
		{name: "no program for the Evaluator", args: append([]string{schema, worker}, from...), says: []string{"has a service Evaluator"}},
		{name: "a worker without the method", args: append([]string{schema, judge, judge}, from...), says: []string{"worker", "CalculateRoot"}, is: release.ErrProgram},
		{name: "a program that is no program", args: append([]string{schema, schema, judge}, from...), says: []string{"neither a .py script"}},
		{name: "files that no commit has", args: []string{schema, write("w.py", "class W:\n def CalculateRoot(self, r, c): pass\n"), judge, "--source", "https://example.org"}, says: []string{"--"}, is: release.ErrSource},
		{name: "a source that is no address", args: []string{schema, worker, judge, "--source", "here", "--commit", "abc"}, says: []string{"source_url"}},
		{name: "a version that is none", args: append([]string{schema, worker, judge, "--version", "one"}, from...), says: []string{"version", "1.0.0"}},
		{name: "a bond that is no money", args: append([]string{schema, worker, judge, "--bond", "-1"}, from...), says: []string{"bond", "10uain"}},
		{name: "a window beyond the chain's", args: append([]string{schema, worker, judge, "--reveal", "100000h"}, from...), says: []string{"reveal_ms"}},
		{name: "a qualification input that does not decode", args: append([]string{schema, worker, judge, "--qualification-input", "{z: 1}"}, from...), says: []string{"qualification-input.z", "y: float"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.run(append([]string{"registerJob"}, c.args...)...)
			requireBadInput(t, w, err, c.says...)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
		})
	}
	t.Run("a store that is down", func(t *testing.T) {
		w := newWorld(t)
		w.store = downStore{w.store}
		_, err := w.run(append([]string{"registerJob", schema, worker, judge}, from...)...)
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Empty(t, w.chain.sent)
	})
}

// downStore does not answer.
type downStore struct{ storage.Store }

func (downStore) Stat(context.Context, storage.Digest) (storage.Info, error) {
	return storage.Info{}, &storage.UnavailableError{Endpoint: "http://store:1", Err: errors.New("refused")}
}

func (d downStore) Put(ctx context.Context, _ io.Reader, _ ...storage.PutOption) (storage.Info, error) {
	return d.Stat(ctx, "")
}

func TestPublishRelease(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Equal(t, "Published worker 1.1.0 of job 0x1 as release 3.\n",
		w.mustRun("publishRelease", "0x1", example("worker.py"), "--version", "1.1.0"))

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"a version that is not newer":       {[]string{"0x1", example("worker.py"), "--version", "0.9.0"}, "not above 1.0.0"},
		"no version":                        {[]string{"0x1", example("worker.py")}, "version: empty"},
		"a program of the other role":       {[]string{"0x1", example("worker.py"), "--role", "evaluator", "--version", "2.0.0"}, "EvaluateRoot"},
		"a role that has no program":        {[]string{"0x1", example("worker.py"), "--role", "boss", "--version", "2.0.0"}, "no role"},
		"a job that nobody registered":      {[]string{"0x7", example("worker.py"), "--version", "2.0.0"}, "no job 0x7"},
		"a job that is not an id":           {[]string{"seven", example("worker.py"), "--version", "2.0.0"}, "0x1a"},
		"a file that is larger than it may": {[]string{"0x1", os.DevNull, "--version", "2.0.0"}, "is no file"},
	} {
		t.Run(name, func(t *testing.T) {
			w.chain.sent = nil
			_, err := w.run(append([]string{"publishRelease"}, c.args...)...)
			requireBadInput(t, w, err, c.says)
		})
	}
}

func TestPublishReleaseTakesTheAddressOfAnImage(t *testing.T) {
	w := newWorld(t)
	w.register()
	address := "example.org/me/worker@sha256:" + strings.Repeat("ab", 32)
	w.mustRun("publishRelease", "0x1", address, "--version", "9.0.0")
	message := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgPublishRelease)
	require.Equal(t, program.PROGRAM_KIND_IMAGE, message.Release.Program.Kind)
	content, err := storage.ReadAll(t.Context(), w.store, storage.Digest(message.Release.Program.Digest), 1000)
	require.NoError(t, err)
	require.Equal(t, address+"\n", string(content), "what is signed names the image by its digest")

	w.chain.sent = nil
	_, err = w.run("publishRelease", "0x1", "example.org/me/worker:latest", "--version", "9.0.1")
	requireBadInput(t, w, err, "without a tag")
}
