package console_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// sealedOrder orders with --encrypt, from a chain on which wendy works and eve judges, with keys of their own.
func (w *world) sealedOrder(encrypt string) (spec jobstypes.RequestSpec, wendy, eve seal.Key) {
	w.t.Helper()
	w.register()
	var err error
	wendy, err = seal.NewKey()
	require.NoError(w.t, err)
	eve, err = seal.NewKey()
	require.NoError(w.t, err)
	w.chain.end = func(res *jobstypes.QueryRequestResponse) {
		r := &res.Request
		r.State, r.AwaitingKeys, r.Ranking, r.Evaluator = jobstypes.REQUEST_STATE_RUNNING, true, nil, address("eve")
		r.EvaluatorEncryptionKey = eve.Recipient()
		res.Assignments = []jobstypes.Assignment{{Worker: address("wendy"), EncryptionKey: wendy.Recipient()}}
	}
	tests := filepath.Join(w.t.TempDir(), "tests.csv")
	require.NoError(w.t, os.WriteFile(tests, []byte("the test set"), 0o600))
	w.mustRun("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000, encrypt: "+encrypt+", evaluator_input: "+tests+"}", "--detach")
	return w.chain.requests[0].Request.Spec, wendy, eve
}

// clientGrants runs `aind client` until it has granted once.
func (w *world) clientGrants() *jobstypes.MsgGrantKey {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	w.chain.granted = make(chan *jobstypes.MsgGrantKey, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := w.runWith(ctx, "client")
		ended <- err
	}()
	granted := <-w.chain.granted
	cancel()
	require.NoError(w.t, <-ended)
	return granted
}

func TestOrdersAreSealed(t *testing.T) {
	w := newWorld(t)
	spec, wendy, eve := w.sealedOrder("all")
	require.True(t, spec.GrantKeys)
	require.Empty(t, spec.Input.Inline)
	input, err := storage.ReadAll(t.Context(), w.store, storage.Digest(spec.Input.Reference.Digest), 1<<20)
	require.NoError(t, err)
	require.EqualValues(t, len(input), spec.Input.Reference.Size_)
	own, err := storage.ReadAll(t.Context(), w.store, storage.Digest(spec.EvaluatorInput.Reference.Digest), 1<<20)
	require.NoError(t, err)
	require.NotContains(t, string(own), "test set")

	worker := w.clientGrants()
	require.Len(t, worker.Keys, 1)
	require.Equal(t, address("wendy"), worker.Keys[0].Account)
	keys, err := wendy.Unwrap(worker.Keys[0].Key)
	require.NoError(t, err)
	require.Nil(t, keys.Evaluator, "the test set is not for workers")
	opened, err := keys.Data.Open(input)
	require.NoError(t, err)
	require.Equal(t, []byte{0x0d, 0, 0, 0x80, 0x40}, opened, "y: 4")

	w.chain.requests[0].Request.State = jobstypes.REQUEST_STATE_EVALUATING
	judge := w.clientGrants()
	require.Equal(t, address("eve"), judge.Keys[0].Account)
	keys, err = eve.Unwrap(judge.Keys[0].Key)
	require.NoError(t, err)
	opened, err = keys.Data.Open(input)
	require.NoError(t, err)
	require.Equal(t, []byte{0x0d, 0, 0, 0x80, 0x40}, opened)
	opened, err = keys.Evaluator.Open(own)
	require.NoError(t, err)
	require.Equal(t, "the test set", string(opened))

	// The client reads what a worker sealed.
	sealed, err := keys.Data.Seal(w.chain.result)
	require.NoError(t, err)
	info, err := storage.PutBytes(t.Context(), w.store, sealed)
	require.NoError(t, err)
	result := &jobstypes.Result{Reference: &jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size)}}
	w.chain.requests[0].Assignments[0].Result = result
	require.Contains(t, w.mustRun("requests", "1"), "X: 2")

	// Another home has no keys.
	w.home = t.TempDir()
	require.Contains(t, w.mustRun("requests", "1"), "result cannot be shown: it is encrypted: no keys in ")
}

func TestTheEvaluatorsInputAloneIsSealed(t *testing.T) {
	w := newWorld(t)
	spec, _, eve := w.sealedOrder("evaluator")
	require.False(t, spec.GrantKeys)
	require.NotEmpty(t, spec.Input.Inline)
	w.chain.requests[0].Request.State = jobstypes.REQUEST_STATE_EVALUATING
	keys, err := eve.Unwrap(w.clientGrants().Keys[0].Key)
	require.NoError(t, err)
	require.Nil(t, keys.Data)
	require.NotNil(t, keys.Evaluator)
}

// Whoever reads the folder of a home has its keys, so nobody else may.
func TestKeysOfRequestsAreForTheirOwnerAlone(t *testing.T) {
	w := newWorld(t)
	spec, _, _ := w.sealedOrder("all")
	folder := filepath.Join(w.home, "requests")
	path := filepath.Join(folder, strings.TrimPrefix(spec.Input.Reference.Digest, "sha256:")+".keys")
	for path, mode := range map[string]os.FileMode{folder: 0o700, path: 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
}

func TestWhatCannotBeSealedIsRefused(t *testing.T) {
	w := newWorld(t)
	w.register()
	sent := len(w.chain.sent)
	for says, order := range map[string]string{
		`encrypt: "some" is neither all nor evaluator`: "encrypt: some",
		"evaluator is for evaluator_input":             "encrypt: evaluator",
		"grant_keys is given, too":                     "encrypt: all, grant_keys: true",
	} {
		_, err := w.run("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000, "+order+"}")
		require.ErrorContains(t, err, says)
	}
	w.chain.checkpoints = map[string]*jobstypes.QueryCheckpointsResponse{}
	_, err := w.run("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000, encrypt: all}")
	require.ErrorContains(t, err, "verifies by checkpoint")
	require.Len(t, w.chain.sent, sent, "nothing was sent")
	_, err = os.Stat(filepath.Join(w.home, "requests"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
