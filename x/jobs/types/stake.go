package types

import "cosmossdk.io/math"

// Deposit is what an evaluator locks for a request: the job's minimum, 2^L
// challenge fees, or the params' share of R_w, whichever is most.
func Deposit(params Params, terms TermsSpec, spec RequestSpec) math.Int {
	if spec.SkipEvaluation {
		return math.ZeroInt() // nobody evaluates
	}
	fees := terms.ChallengeFee.MulRaw(1 << params.ChallengeLevels)
	share := shareUp(spec.WorkerReward, params.DepositShareBps)
	return math.MaxInt(terms.MinDeposit, math.MaxInt(fees, share))
}

// WorkerBond is what each worker locks for a request: the job's bond, or the
// params' share of R_w / max workers. spec.MaxWorkers must be positive.
//
// Where results are compared it is at least the largest share that one worker could get: else two who agree on any result
// would risk less than they could win.
func WorkerBond(params Params, terms TermsSpec, spec RequestSpec) math.Int {
	bond := ownBond(params, terms, spec)
	if terms.ByExecution() {
		bond = math.MaxInt(bond, LargestShare(spec.RewardFunction, spec.WorkerReward, int(spec.MinWorkers)))
	}
	return bond
}

func ownBond(params Params, terms TermsSpec, spec RequestSpec) math.Int {
	if terms.Bond != nil {
		return terms.Bond.Amount
	}
	return spec.WorkerReward.MulRaw(int64(params.BondShareBps)).QuoRaw(basisPoints * int64(spec.MaxWorkers))
}

// ChainShare is the validators' and delegators' share of rewards, rounded up: so
// that trading with oneself always costs.
func ChainShare(params Params, rewards math.Int) math.Int {
	return shareUp(rewards, params.ChainShareBps)
}

// SilentSlash is what a silent evaluator loses of its deposit where another ranked.
func SilentSlash(params Params, deposit math.Int) math.Int {
	return shareDown(deposit, params.SilentSlashBps)
}
