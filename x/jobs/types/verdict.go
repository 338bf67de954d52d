package types

import (
	"slices"

	"cosmossdk.io/math"
)

// Current is the ranking that stands.
func (r Request) Current() Ranking {
	return Ranking{Entries: r.Ranking, InputUnusable: r.InputUnusable, Evidence: r.Evidence}
}

// First is the evaluator's own ranking.
func (r Request) First() Ranking {
	if len(r.Rankings) == 0 {
		return r.Current()
	}
	return r.Rankings[0]
}

// IsOverturned tells whether the ranking that stands is not the evaluator's.
func (r Request) IsOverturned() bool { return r.Standing != 0 }

// Final is the row of the payout table that a ranking ends in if it stays.
func (r Request) Final() Outcome {
	switch {
	case r.IsOverturned():
		return OUTCOME_OVERTURNED
	case r.InputUnusable:
		return OUTCOME_INPUT_UNUSABLE
	case len(r.Ranking) == 0:
		return OUTCOME_NOBODY_VALID
	}
	return OUTCOME_RANKED
}

// Adopt makes a verdict's ranking the one that stands, and says whether it differs
// from the one that stood. One that moves hardly any of R_w is the same ranking:
// the verdict then confirms it, or restores the earlier one that it equals.
func (r *Request) Adopt(p Params, verdict Ranking, workers []Assignment) (changed bool) {
	if r.isSame(p, r.Current(), verdict, workers) {
		return false
	}
	if len(r.Rankings) == 0 {
		r.Rankings = []Ranking{r.Current()}
	}
	r.Standing = uint32(len(r.Rankings))
	for i, earlier := range r.Rankings {
		if r.isSame(p, earlier, verdict, workers) {
			r.Standing, verdict = uint32(i), earlier
			break
		}
	}
	if int(r.Standing) == len(r.Rankings) {
		r.Rankings = append(r.Rankings, verdict)
	}
	r.Ranking, r.InputUnusable, r.Evidence = verdict.Entries, verdict.InputUnusable, verdict.Evidence
	return true
}

// isSame tells whether going from one ranking to another moves less than the
// params' share of R_w.
func (r Request) isSame(p Params, from, to Ranking, workers []Assignment) bool {
	moved := math.ZeroInt()
	for _, gain := range r.gains(from, to, workers) {
		moved = moved.Add(gain)
	}
	return moved.IsZero() || moved.MulRaw(basisPoints).LT(r.Spec.WorkerReward.MulRaw(int64(p.ConfirmShareBps)))
}

// gains is what each of the workers, and last the client, gets more of R_w by one
// ranking than by another.
func (r Request) gains(from, to Ranking, workers []Assignment) []math.Int {
	before, after := r.shares(from, workers), r.shares(to, workers)
	gains := make([]math.Int, len(before))
	for i := range gains {
		gains[i] = math.MaxInt(math.ZeroInt(), after[i].Sub(before[i]))
	}
	return gains
}

// shares is what each of the workers, and last the client, gets of R_w by a ranking.
func (r Request) shares(ranking Ranking, workers []Assignment) []math.Int {
	shares := make([]math.Int, len(workers)+1)
	rest := r.Spec.WorkerReward
	byRank := r.split(ranking)
	for i, a := range workers {
		shares[i] = math.ZeroInt()
		if share, ok := byRank[a.Worker]; ok {
			shares[i] = share
		}
		if ranking.InputUnusable {
			shares[i] = evenly(r.Spec.WorkerReward, len(workers))
		}
		rest = rest.Sub(shares[i])
	}
	shares[len(workers)] = rest
	return shares
}

// split is what each ranked worker gets of R_w.
func (r Request) split(ranking Ranking) map[string]math.Int {
	scores := make([]uint64, len(ranking.Entries))
	for i, entry := range ranking.Entries {
		scores[i] = entry.Score
	}
	shares := make(map[string]math.Int, len(scores))
	for i, share := range Split(r.Spec.RewardFunction, r.Spec.WorkerReward, int(r.Workers), scores) {
		shares[ranking.Entries[i].Node] = share
	}
	return shares
}

func evenly(total math.Int, among int) math.Int { return total.QuoRaw(int64(max(1, among))) }

// ChallengeFee is what a challenge at a level costs, from 0: each costs twice the
// one below, so that a deposit of 2^L fees pays for all L.
func ChallengeFee(terms TermsSpec, level uint32) math.Int {
	return terms.ChallengeFee.MulRaw(1 << level)
}

// Pending is the challenge whose verdict is owed; nil: none.
func (r *Request) Pending() *Challenge {
	if n := len(r.Challenges); n > 0 && r.Challenges[n-1].Verdict == VERDICT_UNSPECIFIED {
		return &r.Challenges[n-1]
	}
	return nil
}

