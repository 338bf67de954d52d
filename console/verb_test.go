package console_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/console"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
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

// requireBadInput wants an error about the input, before anything was sent.
func requireBadInput(t *testing.T, w *world, err error, says ...string) {
	t.Helper()
	require.Error(t, err)
	var bad interface{ BadInput() }
	require.ErrorAs(t, err, &bad, err.Error())
	for _, text := range says {
		require.ErrorContains(t, err, text)
	}
	require.Empty(t, w.chain.sent, "nothing was sent")
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

const order = "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000}"

func TestRequestJob(t *testing.T) {
	t.Run("prints the result and the payments", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		out := w.words(w.mustRun("requestJob", order))
		require.Equal(t, "X: 2\nTotal 12 workers participated. Evaluator (EVALUATOR) received 10, worker (WORKER) received 10.\n", out)
	})
	t.Run("sends what was asked for", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.mustRun("requestJob", "{job_id: 0x001, job_input: {y: 4}, reward: [0.5, 7uain], time_limit: 3s, min_workers: 2, max_workers: 3, reward_function: even}")
		spec := w.chain.sent[1].(*jobstypes.MsgRequestJob).Spec
		require.Equal(t, math.NewInt(500_000), spec.EvaluatorReward)
		require.Equal(t, math.NewInt(7), spec.WorkerReward)
		require.EqualValues(t, 3000, spec.TimeLimitMs)
		require.EqualValues(t, 2, spec.MinWorkers)
		require.EqualValues(t, 3, spec.MaxWorkers)
		require.Equal(t, jobstypes.REWARD_KIND_EVEN, spec.RewardFunction.Kind)
		require.Equal(t, []byte{0x0d, 0, 0, 0x80, 0x40}, spec.Input.Inline)
	})
	t.Run("takes flags for keys", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.mustRun("requestJob", "--job-id", "0x1", "--job-input", "{y: 4}", "--reward", "[1, 2]", "--time-limit", "3s", "--detach")
		require.Equal(t, math.NewInt(2_000_000), w.chain.sent[1].(*jobstypes.MsgRequestJob).Spec.WorkerReward)
	})
	t.Run("splits the reward as it is told", func(t *testing.T) {
		for text, want := range map[string]jobstypes.RewardFunction{
			"proportional": {Kind: jobstypes.REWARD_KIND_PROPORTIONAL},
			"[5, 3, 2]":    {Kind: jobstypes.REWARD_KIND_WEIGHTS, Weights: []uint64{5, 3, 2}},
			"2/3":          {Kind: jobstypes.REWARD_KIND_GEOMETRIC, RatioNumerator: 2, RatioDenominator: 3},
		} {
			w := newWorld(t)
			w.register()
			w.mustRun("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 2], time_limit: 3s, reward_function: "+text+"}", "--detach")
			require.Equal(t, want, w.chain.sent[1].(*jobstypes.MsgRequestJob).Spec.RewardFunction)
		}
	})
	t.Run("prints one JSON value", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		var got struct {
			Request string
			State   string
			Result  struct{ X float64 }
			Payouts []struct{ Reason string }
		}
		require.NoError(t, json.Unmarshal([]byte(w.mustRun("requestJob", order, "--output", "json")), &got))
		require.Equal(t, "1", got.Request)
		require.Equal(t, "settled", got.State)
		require.InDelta(t, 2, got.Result.X, 0)
		require.Len(t, got.Payouts, 4)
		require.Empty(t, w.err.String(), "no progress beside JSON")
	})
	t.Run("asks before it accepts", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.in = "y\n"
		w.mustRun("requestJob", order, "--accept", "ask")
		require.Contains(t, w.err.String(), "Accept this result?")
		require.IsType(t, &jobstypes.MsgAcceptResult{}, w.chain.sent[2])
	})
	t.Run("says why there is no result, and where the coins went", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.chain.end = func(res *jobstypes.QueryRequestResponse) {
			res.Request.State, res.Request.Outcome = jobstypes.REQUEST_STATE_CANCELLED, jobstypes.OUTCOME_CANCELLED_NO_EVALUATOR
			res.Request.Ranking, res.Request.Workers = nil, 0
			res.Request.Payouts = []jobstypes.Payout{{Account: res.Request.Client, Amount: math.NewInt(20_200_000), Reason: jobstypes.ReasonRefund}}
		}
		out, err := w.run("requestJob", order)
		require.ErrorIs(t, err, console.ErrNoResult)
		require.ErrorContains(t, err, "no evaluator accepted it")
		require.Contains(t, out, "20.2 AIN (refund) went to ")
	})
	t.Run("prints what came first where nobody evaluates", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.chain.end = func(res *jobstypes.QueryRequestResponse) {
			res.Request.State, res.Request.Outcome, res.Request.Ranking = jobstypes.REQUEST_STATE_SETTLED, jobstypes.OUTCOME_UNEVALUATED, nil
			late := res.Assignments[0]
			res.Assignments[0].CommitOrder, late.CommitOrder = 1, 2
			late.Result = &jobstypes.Result{Inline: []byte{0x0d, 0, 0, 0x80, 0x40}}
			res.Assignments = append([]jobstypes.Assignment{late}, res.Assignments...)
		}
		out := w.mustRun("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [0, 1], time_limit: 3s, skip_evaluation: true, worker_node: ["+w.chain.worker+"]}")
		require.Contains(t, out, "X: 2\n")
	})
	t.Run("does not let a result steer the terminal", func(t *testing.T) {
		w := newWorld(t)
		folder := t.TempDir()
		schema := filepath.Join(folder, "job_schema.proto")
		require.NoError(t, os.WriteFile(schema, []byte(strings.ReplaceAll(readFile(t, example("job_schema.proto")), "float x = 1;", "string x = 1;")), 0o600))
		w.mustRun("registerJob", schema, example("worker.py"), example("evaluator.py"), "--source", "https://example.org", "--commit", "abc")
		w.chain.result = append([]byte{0x0a, 4}, "\x1b[2J"...)
		require.Contains(t, w.mustRun("requestJob", order), `X: "\x1b[2J"`)
	})
	t.Run("says what the chain refused", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.chain.refuse = &client.TxError{Codespace: "jobs", Code: 3, Log: "time is up"}
		_, err := w.run("requestJob", order)
		require.ErrorContains(t, err, "time is up")
	})
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(content)
}

