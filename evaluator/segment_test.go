package evaluator_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/sandbox"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const states = 4

// newSegmentScene is a scene whose job verifies by checkpoint, by a program that leaves some states.
func newSegmentScene(t *testing.T, segments uint32) *scene {
	s := newScene(t)
	s.chain.ByCheckpoint(s.job, 8, segments)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.InSegments(states, daemontest.Double))
	return s
}

// judged has "one", who is honest, and the claim of "two" judged, and returns the names of the valid.
func (s *scene) judged(claim func(id uint64) daemontest.Claim) []string {
	s.Helper()
	reveals := []reveal{{name: "one"}, {name: "two"}}
	id := s.request(reveals...)
	s.reaches(id, jobstypes.REQUEST_STATE_RUNNING)
	s.chain.ClaimAs(s, s.machine.Store, id, daemontest.Honest(id, "one", states, right), claim(id))
	valid, _ := s.ranked(id, reveals...)
	return valid
}

// TestFalseWorkIsInvalid: every segment is drawn here, and whatever is wrong in one costs the worker its place.
func TestFalseWorkIsInvalid(t *testing.T) {
	for name, c := range map[string]struct {
		claim func(id uint64) daemontest.Claim
		valid bool
	}{
		"honest work is valid":    {claim: func(id uint64) daemontest.Claim { return daemontest.Honest(id, "two", states, right) }, valid: true},
		"an invented first state": {claim: func(id uint64) daemontest.Claim { return daemontest.Jump(id, "two", states, 0, right) }},
		"an invented state":       {claim: func(id uint64) daemontest.Claim { return daemontest.Jump(id, "two", states, 2, right) }},
		"an invented last state":  {claim: func(id uint64) daemontest.Claim { return daemontest.Jump(id, "two", states, 3, right) }},
		"the states of another": {claim: func(id uint64) daemontest.Claim {
			claim := daemontest.Honest(id, "one", states, right)
			claim.Name = "two"
			return claim
		}},
		"a result that does not follow":       {claim: func(id uint64) daemontest.Claim { return daemontest.Honest(id, "two", states, wrong) }},
		"no states at all":                    {claim: func(id uint64) daemontest.Claim { return daemontest.Claim{Name: "two", Reply: right} }},
		"too few states":                      {claim: func(id uint64) daemontest.Claim { return daemontest.Honest(id, "two", states-1, right) }},
		"more states than the program leaves": {claim: func(id uint64) daemontest.Claim { return daemontest.Honest(id, "two", states+1, right) }},
		"states that nobody finds": {claim: func(id uint64) daemontest.Claim {
			claim := daemontest.Honest(id, "two", states, right)
			claim.Lost = true
			return claim
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSegmentScene(t, 8)
			s.start(s.config())
			want := []string{"one"}
			if c.valid {
				want = append(want, "two")
			}
			require.Equal(t, want, s.judged(c.claim))
			leftovers, err := filepath.Glob(filepath.Join(s.machine.Home, "check-*"))
			require.NoError(t, err)
			require.Empty(t, leftovers)
		})
	}
}

// TestOnlyDrawnSegmentsAreRunAgain: a lie elsewhere passes, and one that is drawn does not.
func TestOnlyDrawnSegmentsAreRunAgain(t *testing.T) {
	for _, drawn := range []bool{true, false} {
		s := newSegmentScene(t, 1)
		s.start(s.config())
		var place int
		valid := s.judged(func(id uint64) daemontest.Claim {
			place = slices.IndexFunc([]uint32{0, 1, 2, 3}, func(i uint32) bool {
				return slices.Contains(daemontest.DrawnOf(id, "two", states, 1), i) == drawn
			})
			return daemontest.Jump(id, "two", states, place, right)
		})
		if drawn {
			require.Equal(t, []string{"one"}, valid)
			continue
		}
		require.Equal(t, []string{"one", "two"}, valid, "segment %d is not drawn", place)
		require.Len(t, s.machine.Sandbox.Runs(daemontest.WorkerProgram), 4, "two of each worker")
	}
}

// TestAStateThatHoldsTheProgramUp is invalid, and leaves the evaluator the time to judge.
func TestAStateThatHoldsTheProgramUp(t *testing.T) {
	s := newSegmentScene(t, 8)
	honest := daemontest.InSegments(states, daemontest.Double)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		if path := run.Inputs[jobstypes.StateName]; path != "" {
			if content, err := os.ReadFile(path); err != nil || string(content) == "invented" {
				return daemontest.Hang(ctx, run)
			}
		}
		return honest(ctx, run)
	})
	cfg := s.config()
	cfg.Limits.Time = daemon.Duration(200 * time.Millisecond)
	s.start(cfg)
	require.Equal(t, []string{"one"}, s.judged(func(id uint64) daemontest.Claim {
		claim := daemontest.Honest(id, "two", states, right)
		claim.States[0] = []byte("invented")
		return claim
	}))
}

// TestTheWorkersProgramIsReadyFirst: who cannot run segments again does not accept.
func TestTheWorkersProgramIsReadyFirst(t *testing.T) {
	s := newSegmentScene(t, 1)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, nil)
	s.start(s.config())
	id := s.request(reveal{name: "one"})
	require.Never(t, func() bool { r, _ := s.chain.Peek(id); return r.Evaluator != "" }, 200*time.Millisecond, 10*time.Millisecond)
	s.machine.Sandbox.Use(daemontest.WorkerProgram, daemontest.InSegments(states, daemontest.Double))
	s.reaches(id, jobstypes.REQUEST_STATE_RUNNING)
}
