package worker_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

func TestWorkerEarns(t *testing.T) {
	s := newScene(t)
	r := s.start(s.config())
	id := s.request(nil)
	s.settled(id, me)

	earned, left := s.chain.Money(me)
	require.EqualValues(t, daemontest.WorkerReward, earned)
	require.EqualValues(t, stake, left, "the bond is back")
	a, _ := s.mine(id)
	require.Equal(t, daemontest.Answer(42, nil), a.Result.Inline)
	s.nothingLeft(r)
	require.NoError(t, r.stop())
}

func TestWhatTheProgramSees(t *testing.T) {
	s := newScene(t)
	s.start(s.config())
	id := s.request(func(r *jobstypes.Request) { r.Spec.TimeLimitMs = 30_000 })
	s.settled(id, me)

	runs := s.machine.Sandbox.Runs(daemontest.WorkerProgram)
	require.Len(t, runs, 1)
	owner := sdk.MustAccAddressFromBech32(me)
	seed := jobstypes.Seed(daemontest.ChainID, id, owner)
	request, _ := s.chain.Peek(id)
	require.Equal(t, map[string]string{
		"AIN_REQUEST":  strconv.FormatUint(id, 10),
		"AIN_SEED":     hex.EncodeToString(seed[:]),
		"AIN_DEADLINE": strconv.FormatInt(request.StartedMs+30_000, 10),
	}, runs[0].Env)
	require.Equal(t, daemontest.Question(21), runs[0].Input)
	require.LessOrEqual(t, runs[0].Limits.WallTime, 30*time.Second-50*time.Millisecond, "the margin is left for the commitment")
}

func TestInputByReference(t *testing.T) {
	s := newScene(t)
	info, err := storage.PutBytes(t.Context(), s.machine.Store, daemontest.Question(4))
	require.NoError(t, err)
	s.start(s.config())
	id := s.request(func(r *jobstypes.Request) {
		r.Spec.Input = jobstypes.Input{Reference: &jobstypes.Reference{Digest: info.Digest.String(), Size_: uint64(info.Size)}}
	})
	s.settled(id, me)
	a, _ := s.mine(id)
	require.Equal(t, daemontest.Answer(8, nil), a.Result.Inline)
}

func TestLargeResultLeavesTheMachineWithTheReveal(t *testing.T) {
	s := newScene(t)
	reply := daemontest.Answer(42, bytes.Repeat([]byte{7}, 5000))
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(context.Context, sandbox.Run) ([]byte, error) { return reply, nil })
	r := s.start(s.config())
	id := s.request(workers(1, 2))
	daemontest.Eventually(t, "the commitment", func() bool {
		a, _ := s.mine(id)
		return a.HasCommitted()
	})
	_, err := s.machine.Store.Stat(t.Context(), storage.DigestOf(reply))
	require.ErrorIs(t, err, storage.ErrNotFound, "others could copy it now")

	s.chain.Skip(time.Minute) // the time limit passes
	s.settled(id, me)
	stored, err := storage.ReadAll(t.Context(), s.machine.Store, storage.DigestOf(reply), 10_000)
	require.NoError(t, err)
	require.Equal(t, reply, stored)
	s.nothingLeft(r)
	entries, err := os.ReadDir(filepath.Join(s.machine.Home, "results"))
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestOpenResults: they are sent without a commitment once the contract has closed, the large ones to the store before.
func TestOpenResults(t *testing.T) {
	for name, size := range map[string]int{"small": 0, "large": 5000} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.chain.Terms(s.job, func(t *jobstypes.TermsSpec) { t.OpenResults = true })
			reply := daemontest.Answer(42, bytes.Repeat([]byte{7}, size))
			s.machine.Sandbox.Use(daemontest.WorkerProgram, func(context.Context, sandbox.Run) ([]byte, error) { return reply, nil })
			r := s.start(s.config())
			id := s.request(workers(1, 2))
			daemontest.Eventually(t, "the run", func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) == 1 })
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgSubmitResult{}), "the contract is open")

			s.chain.Skip(31 * time.Second) // half the time limit passes: the contract closes
			s.settled(id, me)
			a, _ := s.mine(id)
			digest, err := jobstypes.ResultDigest(*a.Result)
			require.NoError(t, err)
			require.Equal(t, sha256.Sum256(reply), digest)
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgRevealResult{}))
			if size > 0 {
				stored, err := storage.ReadAll(t.Context(), s.machine.Store, storage.DigestOf(reply), 10_000)
				require.NoError(t, err)
				require.Equal(t, reply, stored)
			}
			s.nothingLeft(r)
		})
	}
}

// TestNobodyEvaluates: a worker that is named takes the request as it is open, and its acceptance starts the clock.
func TestNobodyEvaluates(t *testing.T) {
	s := newScene(t)
	r := s.start(s.config())
	id := s.request(func(r *jobstypes.Request) {
		r.Spec.SkipEvaluation, r.Spec.WorkerCandidates, r.Spec.TimeLimitMs = true, []string{me}, 30_000
		r.Spec.EvaluatorReward, r.Deposit, r.EvaluatorRelease = math.ZeroInt(), math.ZeroInt(), 0
	})
	s.reaches(id, jobstypes.REQUEST_STATE_SETTLED)
	request, _ := s.chain.Peek(id)
	require.Equal(t, jobstypes.OUTCOME_UNEVALUATED, request.Outcome)
	require.NotZero(t, request.StartedMs)
	earned, left := s.chain.Money(me)
	require.EqualValues(t, daemontest.WorkerReward, earned)
	require.EqualValues(t, stake, left, "the bond is back")
	s.nothingLeft(r)
}

