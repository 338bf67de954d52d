package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// sender is a chain of which every answer is told by the test.
type sender struct {
	mu     sync.Mutex
	built  [][]sdk.Msg
	sent   []client.Tx
	answer func(tx client.Tx, msgs []sdk.Msg) error
}

func (s *sender) Build(_ context.Context, _ client.Key, msgs ...sdk.Msg) (client.Tx, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.built = append(s.built, msgs)
	name := fmt.Sprint("TX", len(s.built)-1)
	return client.Tx{Hash: name, Bytes: []byte(name + " signed")}, nil
}

func (s *sender) Send(_ context.Context, tx client.Tx) (*client.Receipt, error) {
	s.mu.Lock()
	s.sent = append(s.sent, tx)
	number, err := strconv.Atoi(strings.TrimPrefix(tx.Hash, "TX"))
	var msgs []sdk.Msg
	if err == nil && number < len(s.built) {
		msgs = s.built[number]
	}
	s.mu.Unlock()
	return &client.Receipt{Hash: tx.Hash}, s.answer(tx, msgs)
}

func executed(client.Tx, []sdk.Msg) error { return nil }

var (
	errRefused = &client.TxError{Codespace: "jobs", Code: 13, Log: "wrong state"}
	errCut     = errors.New("connection cut")
)

func openOutbox(t *testing.T, s *sender, dir string) (*daemon.Outbox, func()) {
	t.Helper()
	journal, err := daemon.OpenJournal(dir)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	outbox, err := daemon.NewOutbox(ctx, s, daemontest.Key("me"), journal, daemontest.Log(t))
	require.NoError(t, err)
	stop := sync.OnceFunc(func() {
		cancel()
		outbox.Wait()
		require.NoError(t, journal.Close())
	})
	t.Cleanup(stop)
	return outbox, stop
}

func commitOf(id uint64) sdk.Msg { return &jobstypes.MsgSubmitResult{RequestId: id} }

// together calls Do for several requests at the same moment and returns how each went.
func together(t *testing.T, outbox *daemon.Outbox, step daemon.Step, ids ...uint64) []error {
	outcomes := make([]error, len(ids))
	var group sync.WaitGroup
	for i, id := range ids {
		group.Go(func() { outcomes[i] = outbox.Do(t.Context(), step, fmt.Sprintf("%d/x", id), commitOf(id)) })
	}
	group.Wait()
	return outcomes
}

func TestBytesWhoseFateIsUnknownAreSentAgain(t *testing.T) {
	dir := t.TempDir()
	s := &sender{answer: func(client.Tx, []sdk.Msg) error { return errCut }}
	outbox, stop := openOutbox(t, s, dir)
	require.ErrorIs(t, outbox.Do(t.Context(), daemon.WorkerAccept, "1/accept", commitOf(1)), errCut)
	require.True(t, outbox.IsPending("1/accept"))
	stop()

	s.answer = executed
	outbox, _ = openOutbox(t, s, dir)
	require.True(t, outbox.IsPending("1/accept"), "the journal remembers")
	require.NoError(t, outbox.Do(t.Context(), daemon.WorkerAccept, "1/accept", commitOf(1)))
	require.False(t, outbox.IsPending("1/accept"))
	require.Len(t, s.built, 1)
	require.Equal(t, s.sent[0], s.sent[1], "the very same bytes")
}

func TestWhatIsOverIsNotSentAgain(t *testing.T) {
	for name, outcome := range map[string]error{"executed": nil, "refused": errRefused, "expired": client.ErrExpired, "unknown for good": client.ErrUnknownOutcome} {
		t.Run(name, func(t *testing.T) {
			s := &sender{answer: func(client.Tx, []sdk.Msg) error { return outcome }}
			outbox, _ := openOutbox(t, s, t.TempDir())
			err := outbox.Do(t.Context(), daemon.WorkerAccept, "1/accept", commitOf(1))
			require.ErrorIs(t, err, outcome)
			require.False(t, outbox.IsPending("1/accept"))
		})
	}
}

