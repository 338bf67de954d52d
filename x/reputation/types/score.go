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

// Add counts one piece of accepted work, once, when its end is known. So at any
// time accepted = completed + timed_out + resigned + silent + released, and
// completed = valid + invalid + what nobody judged. A response of 0 ms was not
// measured. Earned is in uain. Unknown outcomes are ErrInvalidReport.
func (s *Score) Add(outcome program.Outcome, responseMs uint64, earned math.Int) error {
	answered := false
	switch outcome {
	case program.OutcomeValid:
		s.Valid++
		answered = true
	case program.OutcomeInvalid:
		s.Invalid++
		answered = true
	case program.OutcomeCompleted:
		answered = true
	case program.OutcomeTimedOut:
		s.TimedOut++
	case program.OutcomeResigned:
		s.Resigned++
	case program.OutcomeSilent:
		s.Silent++
	case program.OutcomeReleased:
	default:
		return ErrInvalidReport.Wrapf("outcome: %q", outcome)
	}
	s.Accepted++
	if answered {
		s.Completed++
		if responseMs > 0 {
			s.ResponseMs += responseMs
			s.ResponseCount++
		}
	}
	s.Earned = s.Earned.Add(earned)
	return nil
}

// ValidateReport checks what a report adds to a score.
func ValidateReport(role program.Role, earned math.Int) error {
	if err := validateRole("role", role); err != nil {
		return ErrInvalidReport.Wrap(err.Error())
	}
	if earned.IsNil() || earned.IsNegative() {
		return ErrInvalidReport.Wrapf("earned: %s; give 0 or more uain", earned)
	}
	return nil
}