func TestRequestJobRefusesBadInput(t *testing.T) {
	for _, c := range []struct {
		name, object string
		says         []string
	}{
		{"a job that nobody registered", "{job_id: 0x9, job_input: {y: 4}, reward: [1, 1], time_limit: 3000}", []string{"job_id", "no job 0x9", "aind jobs"}},
		{"a job without 0x", "{job_id: 1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000}", []string{"job_id", "0x1a"}},
		{"no job", "{job_input: {y: 4}, reward: [1, 1], time_limit: 3000}", []string{"job_id: missing"}},
		{"no input", "{job_id: 0x1, reward: [1, 1], time_limit: 3000}", []string{"job_input: missing", "y: float"}},
		{"an input with an unknown field", "{job_id: 0x1, job_input: {z: 4}, reward: [1, 1], time_limit: 3000}", []string{"job_input.z", "y: float"}},
		{"an input of another type", "{job_id: 0x1, job_input: {y: four}, reward: [1, 1], time_limit: 3000}", []string{"job_input", "y", "four"}},
		{"an input that is no object", "{job_id: 0x1, job_input: 4, reward: [1, 1], time_limit: 3000}", []string{"job_input: want an object"}},
		{"rewards above the balance", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1000], time_limit: 3000}", []string{"reward", "1011.01 AIN are needed", "holds 1000", "lower it"}},
		{"one reward", "{job_id: 0x1, job_input: {y: 4}, reward: [1], time_limit: 3000}", []string{"reward: want two amounts"}},
		{"a negative reward", "{job_id: 0x1, job_input: {y: 4}, reward: [1, -1], time_limit: 3000}", []string{"reward[1]", "is not money"}},
		{"no time limit", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1]}", []string{"time_limit: missing"}},
		{"a time limit that is none", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: soon}", []string{"time_limit", "soon"}},
		{"a time limit of nothing", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 0}", []string{"time_limit", "not within"}},
		{"more workers than the chain allows", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, max_workers: 100000}", []string{"max_workers"}},
		{"a key that nobody knows", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], timelimit: 3000}", []string{"timelimit: no such key", "time_limit"}},
		{"a key given twice", "{job_id: 0x1, job_id: 0x1}", []string{"job_id: given twice"}},
		{"weights that rise", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, reward_function: [1, 2]}", []string{"reward_function[1]: 2 after 1"}},
		{"a weight that is no number", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, reward_function: [1, x]}", []string{"reward_function[1]", "whole number"}},
		{"a ratio above one", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, reward_function: 3/2}", []string{"reward_function: 3/2"}},
		{"a ratio of words", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, reward_function: a/b}", []string{"reward_function", "2/3"}},
		{"candidates that are no addresses", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, worker_node: [me]}", []string{"worker_node[0]"}},
		{"a reward function of one's own", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 1], time_limit: 3000, reward_function: mine}", []string{"reward_function", "winner_takes_all"}},
		{"nobody to evaluate, and no worker named", "{job_id: 0x1, job_input: {y: 4}, reward: [0, 1], time_limit: 3000, skip_evaluation: true}", []string{"worker_node", "name the workers that you trust"}},
		{"braces that do not close", "{job_id: 0x1", []string{"object"}},
		{"a bomb of aliases", "{job_id: &a 0x1, job_input: *a}", []string{"quotes"}},
		{"no object at all", "hello", []string{"want an object"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.register()
			w.chain.sent = nil
			_, err := w.run("requestJob", c.object)
			requireBadInput(t, w, err, c.says...)
		})
	}
	t.Run("a way to accept that there is not", func(t *testing.T) {
		w := newWorld(t)
		_, err := w.run("requestJob", order, "--accept", "maybe")
		requireBadInput(t, w, err, "accept", "auto, ask nor wait")
	})
}

