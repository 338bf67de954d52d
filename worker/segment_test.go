package worker_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// newSegmentScene is a scene whose job verifies by checkpoint, by a program that leaves some states.
func newSegmentScene(t *testing.T, states int) *scene {
	s := newScene(t)
	s.chain.ByCheckpoint(s.job, 40, 2)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.InSegments(states, daemontest.Double))
	return s
}

// digests of states that the program leaves for the worker under test.
func (s *scene) digests(id uint64, count int) [][]byte {
	var digests [][]byte
	for _, state := range daemontest.States(id, me, count) {
		digest := sha256.Sum256(state)
		digests = append(digests, digest[:])
	}
	return digests
}

// has tells which states are in the store.
func (s *scene) has(states [][]byte) (places []uint32) {
	for i, state := range states {
		if _, err := storage.ReadAll(s.Context(), s.machine.Store, storage.DigestOf(state), 1<<20); err == nil {
			places = append(places, uint32(i))
		} else {
			require.ErrorIs(s, err, storage.ErrNotFound)
		}
	}
	return places
}

// TestSegments: the program runs once for each segment, all states are published before the commitment, and what others need
// of them is stored when reveals have begun, not before.
func TestSegments(t *testing.T) {
	s := newSegmentScene(t, 5)
	r := s.start(s.config())
	id := s.request(workers(2, 2))
	s.rivalGoesOn(id)
	daemontest.Eventually(t, "the commitment", func() bool { a, _ := s.mine(id); return a.HasCommitted() })
	require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 6)
	require.Equal(t, s.digests(id, 5), s.chain.Published(id, me))
	require.Equal(t, 1, s.chain.Executed(me, &jobstypes.MsgPublishCheckpoints{}), "what waits goes together")
	states := daemontest.States(id, me, 5)
	require.Empty(t, s.has(states), "others could copy them")

	s.rivalWorks(id)
	s.reaches(id, jobstypes.REQUEST_STATE_EVALUATING)
	request, assignments := s.chain.Peek(id)
	require.Equal(t, daemontest.Answer(42, nil), assignments[me].Result.Inline)
	var begins []uint32
	for _, place := range jobstypes.Drawn([32]byte(request.Draw), sdk.MustAccAddressFromBech32(me), 5, 2) {
		if place > 0 {
			begins = append(begins, place-1)
		}
	}
	require.Equal(t, begins, s.has(states), "those with which a drawn segment begins")

	s.settled(id, me, rival)
	s.nothingLeft(r)
	left, err := os.ReadDir(filepath.Join(s.machine.Home, "states"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestNothingIsPublishedWhileWorkersAreHired: the chain would refuse it, and the client could still send the worker away.
func TestNothingIsPublishedWhileWorkersAreHired(t *testing.T) {
	s := newSegmentScene(t, 20) // more than wait for the end of the work
	s.start(s.config())
	id := s.request(workers(2, 2))
	daemontest.Eventually(t, "all segments", func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) == 21 })
	require.Empty(t, s.chain.Published(id, me))
	a, _ := s.mine(id)
	require.False(t, a.HasCommitted(), "afterwards nothing could be published")
	s.rivalWorks(id)
	require.Len(t, s.chain.Published(id, me), 20)
}

