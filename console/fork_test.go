package console_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestForkJob(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Equal(t, "Forked job 0x1. The new job's ID is 0x2.\n", w.mustRun("forkJob", "0x1", "--name", "fair", "--admins-approve", "--max-depth", "3"))
	m := w.chain.sent[1].(*jobstypes.MsgForkJob)
	require.Equal(t, "fair", m.Name)
	require.True(t, m.TreePolicy.AdminsApprove)
	require.EqualValues(t, 3, m.TreePolicy.MaxDepth)
	require.Len(t, m.Releases, 2, "the chain of this test has checked the signatures")
	_, err := w.run("forkJob", "0x7")
	require.ErrorContains(t, err, "no job 0x7")
}

func TestUpdateJobChangesWhatIsNamed(t *testing.T) {
	w := newWorld(t)
	w.register("--bond", "0", "--min-deposit", "5", "--reveal", "2s", "--memory-mib", "64")
	present, err := w.chain.Jobs().Terms(t.Context(), &jobstypes.QueryTermsRequest{JobId: 1})
	require.NoError(t, err)

	require.Equal(t, "Updated job 0x1: new requests have its terms 2.\n", w.mustRun("updateJob", "0x1", "--challenge-fee", "3", "--reveal", "4s"))
	m := w.chain.sent[1].(*jobstypes.MsgUpdateJob)
	want := present.Terms.Spec
	want.ChallengeFee, want.Windows.RevealMs = math.NewInt(3_000_000), 4000
	require.Equal(t, want, *m.Terms)
	require.Nil(t, m.TreePolicy)
	require.Nil(t, m.QualificationInput)

	w.mustRun("updateJob", "0x1", "--verification", "checkpoint", "--deterministic", "--max-checkpoints", "9", "--segments", "3")
	m = w.chain.sent[2].(*jobstypes.MsgUpdateJob)
	require.True(t, m.Terms.ByCheckpoint() && m.Terms.Deterministic)
	require.Equal(t, []uint32{9, 3}, []uint32{m.Terms.MaxCheckpoints, m.Terms.Segments})

	w.mustRun("updateJob", "0x1", "--admins-approve", "--qualification-input", "{y: 9}", "--description", "roots")
	m = w.chain.sent[3].(*jobstypes.MsgUpdateJob)
	require.Nil(t, m.Terms)
	require.True(t, m.TreePolicy.AdminsApprove)
	require.Equal(t, "roots", m.Description)
	require.NotEmpty(t, m.QualificationInput.Inline)

	w.chain.sent = nil
	_, err = w.run("updateJob", "0x1")
	requireBadInput(t, w, err, "nothing to change")
	_, err = w.run("updateJob", "0x1", "--reveal", "1ms")
	requireBadInput(t, w, err, "terms.windows.reveal_ms: 1 ms")
	_, err = w.run("updateJob", "0x1", "--metric", "loss")
	requireBadInput(t, w, err, "want FIELD=sum, min, max or last")
}

func TestRevokeRelease(t *testing.T) {
	w := newWorld(t)
	w.register()
	require.Equal(t, "Revoked release 1, worker 1.0.0 of job 0x1.\n", w.mustRun("revokeRelease", "1", "--reason", "wrong"))
	require.Equal(t, "wrong", w.chain.sent[1].(*jobstypes.MsgRevokeRelease).Reason)
	w.chain.sent = nil
	_, err := w.run("revokeRelease", "one")
	requireBadInput(t, w, err, "no release's number")
	_, err = w.run("revokeRelease", "9")
	require.Error(t, err)
}

func TestRejectWorker(t *testing.T) {
	w := newWorld(t)
	w.register()
	worker := w.chain.jobs[0].Root
	require.Equal(t, "Rejected "+worker+" from request 42.\n", w.mustRun("rejectWorker", "42", worker))
	require.Equal(t, worker, w.chain.sent[1].(*jobstypes.MsgRejectWorker).Worker)
	w.chain.sent = nil
	_, err := w.run("rejectWorker", "42", "nobody")
	requireBadInput(t, w, err, "worker")
}
