package types

import (
	"cmp"
	"slices"

	"cosmossdk.io/math"
)

// CouldGain tells which revealed workers could have a larger share of R_w by
// another ranking than that of the request: all but those it gives the largest
// share that there is.
func CouldGain(r Request) func(worker string) bool {
	largest := LargestShare(r.Spec.RewardFunction, r.Spec.WorkerReward, int(r.Workers))
	if r.InputUnusable {
		could := evenly(r.Spec.WorkerReward, int(r.Workers)).LT(largest)
		return func(string) bool { return could }
	}
	satisfied := map[string]bool{}
	for worker, share := range r.split(r.Current()) {
		satisfied[worker] = share.GTE(largest)
	}
	return func(worker string) bool { return largest.IsPositive() && !satisfied[worker] }
}

// Settle is the protocol's payout table: where every coin of a request goes when
// it ends with an outcome. The sum of the payouts is exactly what was locked: the
// rewards and the chain's share, a bond for each assignment, and a deposit of the
// evaluator, if there is one, and of each silent one, and the fee of each challenge.
func Settle(p Params, terms TermsSpec, r Request, assignments []Assignment, outcome Outcome) []Payout {
	s := settlement{params: p, terms: terms, request: r, assignments: assignments, outcome: outcome, rewards: math.ZeroInt()}
	s.payRewards()
	s.returnDeposit()
	s.settleChallenges()
	s.slashSilent()
	s.returnBonds()
	s.refundClient()
	return s.payouts
}

type settlement struct {
	params      Params
	terms       TermsSpec
	request     Request
	assignments []Assignment
	outcome     Outcome
	// rewards paid so far; what is left of the client's coins goes back.
	rewards math.Int
	payouts []Payout
}

func (s *settlement) pay(account string, amount math.Int, reason string) {
	if amount.IsPositive() {
		s.payouts = append(s.payouts, Payout{Account: account, Amount: amount, Reason: reason})
	}
}

// payRewards pays R_w by the ranking that stands, and R_e if that is the evaluator's.
func (s *settlement) payRewards() {
	switch s.outcome {
	case OUTCOME_UNEVALUATED:
		s.payInOrder()
	case OUTCOME_RELEASE_REVOKED:
		s.payRevealed()
	case OUTCOME_INPUT_NOT_GRANTED: // the client alone is to blame
		s.payRevealed()
		s.reward(s.request.Evaluator, s.request.Spec.EvaluatorReward, ReasonEvaluation)
	}
	if !s.outcome.IsFinal() {
		return
	}
	if s.request.InputUnusable {
		for _, a := range s.assignments {
			s.reward(a.Worker, evenly(s.request.Spec.WorkerReward, len(s.assignments)), ReasonReward)
		}
	}
	shares := s.request.split(s.request.Current())
	for _, entry := range s.request.Ranking {
		s.reward(entry.Node, shares[entry.Node], ReasonReward)
	}
	if s.request.IsOverturned() {
		return
	}
	s.reward(s.request.Evaluator, s.request.Spec.EvaluatorReward, ReasonEvaluation)
}

// payInOrder pays R_w by the order of commitment to the workers that revealed, where nobody evaluates.
func (s *settlement) payInOrder() {
	revealed := slices.DeleteFunc(slices.Clone(s.assignments), func(a Assignment) bool { return !a.HasRevealed() })
	slices.SortFunc(revealed, func(a, b Assignment) int { return cmp.Compare(a.CommitOrder, b.CommitOrder) })
	var order Ranking // without scores, by which no reward function of such a request goes
	for _, a := range revealed {
		order.Entries = append(order.Entries, RankEntry{Node: a.Worker})
	}
	shares := s.request.split(order)
	for _, a := range revealed {
		s.reward(a.Worker, shares[a.Worker], ReasonReward)
	}
}

// payRevealed pays R_w evenly to the workers that revealed, where nobody may judge.
func (s *settlement) payRevealed() {
	revealed := s.revealed()
	for _, worker := range revealed {
		s.reward(worker, evenly(s.request.Spec.WorkerReward, len(revealed)), ReasonReward)
	}
}

// reward pays out of the client's rewards.
func (s *settlement) reward(account string, amount math.Int, reason string) {
	s.pay(account, amount, reason)
	s.rewards = s.rewards.Add(amount)
}

// returnDeposit gives the present evaluator its deposit back, unless its ranking was
// overturned for good.
func (s *settlement) returnDeposit() {
	if s.request.Evaluator != "" && (!s.request.IsOverturned() || s.outcome == OUTCOME_INPUT_NOT_GRANTED) {
		s.pay(s.request.Evaluator, s.request.Deposit, ReasonDeposit)
	}
}

// revealed lists the workers whose results are known.
func (s *settlement) revealed() []string {
	var revealed []string
	for _, a := range s.assignments {
		if a.HasRevealed() {
			revealed = append(revealed, a.Worker)
		}
	}
	return revealed
}

// slashSilent takes a share from every silent evaluator, or, where no evaluator
// ever ranked, up to R_w from each, and gives it evenly to the revealed workers.
// The dust goes to the client.
func (s *settlement) slashSilent() {
	revealed := s.revealed()
	for _, silent := range s.request.Silent {
		slash := SilentSlash(s.params, silent.Deposit)
		if s.outcome == OUTCOME_SILENT {
			slash = math.MinInt(silent.Deposit, s.request.Spec.WorkerReward)
		}
		s.pay(silent.Evaluator, silent.Deposit.Sub(slash), ReasonDeposit)
		if len(revealed) > 0 {
			each := slash.QuoRaw(int64(len(revealed)))
			for _, worker := range revealed {
				s.pay(worker, each, ReasonSlash)
			}
			slash = slash.Sub(each.MulRaw(int64(len(revealed))))
		}
		s.pay(s.request.Client, slash, ReasonSlash)
	}
}

// returnBonds gives bonds back, except to those that lose them to the client.
func (s *settlement) returnBonds() {
	for _, a := range s.assignments {
		if s.losesBond(a) {
			s.pay(s.request.Client, s.request.WorkerBond, ReasonLostBond)
		} else {
			s.pay(a.Worker, s.request.WorkerBond, ReasonBond)
		}
	}
}

// losesBond tells whether a worker of a closed contract revealed nothing, or, where
// the job says so, what was finally found invalid; unless nobody could have done the
// work.
func (s *settlement) losesBond(a Assignment) bool {
	switch {
	case s.outcome.IsCancelled() || s.request.InputUnusable || s.terms.Interrupts(s.outcome):
		return false
	case !a.HasRevealed():
		return true
	}
	return (s.terms.InvalidLosesBond || s.terms.ByExecution()) && s.outcome.IsFinal() &&
		!slices.ContainsFunc(s.request.Ranking, func(entry RankEntry) bool { return entry.Node == a.Worker })
}

// refundClient pays the chain's share of the rewards that were paid and gives the
// client the rest of what it put in.
func (s *settlement) refundClient() {
	fee := math.MinInt(ChainShare(s.params, s.rewards), s.request.ChainShare)
	s.pay("", fee, ReasonChainShare)
	held := s.request.Spec.Rewards().Add(s.request.ChainShare)
	s.pay(s.request.Client, held.Sub(s.rewards).Sub(fee), ReasonRefund)
}