// TestStatesArePublishedOnTheWay: while the work goes on, and some together.
func TestStatesArePublishedOnTheWay(t *testing.T) {
	s := newSegmentScene(t, 40)
	s.start(s.config())
	id := s.request(workers(1, 1))
	daemontest.Eventually(t, "the reveal", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
	require.Equal(t, s.digests(id, 40), s.chain.Published(id, me))
	require.Equal(t, 3, s.chain.Executed(me, &jobstypes.MsgPublishCheckpoints{}), "16, 16 and 8")
}

// TestWorkGoesOnWhereItWas: a worker that is stopped in a segment repeats that one and none before it.
func TestWorkGoesOnWhereItWas(t *testing.T) {
	s := newSegmentScene(t, 4)
	honest := daemontest.InSegments(4, daemontest.Double)
	var stopped atomic.Bool
	reached := make(chan struct{})
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		if run.Env[sandbox.EnvSegment] == "3" && !stopped.Swap(true) {
			close(reached)
			return daemontest.Hang(ctx, run)
		}
		return honest(ctx, run)
	})
	first := s.start(s.config())
	id := s.request(workers(1, 1))
	<-reached
	require.NoError(t, first.stop())
	s.start(s.config())
	daemontest.Eventually(t, "the reveal", func() bool { a, _ := s.mine(id); return a.HasRevealed() })
	var places []string
	for _, run := range s.machine.Sandbox.Runs(daemontest.WorkerProgram) {
		places = append(places, run.Env[sandbox.EnvSegment])
	}
	require.Equal(t, []string{"0", "1", "2", "3", "3", "4"}, places)
	require.Equal(t, s.digests(id, 4), s.chain.Published(id, me))
}

// TestNoResultOfSegments: what cannot be a result is none, and the worker says so at once.
func TestNoResultOfSegments(t *testing.T) {
	for name, program := range map[string]daemontest.Behaviour{
		"more states than the job allows": daemontest.InSegments(41, daemontest.Double),
		"a crash in a later segment":      daemontest.InSegments(2, daemontest.Fail),
		"a state that is a folder": func(_ context.Context, run sandbox.Run) ([]byte, error) {
			return nil, os.Mkdir(filepath.Join(run.OutDir, jobstypes.StateName), 0o700)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSegmentScene(t, 0)
			s.machine.Sandbox.Use(daemontest.WorkerProgram, program)
			s.start(s.config())
			s.request(workers(1, 1))
			daemontest.Eventually(t, "the resignation", func() bool { return s.chain.Executed(me, &jobstypes.MsgResign{}) == 1 })
			require.Zero(t, s.chain.Executed(me, &jobstypes.MsgSubmitResult{}))
		})
	}
}

// TestStatesTakeNoMoreDiskThanTheirOwnerAllows: each is within the limit of a run, all together are not. Each has 32 bytes.
func TestStatesTakeNoMoreDiskThanTheirOwnerAllows(t *testing.T) {
	for limit, result := range map[daemon.Bytes]bool{96: true, 95: false} {
		t.Run(fmt.Sprint(limit, " bytes allowed"), func(t *testing.T) {
			s := newSegmentScene(t, 3)
			cfg := s.config()
			cfg.Limits.States = limit
			s.start(cfg)
			id := s.request(workers(1, 1))
			if result {
				s.settled(id, me)
				return
			}
			daemontest.Eventually(t, "the resignation", func() bool { return s.chain.Executed(me, &jobstypes.MsgResign{}) == 1 })
			daemontest.Eventually(t, "the states are gone", func() bool {
				_, err := os.Stat(filepath.Join(s.machine.Home, "states", strconv.FormatUint(id, 10)))
				return errors.Is(err, os.ErrNotExist)
			})
		})
	}
}

// TestALostStateIsNoResult: the journal says that there is a state, and the disk does not.
func TestALostStateIsNoResult(t *testing.T) {
	s := newSegmentScene(t, 0)
	honest := daemontest.InSegments(3, daemontest.Double)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		if run.Env[sandbox.EnvSegment] == "2" {
			return nil, errors.New("this machine has a trouble of its own")
		}
		return honest(ctx, run)
	})
	first := s.start(s.config())
	s.request(workers(1, 1))
	daemontest.Eventually(t, "two states", func() bool { return len(s.machine.Sandbox.Runs(daemontest.WorkerProgram)) > 2 })
	require.NoError(t, first.stop())
	require.NoError(t, os.RemoveAll(filepath.Join(s.machine.Home, "states")))
	s.start(s.config())
	daemontest.Eventually(t, "the resignation", func() bool { return s.chain.Executed(me, &jobstypes.MsgResign{}) == 1 })
}
