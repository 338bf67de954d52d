package simulation

import (
	"crypto/sha256"
	"fmt"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// publishCheckpoints publishes some of a worker's states, or what is not the next, or too many.
func publishCheckpoints(v *view) *types.MsgPublishCheckpoints {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_RUNNING && r.Workers > 0 && v.termsOf(r).ByCheckpoint()
	})
	if r == nil {
		return nil
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, func(a types.Assignment) bool {
		return !a.Resigned && (a.HasKey() || !r.Spec.WorkersNeedKeys())
	}))
	if a == nil {
		return nil
	}
	before := v.checkpoints(*a)
	published := uint32(len(before.Digests))
	most := v.termsOf(*r).MaxCheckpoints
	msg := &types.MsgPublishCheckpoints{Signer: v.sign(a.Worker), RequestId: r.Id, First: published, Space: before.Space}
	if published == 0 {
		msg.Space = v.outputSpace(a.Worker)
	}
	count := v.Uint32InRange(1, max(2, most-published+1))
	switch {
	case published+count > most:
		v.Expect(types.ErrLimit)
	case a.HasCommitted():
		v.Expect(types.ErrCommitted)
	case r.ClosedMs == 0:
		v.Expect(types.ErrState)
	case published > 0 && v.Often(10):
		msg.First, count = published-1, 1
		v.Expect(types.ErrCheckpoint)
	}
	for i := range count {
		digest := sha256.Sum256(fmt.Append(nil, "state", r.Id, a.Worker, msg.First+i))
		msg.Digests = append(msg.Digests, digest[:])
	}
	return msg
}

// checkpoints are what a worker has published.
func (v *view) checkpoints(a types.Assignment) types.Checkpoints {
	of := simulation.Filter(v.state.Checkpoints, func(c types.Checkpoints) bool {
		return c.RequestId == a.RequestId && c.Worker == a.Worker
	})
	if len(of) == 0 {
		return types.Checkpoints{}
	}
	return of[0]
}
