package console_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// encrypted makes a request whose data is encrypted, and has its contract closed with two workers, one of whom resigned.
func (w *world) encrypted() {
	w.t.Helper()
	w.register()
	w.chain.end = func(res *jobstypes.QueryRequestResponse) {
		r := &res.Request
		r.State, r.AwaitingKeys, r.Ranking = jobstypes.REQUEST_STATE_RUNNING, true, nil
		r.RequestedMs, r.StartedMs, r.ClosedMs, r.DeadlineMs = 1000, 2000, 3000, 63_000
		r.EvaluatorEncryptionKey = "age1eve"
		res.Assignments = []jobstypes.Assignment{
			{Worker: address("wendy"), AcceptedMs: 2500, EncryptionKey: "age1wendy"},
			{Worker: address("will"), AcceptedMs: 2500, EncryptionKey: "age1will", Resigned: true},
		}
	}
	file := filepath.Join(w.t.TempDir(), "input.age")
	require.NoError(w.t, os.WriteFile(file, []byte("ciphertext"), 0o600))
	w.mustRun("requestJob", "{job_id: 0x1, reward: [10, 10], time_limit: 3000, grant_keys: true, evaluator_input: "+file+"}",
		"--input-file", file, "--detach")
}

func TestEncryptedInputsGoByReference(t *testing.T) {
	w := newWorld(t)
	w.encrypted()
	spec := w.chain.requests[0].Request.Spec
	require.True(t, spec.GrantKeys)
	digest := jobstypes.Digest([]byte("ciphertext"))
	require.Equal(t, jobstypes.Input{Reference: &jobstypes.Reference{Digest: digest, Size_: 10}}, spec.Input)
	require.Equal(t, spec.Input, *spec.EvaluatorInput)
	info, err := w.store.Stat(t.Context(), storage.Digest(digest))
	require.NoError(t, err)
	require.EqualValues(t, 10, info.Size)

	sent := len(w.chain.sent)
	_, err = w.run("requestJob", "{job_id: 0x1, job_input: {y: 4}, reward: [10, 10], time_limit: 3000, evaluator_input: nowhere}")
	require.ErrorContains(t, err, "evaluator_input")
	require.Len(t, w.chain.sent, sent, "nothing was sent")
}

func TestGrantKey(t *testing.T) {
	w := newWorld(t)
	w.encrypted()
	wendy := address("wendy")
	require.Equal(t, "NODE"+padding(wendy, "NODE")+"  ROLE    WRAP IT TO\n"+wendy+"  worker  age1wendy\n", w.mustRun("grantKey", "1"))
	require.Contains(t, w.mustRun("grantKey", "1", "--output", "json"), `"encryption_key": "age1wendy"`)

	file := filepath.Join(t.TempDir(), "key.age")
	require.NoError(t, os.WriteFile(file, []byte("wrapped"), 0o600))
	require.Equal(t, "Granted keys of request 1 to "+wendy+", "+address("will")+".\n",
		w.mustRun("grantKey", "1", "--to", wendy, "--key", file, "--to", address("will"), "--key", "c0ffee"))
	granted := w.chain.sent[len(w.chain.sent)-1].(*jobstypes.MsgGrantKey)
	require.Equal(t, []jobstypes.WrappedKey{
		{Account: wendy, Key: []byte("wrapped")}, {Account: address("will"), Key: []byte{0xc0, 0xff, 0xee}},
	}, granted.Keys)

	r := &w.chain.requests[0].Request
	r.State, r.Evaluator = jobstypes.REQUEST_STATE_EVALUATING, address("eve")
	require.Contains(t, w.mustRun("grantKey", "1"), address("eve")+"  evaluator  age1eve")
	r.State = jobstypes.REQUEST_STATE_CHALLENGED
	r.Challenges = []jobstypes.Challenge{{Resolver: address("root"), EncryptionKey: "age1root"}}
	require.Contains(t, w.mustRun("grantKey", "1"), address("root")+"  admin  age1root")
	r.AwaitingKeys = false
	require.Equal(t, "Request 1 waits for no keys.\n", w.mustRun("grantKey", "1"))
}

// padding fills a column's head up to its width.
func padding(widest, head string) string {
	pad := ""
	for range len(widest) - len(head) {
		pad += " "
	}
	return pad
}

func TestGrantKeyRefusesBadInput(t *testing.T) {
	w := newWorld(t)
	w.encrypted()
	sent := len(w.chain.sent)
	long := filepath.Join(t.TempDir(), "long.age")
	require.NoError(t, os.WriteFile(long, make([]byte, 1025), 0o600))
	for says, args := range map[string][]string{
		"there is no request 7":            {"7"},
		"key: 0 of them for 1 of --to":     {"1", "--to", address("wendy")},
		"no file and not hex":              {"1", "--to", address("wendy"), "--key", "no such file"},
		"key: \"\" is no file and not hex": {"1", "--to", address("wendy"), "--key", ""},
		"to:":                              {"1", "--to", "nobody", "--key", "c0ffee"},
		"keys[0].key: 1025 bytes":          {"1", "--to", address("wendy"), "--key", long},
		"is named twice":                   {"1", "--to", address("wendy"), "--key", "c0", "--to", address("wendy"), "--key", "c1"},
	} {
		_, err := w.run(append([]string{"grantKey"}, args...)...)
		require.ErrorContains(t, err, says)
		var bad interface{ BadInput() }
		require.ErrorAs(t, err, &bad, says)
	}
	require.Len(t, w.chain.sent, sent, "nothing was sent")
}
