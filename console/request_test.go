package console_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/console"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

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

func TestFilesOfAnOrder(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "scene.txt")
	require.NoError(t, os.WriteFile(path, []byte("a sphere"), 0o600))
	t.Run("are stored, and named in the request", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.mustRun("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 2], time_limit: 3s, files: {scene: "+path+", b.txt: "+path+"}}", "--detach")
		files := w.chain.sent[1].(*jobstypes.MsgRequestJob).Spec.Input.Files
		digest := jobstypes.Digest([]byte("a sphere"))
		require.Equal(t, []jobstypes.NamedReference{
			{Name: "scene", Reference: jobstypes.Reference{Digest: digest, Size_: 8}}, {Name: "b.txt", Reference: jobstypes.Reference{Digest: digest, Size_: 8}},
		}, files)
		content, err := storage.ReadAll(t.Context(), w.store, storage.Digest(digest), 100)
		require.NoError(t, err)
		require.Equal(t, "a sphere", string(content))
	})
	t.Run("are sealed where the order is", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		w.mustRun("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 2], time_limit: 3s, files: {scene: "+path+"}, encrypt: all}", "--detach")
		spec := w.chain.sent[1].(*jobstypes.MsgRequestJob).Spec
		sealed, err := storage.ReadAll(t.Context(), w.store, storage.Digest(spec.Input.Files[0].Reference.Digest), 1000)
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join(w.home, "requests", strings.TrimPrefix(spec.Input.Reference.Digest, "sha256:")+".keys"))
		require.NoError(t, err)
		keys, err := seal.DecodeKeys(text)
		require.NoError(t, err)
		content, err := keys.Data.Open(sealed)
		require.NoError(t, err)
		require.Equal(t, "a sphere", string(content))
	})
	t.Run("are refused where nothing could come of them", func(t *testing.T) {
		w := newWorld(t)
		w.register()
		for says, files := range map[string]string{
			"files.a: open":                      "{a: " + filepath.Join(folder, "nothing") + "}",
			"files: want an object":              path,
			"files.a: given twice":               "{a: " + path + ", a: " + path + "}",
			"files.a: want the path of a file":   "{a: }",
			"files[0].name: \"../a\": want 1 to": "{../a: " + path + "}",
			"files.a: compute digest: read":      "{a: " + folder + "}",
		} {
			_, err := w.run("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [1, 2], time_limit: 3s, files: "+files+"}")
			require.ErrorContains(t, err, says)
			var bad interface{ BadInput() }
			require.ErrorAs(t, err, &bad, says)
		}
		require.Len(t, w.chain.sent, 1, "nothing was sent")
	})
}