func TestMoney(t *testing.T) {
	w := newWorld(t)
	alice := w.keys["alice"].Address()
	require.Contains(t, w.mustRun("send", address("bob"), "2.5"), "Sent 2.5 AIN to "+address("bob"))
	require.Equal(t, "2500000uain", w.chain.sent[0].(*banktypes.MsgSend).Amount.String())

	require.Contains(t, w.mustRun("stake", "50"), "stake 50 AIN")
	require.Equal(t, math.NewInt(50_000_000), w.chain.sent[1].(*escrowtypes.MsgSetStake).Amount)
	require.Contains(t, w.mustRun("stake", "--output", "json"), `"stake_uain": "50000000"`)

	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"an address of nobody":                    {[]string{"send", "bob", "1"}, "neither an address"},
		"an amount of nothing":                    {[]string{"send", alice.String(), "0"}, "nothing to send"},
		"an amount above the wallet":              {[]string{"send", alice.String(), "1001"}, "holds 1000"},
		"an amount that is no money":              {[]string{"send", alice.String(), "many"}, "amount"},
		"a stake above wallet and stake together": {[]string{"stake", "2000"}, "holds 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			w.chain.sent = nil
			_, err := w.run(c.args...)
			requireBadInput(t, w, err, c.says)
		})
	}
}