func TestFailingProgramIsNotCommittedTo(t *testing.T) {
	for name, program := range map[string]daemontest.Behaviour{
		"it crashes":    daemontest.Fail,
		"it never ends": daemontest.Hang,
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.machine.Sandbox.Use(daemontest.WorkerProgram, program)
			cfg := s.config()
			cfg.Limits.Time = 1e8 // 100 ms
			s.start(cfg)
			id := s.request(workers(1, 2))
			daemontest.Eventually(t, "the resignation", func() bool {
				return s.chain.Executed(me, &jobstypes.MsgResign{}) == 1
			})
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgSubmitResult{}))
			_, left := s.chain.Money(me)
			require.EqualValues(t, stake, left, "the contract was open: the bond is back")

			// The place is free again, and it is not taken again, nor is another of the same program.
			other := s.request(nil)
			require.Never(t, func() bool { return s.chain.Executed(me, &jobstypes.MsgAcceptJob{}) > 1 }, 200*time.Millisecond, 10*time.Millisecond)
			_, taken := s.mine(other)
			require.False(t, taken)
			_, taken = s.mine(id)
			require.False(t, taken)
		})
	}
}

func TestFailureAfterTheContractClosedLetsNobodyWait(t *testing.T) {
	s := newScene(t)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.Fail)
	s.start(s.config())
	id := s.request(nil)
	s.reaches(id, jobstypes.REQUEST_STATE_SETTLED)
	r, _ := s.chain.Peek(id)
	require.Equal(t, jobstypes.OUTCOME_NOTHING_REVEALED, r.Outcome)
}

// TestNoBondIsPledgedForAnInputThatNobodyCanUse: whoever orders with a reference to nothing would earn the bonds of those
// who accept.
func TestNoBondIsPledgedForAnInputThatNobodyCanUse(t *testing.T) {
	for name, content := range map[string]struct {
		bytes  []byte
		stored bool
	}{
		"no message of the job":  {[]byte("no message of the job"), true},
		"nothing under a digest": {daemontest.Question(4), false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			if content.stored {
				_, err := storage.PutBytes(t.Context(), s.machine.Store, content.bytes)
				require.NoError(t, err)
			}
			s.start(s.config())
			bad := s.request(func(r *jobstypes.Request) {
				r.Spec.Input = jobstypes.Input{Reference: &jobstypes.Reference{
					Digest: jobstypes.Digest(content.bytes), Size_: uint64(len(content.bytes)),
				}}
			})
			good := s.request(nil)
			s.settled(good, me) // the program is not to blame
			r, _ := s.chain.Peek(bad)
			require.Zero(t, r.Workers)
			require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 1)
		})
	}
}

func TestCommitsOfTheSameMomentShareATransaction(t *testing.T) {
	s := newScene(t)
	gate := make(chan struct{})
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		<-gate
		return daemontest.Double(ctx, run)
	})
	cfg := s.config()
	cfg.MaxRuns = 6
	s.start(cfg)
	var ids []uint64
	for range 6 {
		ids = append(ids, s.request(nil))
	}
	daemontest.Eventually(t, "all runs", func() bool {
		now, _ := s.machine.Sandbox.Running()
		return now == 6
	})
	close(gate)
	for _, id := range ids {
		s.settled(id, me)
	}
	require.Equal(t, 6, s.chain.Executed(me, &jobstypes.MsgSubmitResult{}))
	shared := false
	for i, size := range s.chain.Transactions(me) {
		if i < 6 {
			require.Equal(t, 1, size, "accepts go alone")
		}
		shared = shared || size > 1
	}
	require.True(t, shared)
}

func TestNoMoreIsAcceptedThanCanRun(t *testing.T) {
	s := newScene(t)
	gate := make(chan struct{})
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		<-gate
		return daemontest.Double(ctx, run)
	})
	s.start(s.config())
	var ids []uint64
	for range 5 {
		ids = append(ids, s.request(nil))
	}
	daemontest.Eventually(t, "two runs", func() bool {
		now, _ := s.machine.Sandbox.Running()
		return now == 2
	})
	require.Never(t, func() bool { return s.chain.Executed(me, &jobstypes.MsgAcceptJob{}) > 2 }, 150*time.Millisecond, 10*time.Millisecond)
	close(gate)
	for _, id := range ids {
		s.settled(id, me)
	}
	_, most := s.machine.Sandbox.Running()
	require.Equal(t, 2, most)
}

func TestChainThatIsAwayForAWhile(t *testing.T) {
	s := newScene(t)
	gate := make(chan struct{})
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		<-gate
		return daemontest.Double(ctx, run)
	})
	r := s.start(s.config())
	id := s.request(nil)
	daemontest.Eventually(t, "the run", func() bool {
		now, _ := s.machine.Sandbox.Running()
		return now == 1
	})
	r.connection.SetDown(true)
	close(gate)
	daemontest.Eventually(t, "the end of the run", func() bool {
		now, _ := s.machine.Sandbox.Running()
		return now == 0
	})
	r.connection.SetDown(false)
	s.settled(id, me)
	require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 1, "the result was kept")
}

func TestAnswersThatAreLost(t *testing.T) {
	s := newScene(t)
	r := s.start(s.config())
	r.connection.LoseAnswers.Store(true)
	id := s.request(nil)
	s.settled(id, me)
	for _, msg := range []sdk.Msg{&jobstypes.MsgAcceptJob{}, &jobstypes.MsgSubmitResult{}, &jobstypes.MsgRevealResult{}} {
		require.Equal(t, 1, s.chain.Executed(me, msg), "%T", msg)
	}
	earned, _ := s.chain.Money(me)
	require.EqualValues(t, daemontest.WorkerReward, earned)
}
