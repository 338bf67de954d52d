package simulation

import (
	"crypto/sha256"
	"fmt"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// What a worker answers and its salt follow from the request and its name, so that whoever reveals needs no memory. About
// half of a request's workers agree.

func answer(r types.Request, worker string) types.Result {
	return types.Result{Inline: number(dice("answer", r.Id, dice("side", r.Id, worker)%2))}
}

func salt(r types.Request, worker string) []byte {
	sum := sha256.Sum256(fmt.Append(nil, "salt", r.Id, worker))
	return sum[:]
}

// submitResult commits to an answer, once more where one was committed to already.
func submitResult(v *view) *types.MsgSubmitResult {
	again := v.Often(3)
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_RUNNING && !(is(r, unrevealed) && r.Id%2 == 0)
	})
	if r == nil {
		return nil
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, func(a types.Assignment) bool {
		return !a.Resigned && a.HasCommitted() == again && (a.HasKey() || !r.Spec.WorkersNeedKeys()) && dice("idle", r.Id, a.Worker) >= 8
	}))
	if a == nil {
		return nil
	}
	if again {
		v.Expect(types.ErrCommitted)
	}
	if v.termsOf(*r).OpenResults {
		result := answer(*r, a.Worker)
		if (r.ClosedMs == 0 || r.AwaitingKeys) && !again {
			v.Expect(types.ErrState)
		}
		return &types.MsgSubmitResult{Signer: v.sign(a.Worker), RequestId: r.Id, Result: &result}
	}
	digest, err := types.ResultDigest(answer(*r, a.Worker))
	v.note(err)
	commitment := types.Commitment(v.ctx.ChainID(), r.Id, v.address(a.Worker), digest, salt(*r, a.Worker))
	return &types.MsgSubmitResult{Signer: v.sign(a.Worker), RequestId: r.Id, Commitment: commitment[:], Space: v.outputSpace(a.Worker)}
}

// outputSpace is one that a worker may write, now and then; 0: none.
func (v *view) outputSpace(worker string) uint64 {
	if !v.Bool() {
		return 0
	}
	space, err := v.spaces.ForOutput(v.ctx, v.address(worker))
	v.note(err)
	return space
}

// revealResult opens a commitment, or tries with another answer.
func revealResult(v *view) *types.MsgRevealResult {
	r := v.request(func(r types.Request) bool {
		return r.State == types.REQUEST_STATE_REVEALING && !is(r, unrevealed)
	})
	if r == nil {
		return nil
	}
	a := simulation.Pick(v.Draw, v.workers(r.Id, func(a types.Assignment) bool {
		return a.HasCommitted() && !a.HasRevealed() && dice("hides", r.Id, a.Worker) >= 8
	}))
	if a == nil {
		return nil
	}
	msg := &types.MsgRevealResult{
		Signer: v.sign(a.Worker), RequestId: r.Id, Result: answer(*r, a.Worker), Salt: salt(*r, a.Worker),
	}
	if v.Often(5) {
		msg.Result.Inline = number(-1)
		v.Expect(types.ErrCommitment)
	}
	return msg
}
