package types

import (
	"fmt"

	"cosmossdk.io/math"
)

func (g GenesisState) validateScores() error {
	jobs := map[uint64]struct{}{TotalJobID: {}}
	for _, tree := range g.Trees {
		jobs[tree.JobId] = struct{}{}
	}
	places := make(map[place]struct{}, len(g.Scores))
	for _, score := range g.Scores {
		if _, ok := jobs[score.JobId]; !ok {
			return fmt.Errorf("%s: job %#x has no tree", score.Owner, score.JobId)
		}
		if _, err := ParseAddress("owner", score.Owner); err != nil {
			return err
		}
		at := place{score.JobId, score.Owner}
		if _, ok := places[at]; ok {
			return fmt.Errorf("%s in job %#x appears twice", score.Owner, score.JobId)
		}
		if score.Earned.IsNil() || score.Earned.IsNegative() {
			return fmt.Errorf("%s in job %#x: earned %s", score.Owner, score.JobId, score.Earned)
		}
		for _, m := range score.Metrics {
			if score.JobId == TotalJobID || m.Field == "" || !KnownFold(m.Fold) || m.Count == 0 {
				return fmt.Errorf("%s in job %#x: metric %q, %s of %d values", score.Owner, score.JobId, m.Field, m.Fold, m.Count)
			}
		}
		places[at] = struct{}{}
	}
	return checkTotals(g.Scores)
}

// checkTotals compares each account's total with the sum over its jobs.
func checkTotals(scores []Score) error {
	sums := make(map[string]Score)
	for _, score := range scores {
		sum, ok := sums[score.Owner]
		if !ok {
			sum.Earned = math.ZeroInt()
		}
		if score.JobId == TotalJobID {
			sum = minus(sum, score)
		} else {
			sum = plus(sum, score)
		}
		sums[score.Owner] = sum
	}
	zero := Score{Earned: math.ZeroInt()}
	for _, score := range scores {
		if rest := sums[score.Owner]; rest.String() != zero.String() {
			return fmt.Errorf("total of %s is not the sum of its jobs; difference %s", score.Owner, rest.String())
		}
	}
	return nil
}

// plus and minus wrap around, so that a sum comes back to zero in any order.
func plus(a, b Score) Score {
	return Score{
		Accepted: a.Accepted + b.Accepted, Completed: a.Completed + b.Completed, Valid: a.Valid + b.Valid,
		Invalid: a.Invalid + b.Invalid, TimedOut: a.TimedOut + b.TimedOut, Resigned: a.Resigned + b.Resigned,
		Silent: a.Silent + b.Silent, ResponseMs: a.ResponseMs + b.ResponseMs, ResponseCount: a.ResponseCount + b.ResponseCount,
		Overturned: a.Overturned + b.Overturned, ChallengesRight: a.ChallengesRight + b.ChallengesRight, ChallengesWrong: a.ChallengesWrong + b.ChallengesWrong,
		VerdictsRight: a.VerdictsRight + b.VerdictsRight, VerdictsWrong: a.VerdictsWrong + b.VerdictsWrong, VerdictsSilent: a.VerdictsSilent + b.VerdictsSilent,
		ChildrenApproved: a.ChildrenApproved + b.ChildrenApproved, ChildrenDropped: a.ChildrenDropped + b.ChildrenDropped,
		ChildrenOverturned: a.ChildrenOverturned + b.ChildrenOverturned, Forged: a.Forged + b.Forged, RatingChange: a.RatingChange + b.RatingChange,
		Earned: a.Earned.Add(b.Earned),
	}
}

func minus(a, b Score) Score {
	return Score{
		Accepted: a.Accepted - b.Accepted, Completed: a.Completed - b.Completed, Valid: a.Valid - b.Valid,
		Invalid: a.Invalid - b.Invalid, TimedOut: a.TimedOut - b.TimedOut, Resigned: a.Resigned - b.Resigned,
		Silent: a.Silent - b.Silent, ResponseMs: a.ResponseMs - b.ResponseMs, ResponseCount: a.ResponseCount - b.ResponseCount,
		Overturned: a.Overturned - b.Overturned, ChallengesRight: a.ChallengesRight - b.ChallengesRight, ChallengesWrong: a.ChallengesWrong - b.ChallengesWrong,
		VerdictsRight: a.VerdictsRight - b.VerdictsRight, VerdictsWrong: a.VerdictsWrong - b.VerdictsWrong, VerdictsSilent: a.VerdictsSilent - b.VerdictsSilent,
		ChildrenApproved: a.ChildrenApproved - b.ChildrenApproved, ChildrenDropped: a.ChildrenDropped - b.ChildrenDropped,
		ChildrenOverturned: a.ChildrenOverturned - b.ChildrenOverturned, Forged: a.Forged - b.Forged, RatingChange: a.RatingChange - b.RatingChange,
		Earned: a.Earned.Sub(b.Earned),
	}
}