// Resolvers are all who gave a verdict or owe or owed one.
func (r Request) Resolvers() []string {
	var resolvers []string
	for _, c := range r.Challenges {
		resolvers = append(resolvers, c.Silent...)
		if c.Verdict != VERDICT_SILENT {
			resolvers = append(resolvers, c.Resolver)
		}
	}
	return resolvers
}

// IsRight tells whether a challenge was right about the ranking that it attacked,
// now that the request is final.
func (c Challenge) IsRight(r Request) bool { return c.Attacked != r.Standing }

// HasRightVerdict tells whether somebody gave the verdict that is final.
func (c Challenge) HasRightVerdict(r Request) bool {
	return (c.Verdict == VERDICT_CONFIRMED || c.Verdict == VERDICT_OVERTURNED) && c.Upheld == r.Standing
}

// GaveFinalVerdict tells whether an account gave a verdict that is the final one.
func (r Request) GaveFinalVerdict(account string) bool {
	return slices.ContainsFunc(r.Challenges, func(c Challenge) bool { return c.Resolver == account && c.HasRightVerdict(r) })
}

// Forged are the workers whose work the last verdict, which is final, names forged.
func (r Request) Forged() []string {
	for i := len(r.Challenges) - 1; i >= 0; i-- {
		if c := r.Challenges[i]; c.Verdict == VERDICT_CONFIRMED || c.Verdict == VERDICT_OVERTURNED {
			return c.Forged
		}
	}
	return nil
}

// Places gives each ranked worker its place, from 1. Who has the same score as the one
// before shares its place.
func Places(ranking []RankEntry) map[string]int {
	places := make(map[string]int, len(ranking))
	for i, entry := range ranking {
		places[entry.Node] = i + 1
		if i > 0 && entry.Score == ranking[i-1].Score {
			places[entry.Node] = places[ranking[i-1].Node]
		}
	}
	return places
}

// settleChallenges pays fees and a lost deposit: the fees of those who were right go
// back; those of the wrong pay the right resolvers, the last first, and the lost
// deposit pays where they do not reach; what is left of the deposit compensates
// those who get more by the final ranking than by the evaluator's.
func (s *settlement) settleChallenges() {
	fees, deposit, burned := math.ZeroInt(), math.ZeroInt(), math.ZeroInt()
	burn := func(amount math.Int) (rest math.Int) {
		part := shareDown(amount, s.params.BurnShareBps)
		burned = burned.Add(part)
		return amount.Sub(part)
	}
	if s.request.IsOverturned() {
		deposit = s.request.Deposit
	}
	if s.outcome == OUTCOME_INPUT_NOT_GRANTED {
		s.returnFees()
		return
	}
	for _, c := range s.request.Challenges {
		switch {
		case c.Verdict == VERDICT_SILENT:
			s.pay(c.Challenger, burn(c.Fee), ReasonChallengeFee)
		case c.IsRight(s.request):
			s.pay(c.Challenger, c.Fee, ReasonChallengeFee)
		default:
			fees = fees.Add(c.Fee)
		}
	}
	for i := len(s.request.Challenges) - 1; i >= 0; i-- {
		c := s.request.Challenges[i]
		if !c.HasRightVerdict(s.request) {
			continue
		}
		fromFees := math.MinInt(c.Fee, fees)
		fromDeposit := math.MinInt(c.Fee.Sub(fromFees), deposit)
		fees, deposit = fees.Sub(fromFees), deposit.Sub(fromDeposit)
		s.pay(c.Resolver, burn(fromFees.Add(fromDeposit)), ReasonVerdict)
	}
	if s.request.IsOverturned() {
		s.compensate(burn(deposit.Add(fees)))
	} else {
		burned = burned.Add(fees)
	}
	s.pay("", burned, ReasonBurn)
}

// returnFees gives fees back where nobody will ever know who was right, but not to
// the client, who kept its keys to itself.
func (s *settlement) returnFees() {
	burned := math.ZeroInt()
	for _, c := range s.request.Challenges {
		if c.Challenger == s.request.Client {
			burned = burned.Add(c.Fee)
		} else {
			s.pay(c.Challenger, c.Fee, ReasonChallengeFee)
		}
	}
	s.pay("", burned, ReasonBurn)
}

// compensate divides what is left of a lost deposit in proportion to what each gains
// by the final ranking; R_e, which the client keeps, is its gain too. The dust goes
// to the client.
func (s *settlement) compensate(amount math.Int) {
	gains := s.request.gains(s.request.First(), s.request.Current(), s.assignments)
	client := len(gains) - 1
	gains[client] = gains[client].Add(s.request.Spec.EvaluatorReward)
	whole := math.ZeroInt()
	for _, gain := range gains {
		whole = whole.Add(gain)
	}
	rest := amount
	if whole.IsPositive() {
		for i, a := range s.assignments {
			part := amount.Mul(gains[i]).Quo(whole)
			s.pay(a.Worker, part, ReasonCompensation)
			rest = rest.Sub(part)
		}
	}
	s.pay(s.request.Client, rest, ReasonCompensation)
}
