package worker_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/daemon/daemontest"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/sandbox"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

var rivalSalt = make([]byte, jobstypes.SaltSize)

// rivalGoesOn has the other worker do the next thing that it can.
func (s *scene) rivalGoesOn(id uint64) {
	s.Helper()
	r, assignments := s.chain.Peek(id)
	a, ok := assignments[rival]
	result := jobstypes.Result{Inline: daemontest.Answer(42, nil)}
	switch {
	case !ok && r.State == jobstypes.REQUEST_STATE_RUNNING:
		s.chain.DoAs(s, rival, &jobstypes.MsgAcceptJob{RequestId: id, Role: program.ROLE_WORKER})
	case ok && r.State == jobstypes.REQUEST_STATE_RUNNING && !a.HasCommitted():
		digest, _ := jobstypes.ResultDigest(result)
		commitment := jobstypes.Commitment(daemontest.ChainID, id, sdk.MustAccAddressFromBech32(rival), digest, rivalSalt)
		s.chain.DoAs(s, rival, &jobstypes.MsgSubmitResult{RequestId: id, Commitment: commitment[:]})
	case ok && r.State == jobstypes.REQUEST_STATE_REVEALING && !a.HasRevealed():
		s.chain.DoAs(s, rival, &jobstypes.MsgRevealResult{RequestId: id, Result: result, Salt: rivalSalt})
	}
}

// rivalWorks has the other worker do all of its work on a request.
func (s *scene) rivalWorks(id uint64) {
	s.Helper()
	daemontest.Eventually(s, "the rival's work", func() bool {
		s.rivalGoesOn(id)
		_, assignments := s.chain.Peek(id)
		return assignments[rival].Result != nil
	})
}

// rivalConcedes accepts the ranking, unless the request is settled already.
func (s *scene) rivalConcedes(id uint64) {
	s.Helper()
	err := s.chain.TryAs(rival, &jobstypes.MsgAcceptResult{RequestId: id})
	if r, _ := s.chain.Peek(id); !r.IsFinished() {
		require.NoError(s, err)
	}
}

// slowly doubles after a while.
func slowly(d time.Duration) daemontest.Behaviour {
	return func(ctx context.Context, run sandbox.Run) ([]byte, error) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return daemontest.Double(ctx, run)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