func TestStatsSaysWhatThisMachineIsPulling(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.NoError(t, os.MkdirAll(filepath.Join(w.home, "docker"), 0o700))
	content := fmt.Sprintf(`{"sha256:a": {"program": "sha256:a", "from": "example.org/a@sha256:b", "bytes": 512, "total": 2048, "At": %q}}`,
		time.Now().Format(time.RFC3339Nano))
	require.NoError(t, os.WriteFile(filepath.Join(w.home, "docker", "pulls.json"), []byte(content), 0o600))
	require.Equal(t, "3 evaluators, 100 workers running.\nThis machine is pulling example.org/a@sha256:b: 512 bytes of 2048, 25%.\n", w.mustRun("stats", "0x1"))
	require.Contains(t, w.mustRun("stats", "0x1", "--output", "json"), `"total": "2048"`)
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

func TestLists(t *testing.T) {
	w := newWorld(t)
	w.register()
	w.mustRun("requestJob", order)
	require.Equal(t, "3 evaluators, 100 workers running.\n", w.mustRun("stats", "0x1"))
	require.Contains(t, w.mustRun("stats", "0x1", "--output", "json"), `"running_workers": 100`)
	require.Contains(t, w.mustRun("jobs"), "calculate-root")
	require.Contains(t, w.mustRun("jobs", "0x1"), "Request is {y: float}")
	require.Contains(t, w.mustRun("nodes", "0x1"), "worker")
	require.Contains(t, w.mustRun("requests"), "settled")
	shown := w.mustRun("requests", "1")
	require.Contains(t, shown, "place 1, X: 2")
	require.Contains(t, shown, "0.2 AIN to validators and delegators")

	_, err := w.run("acceptResult", "7")
	require.ErrorContains(t, err, "no request 7")
	require.Contains(t, w.mustRun("cancelRequest", "1"), "Cancelled request 1.")
	_, err = w.run("requests", "7")
	require.ErrorContains(t, err, "no request 7")
	_, err = w.run("requests", "--state", "asleep")
	require.ErrorContains(t, err, "state")
}

func TestNodes(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Contains(t, w.mustRun("approveNode"), "5")
	require.Equal(t, "Approved 5.\n", w.mustRun("approveNode", "5"))
	w.mustRun("approveNode", "6", "--reject", "too slow")
	require.Equal(t, "too slow", w.chain.sent[2].(*reputationtypes.MsgRejectApplication).Reason)

	w.qualify = func(_ context.Context, q console.Question) (console.Answer, error) {
		return console.Answer{
			Capability:     program.Capability{MemoryBytes: 1 << 20},
			Qualifications: []reputationtypes.Qualification{{Role: q.Roles[0], Digest: jobstypes.Digest(q.Nonce)}},
		}, nil
	}
	require.Contains(t, w.mustRun("applyJob", "0x1"), "Applied to job 0x1 as worker: application 5")
	applied := w.chain.sent[3].(*reputationtypes.MsgApplyJob)
	require.Len(t, applied.Nonce, 32)

	w.qualify = func(context.Context, console.Question) (console.Answer, error) { return console.Answer{}, nil }
	_, err := w.run("applyJob", "0x1")
	require.ErrorContains(t, err, "memory: 0 bytes of 1048576")
	w.mustRun("applyJob", "0x1", "--role", "admin")
	require.Empty(t, w.chain.sent[4].(*reputationtypes.MsgApplyJob).Qualifications, "an admin is not tested")
	_, err = w.run("applyJob", "0x1", "--role", "king")
	require.ErrorContains(t, err, "role")
}

func TestAssignAddress(t *testing.T) {
	w := newWorld(t)
	require.Contains(t, w.mustRun("assignAddress", "bob"), "Address of bob is ain1")
	_, err := w.run("assignAddress", "bob")
	requireBadInput(t, w, err, "exists already")
	_, err = w.run("stake")
	requireBadInput(t, w, err, "--from")
}

func TestSetOperator(t *testing.T) {
	w := newWorld(t)
	alice, err := w.keys.Key("alice")
	require.NoError(t, err)
	hot, _, err := w.keys.Create("hot")
	require.NoError(t, err)
	owner, operator := alice.Address().String(), hot.Address().String()

	consent := strings.TrimSpace(w.mustRun("setOperator", "--consent-for", owner, "--from", "hot"))
	require.Empty(t, w.chain.sent, "a consent is a signature and no message")
	require.Equal(t, operator+" signs for "+owner+".\n", w.mustRun("setOperator", consent, "--from", "alice"))
	sent := w.chain.sent[0].(*reputationtypes.MsgSetOperator)
	require.NoError(t, reputationtypes.VerifyOperatorConsent(w.chain.ChainID(), alice.Address(), hot.Address(), sent.OperatorPublicKey, sent.OperatorSignature))
	require.Equal(t, []string{operator}, w.chain.opened, "without an account it could sign nothing")
	require.Equal(t, owner+" has no operator.\n", w.mustRun("setOperator", "none", "--from", "alice"))
	require.Empty(t, w.chain.sent[1].(*reputationtypes.MsgSetOperator).Operator)

	w.chain.sent = nil
	for _, args := range [][]string{
		{"setOperator", consent, "--from", "hot"}, // meant for another owner
		{"setOperator", "nonsense", "--from", "alice"},
		{"setOperator", "--from", "alice"},
		{"setOperator", consent, "--consent-for", owner, "--from", "alice"},
	} {
		_, err := w.run(args...)
		requireBadInput(t, w, err, "consent")
	}
}

func TestInvite(t *testing.T) {
	w := newWorld(t)
	w.register()
	word := strings.TrimSpace(w.mustRun("invite", "0x1", "--endpoint", "https://node.example.org", "--store-url", "s3+https://a:b@c/d"))
	invite, err := client.DecodeInvite(word)
	require.NoError(t, err)
	require.Equal(t, "0x1", invite.JobID)
	require.Equal(t, []string{"https://node.example.org"}, invite.Endpoints)

	w.mustRun("invite", "0x1")
	require.Contains(t, w.err.String(), "from this machine only")
	w.chain.sent = nil
	_, err = w.run("invite", "0x1", "--valid-for", "-1h")
	requireBadInput(t, w, err, "valid-for")
}

func TestEveryVerbHasHelpWithAnExample(t *testing.T) {
	w := newWorld(t)
	for _, verb := range append(console.Verbs(w.environment()), console.NewConsole(w.environment())) {
		require.NotEmpty(t, verb.Short, verb.Name())
		require.Contains(t, verb.Example, "aind "+verb.Name(), verb.Name())
	}
}