func TestMessagesOfTheSameMomentShareATransaction(t *testing.T) {
	s := &sender{answer: executed}
	outbox, _ := openOutbox(t, s, t.TempDir())
	for _, err := range together(t, outbox, daemon.WorkerCommit, 1, 2, 3, 4, 5) {
		require.NoError(t, err)
	}
	require.Less(t, len(s.built), 5)
}

func TestMessagesThatCanLoseARaceGoAlone(t *testing.T) {
	s := &sender{answer: executed}
	outbox, _ := openOutbox(t, s, t.TempDir())
	for _, err := range together(t, outbox, daemon.WorkerAccept, 1, 2, 3) {
		require.NoError(t, err)
	}
	require.Len(t, s.built, 3)
}

func TestABatchIsBounded(t *testing.T) {
	s := &sender{answer: executed}
	outbox, _ := openOutbox(t, s, t.TempDir())
	ids := make([]uint64, 100)
	for i := range ids {
		ids[i] = uint64(i)
	}
	for _, err := range together(t, outbox, daemon.WorkerCommit, ids...) {
		require.NoError(t, err)
	}
	for _, msgs := range s.built {
		require.LessOrEqual(t, len(msgs), 20)
	}
}

func TestOneBadMessageCostsTheBatchNothing(t *testing.T) {
	s := &sender{answer: func(_ client.Tx, msgs []sdk.Msg) error {
		for _, msg := range msgs {
			if msg.(*jobstypes.MsgSubmitResult).RequestId == 2 {
				return errRefused
			}
		}
		return nil
	}}
	outbox, _ := openOutbox(t, s, t.TempDir())
	outcomes := together(t, outbox, daemon.WorkerCommit, 1, 2, 3)
	require.NoError(t, outcomes[0])
	require.ErrorIs(t, outcomes[1], errRefused)
	require.NoError(t, outcomes[2])
	for _, id := range []int{1, 2, 3} {
		require.False(t, outbox.IsPending(fmt.Sprintf("%d/x", id)))
	}
}

func TestStepThatIsGivenUpDoesNotTakeTheOthersWithIt(t *testing.T) {
	gate := make(chan struct{})
	s := &sender{answer: func(client.Tx, []sdk.Msg) error { <-gate; return nil }}
	outbox, _ := openOutbox(t, s, t.TempDir())
	impatient, giveUp := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	stays := make(chan error, 1)
	go func() { gone <- outbox.Do(impatient, daemon.WorkerCommit, "1/x", commitOf(1)) }()
	go func() { stays <- outbox.Do(t.Context(), daemon.WorkerCommit, "2/x", commitOf(2)) }()
	giveUp()
	require.ErrorIs(t, <-gone, context.Canceled)
	close(gate)
	require.NoError(t, <-stays)
}

func TestWhatIsForgottenIsNotSentAgain(t *testing.T) {
	dir := t.TempDir()
	s := &sender{answer: func(client.Tx, []sdk.Msg) error { return errCut }}
	outbox, stop := openOutbox(t, s, dir)
	for _, err := range together(t, outbox, daemon.WorkerCommit, 1, 2) {
		require.ErrorIs(t, err, errCut)
	}
	require.NoError(t, outbox.Forget("1/x", "2/x", "never there"))
	require.False(t, outbox.IsPending("1/x"))
	stop()
	outbox, _ = openOutbox(t, s, dir)
	require.False(t, outbox.IsPending("2/x"))
}

func TestEverySignedTransactionIsOnDiskBeforeItIsSent(t *testing.T) {
	dir := t.TempDir()
	var outbox *daemon.Outbox
	s := &sender{answer: func(client.Tx, []sdk.Msg) error {
		if !outbox.IsPending("heartbeat") {
			return errors.New("sent before it was noted")
		}
		return nil
	}}
	outbox, _ = openOutbox(t, s, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	require.NoError(t, outbox.Do(ctx, daemon.WorkerNode.Heartbeat, "heartbeat", &reputationtypes.MsgHeartbeat{}))
}
