package simulation

import (
	"fmt"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// mostLive is how many requests are under way at a time: few enough that each gets what it needs.
const mostLive = 60

// requestJob orders work, or orders what cannot be ordered.
func requestJob(v *view) *types.MsgRequestJob {
	job := simulation.Pick(v.Draw, v.state.Jobs)
	client := simulation.Pick(v.Draw, v.owners())
	live := simulation.Filter(v.state.Requests, func(r types.Request) bool { return !r.IsFinished() })
	if job == nil || client == nil || len(live) >= mostLive {
		return nil
	}
	msg := &types.MsgRequestJob{Signer: v.sign(*client)}
	purse := v.Purse(*client)
	if msg.Signer != *client {
		purse = v.stake(*client)
	}
	if purse.LT(math.NewInt(100_000)) {
		return nil
	}
	msg.Spec = v.spec(*job, *client, purse)
	isEvaluated := v.isEvaluated(*job)
	byCheckpoint := v.newestTerms(*job).ByCheckpoint()
	switch {
	case byCheckpoint && msg.Spec.SkipEvaluation:
		v.Expect(types.ErrInvalid)
	case !isEvaluated && !msg.Spec.SkipEvaluation && v.Often(80):
		return nil
	case !isEvaluated && !msg.Spec.SkipEvaluation:
		v.Expect(types.ErrInvalid)
	case job.WorkerRelease == 0 || job.EvaluatorRelease == 0 && !msg.Spec.SkipEvaluation:
		v.Expect(types.ErrRevoked)
	case v.Often(3):
		msg.Spec.Input = types.Input{Inline: []byte("no task")}
		v.Expect(types.ErrDecode)
	case v.Often(3):
		msg.Spec.WorkerCandidates = append(msg.Spec.WorkerCandidates, *client)
		msg.Spec.MinWorkers = 1
		v.Expect(types.ErrInvalid)
	}
	return msg
}

func (v *view) spec(job types.Job, client string, purse math.Int) types.RequestSpec {
	spec := types.RequestSpec{
		JobId:           job.Id,
		Input:           types.Input{Inline: number(v.Intn(1_000))},
		WorkerReward:    v.part(purse, 50),
		EvaluatorReward: v.part(purse, 200),
		TimeLimitMs:     v.Blocks(3, 6),
		MaxWorkers:      v.Uint32InRange(1, 5),
		// At most as many as the chain has.
		MinChallengeLevels: v.Uint32InRange(0, min(3, v.params().ChallengeLevels+1)),
	}
	spec.MinWorkers = v.Uint32InRange(1, spec.MaxWorkers+1)
	spec.RewardFunction = v.rewardFunction(spec.MaxWorkers)
	v.encrypt(&spec)
	if v.Often(20) {
		spec.Input.Files = files(v.Intn(int(v.params().MaxFiles) + 1))
	}
	if v.Often(10) {
		spec.MinRating = v.Uint64InRange(1, 2_000)
	}
	v.inSpace(&spec, job, client)
	isEvaluated := v.isEvaluated(job)
	if v.Often(20) || !isEvaluated {
		spec.WorkerCandidates = v.candidates(job.Id, program.ROLE_WORKER, client)
		if len(spec.WorkerCandidates) < int(spec.MinWorkers) {
			spec.WorkerCandidates = nil
		}
	}
	if v.Often(20) {
		spec.EvaluatorCandidates = v.candidates(job.Id, program.ROLE_EVALUATOR, client)
	}
	if len(spec.WorkerCandidates) > 0 && (!isEvaluated || v.Bool()) {
		skipEvaluation(&spec)
	}
	return spec
}

// inSpace has a file in a space, where the client may name one.
func (v *view) inSpace(spec *types.RequestSpec, job types.Job, client string) {
	windows := v.newestTerms(job).Windows.Or(v.params().DefaultWindows)
	until := types.Request{RequestedMs: v.now, Spec: *spec}.EndsBy(v.params(), windows)
	space, err := v.spaces.ForInput(v.ctx, v.address(client), job.Id, until)
	v.note(err)
	if space != 0 && len(spec.Input.Files) == 0 && v.params().MaxFiles > 0 {
		spec.Input.Files = files(1)
		spec.Input.Files[0].Reference.Space = space
	}
}

// files are so many references to contents that nobody fetches here.
func files(n int) []types.NamedReference {
	var all []types.NamedReference
	for i := range n {
		all = append(all, types.NamedReference{Name: fmt.Sprint("file-", i), Reference: types.Reference{Digest: types.Digest([]byte{byte(i)}), Size_: 1}})
	}
	return all
}

// skipEvaluation leaves out what such a request goes without.
func skipEvaluation(spec *types.RequestSpec) {
	spec.SkipEvaluation, spec.EvaluatorReward, spec.EvaluatorCandidates, spec.MinChallengeLevels = true, math.ZeroInt(), nil, 0
	spec.EvaluatorInput = nil
	if spec.RewardFunction.Kind == types.REWARD_KIND_PROPORTIONAL {
		spec.RewardFunction.Kind = types.REWARD_KIND_EVEN
	}
}

// part is up to one in n of an amount.
func (v *view) part(amount math.Int, n int64) math.Int {
	part, err := v.PositiveSDKIntn(amount.QuoRaw(n).AddRaw(2))
	v.note(err)
	return part
}

func (v *view) rewardFunction(workers uint32) types.RewardFunction {
	f := types.RewardFunction{Kind: types.RewardKind(v.IntInRange(1, 6))}
	switch f.Kind {
	case types.REWARD_KIND_WEIGHTS:
		weight := v.Uint64InRange(1, 1_000)
		for range v.IntInRange(1, int(workers)+1) {
			f.Weights = append(f.Weights, weight)
			weight = weight * v.Uint64InRange(0, 10) / 10
		}
	case types.REWARD_KIND_GEOMETRIC:
		f.RatioDenominator = v.Uint64InRange(1, 10)
		f.RatioNumerator = v.Uint64InRange(0, f.RatioDenominator)
	}
	return f
}

// candidates are some of those that could accept now.
func (v *view) candidates(job uint64, role program.Role, client string) []string {
	return simulation.Filter(v.owners(), func(a string) bool {
		return a != client && v.operator(a) != client && v.eligible(job, a, role, program.Capability{}) == nil && v.Bool()
	})
}

func (v *view) eligible(job uint64, account string, role program.Role, requirement program.Capability) error {
	return v.reputation.Eligible(v.ctx, job, v.address(account), role, requirement)
}

// cancelRequest takes an open request back, or tries on one that an evaluator has accepted.
func cancelRequest(v *view) *types.MsgCancelRequest {
	r := v.request(func(r types.Request) bool {
		return r.State != types.REQUEST_STATE_OPEN || is(r, withdrawn, anything)
	})
	if r == nil || r.State != types.REQUEST_STATE_OPEN && !v.Often(20) {
		return nil
	}
	client := r.Client
	switch {
	case r.State != types.REQUEST_STATE_OPEN:
		v.Expect(types.ErrState)
	case v.Often(10):
		if client = *simulation.Pick(v.Draw, v.owners()); client != r.Client {
			v.Expect(types.ErrUnauthorized)
		}
	}
	return &types.MsgCancelRequest{Signer: v.sign(client), RequestId: r.Id}
}
