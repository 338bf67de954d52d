package types

import (
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
)

// NewScore is the score of an account that has done nothing yet.
func NewScore(jobID uint64, owner sdk.AccAddress) Score {
	return Score{JobId: jobID, Owner: owner.String(), Earned: math.ZeroInt()}
}

// Add counts, once, how a piece of accepted work, a challenge or a verdict ended. So
// at any time accepted = completed + timed_out + resigned + silent + released, and
// completed = valid + invalid + overturned + what nobody judged; challenges and
// verdicts are no accepted work. A response of 0 ms was not measured. Earned is in
// uain. Unknown outcomes are ErrInvalidReport.
func (s *Score) Add(outcome program.Outcome, responseMs uint64, earned math.Int) error {
	counter, work, answered := s.counter(outcome)
	if counter == nil {
		return ErrInvalidReport.Wrapf("outcome: %q", outcome)
	}
	*counter++
	s.countStreak(outcome)
	if work {
		s.Accepted++
	}
	if answered {
		if counter != &s.Completed {
			s.Completed++
		}
		if responseMs > 0 {
			s.ResponseMs += responseMs
			s.ResponseCount++
		}
	}
	s.Earned = s.Earned.Add(earned)
	return nil
}

// counter is what an outcome counts in, nil if it is unknown; whether it ends
// accepted work; and whether that work was answered.
func (s *Score) counter(outcome program.Outcome) (counter *uint64, work, answered bool) {
	var released uint64 // not kept: it is what the others leave of accepted
	switch outcome {
	case program.OutcomeValid:
		return &s.Valid, true, true
	case program.OutcomeInvalid:
		return &s.Invalid, true, true
	case program.OutcomeCompleted:
		return &s.Completed, true, true
	case program.OutcomeOverturned:
		return &s.Overturned, true, true
	case program.OutcomeTimedOut:
		return &s.TimedOut, true, false
	case program.OutcomeResigned:
		return &s.Resigned, true, false
	case program.OutcomeSilent:
		return &s.Silent, true, false
	case program.OutcomeReleased:
		return &released, true, false
	case program.OutcomeChallengeRight:
		return &s.ChallengesRight, false, false
	case program.OutcomeChallengeWrong:
		return &s.ChallengesWrong, false, false
	case program.OutcomeVerdictRight:
		return &s.VerdictsRight, false, false
	case program.OutcomeVerdictWrong:
		return &s.VerdictsWrong, false, false
	case program.OutcomeVerdictSilent:
		return &s.VerdictsSilent, false, false
	case program.OutcomeChildOverturned:
		return &s.ChildrenOverturned, false, false
	case program.OutcomeForged:
		return &s.Forged, false, false
	}
	return nil, false, false
}

// countStreak counts valid results in a row.
func (s *Score) countStreak(outcome program.Outcome) {
	switch outcome {
	case program.OutcomeValid:
		s.Streak++
	case program.OutcomeInvalid, program.OutcomeTimedOut, program.OutcomeForged:
		s.Streak = 0
	}
}

// ValidateReport checks what a report adds to a score. Without a role it is that of
// a client, who can challenge.
func ValidateReport(role program.Role, earned math.Int) error {
	if role != program.ROLE_UNSPECIFIED {
		if err := validateRole("role", role); err != nil {
			return ErrInvalidReport.Wrap(err.Error())
		}
	}
	if earned.IsNil() || earned.IsNegative() {
		return ErrInvalidReport.Wrapf("earned: %s; give 0 or more uain", earned)
	}
	return nil
}
