package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

// What each outcome adds to a score, a response of 5 ms included where work was answered, and nothing else.
func TestWhatAnOutcomeCounts(t *testing.T) {
	work := types.Score{Accepted: 1}
	answered := types.Score{Accepted: 1, Completed: 1, ResponseMs: 5, ResponseCount: 1}
	for outcome, c := range map[program.Outcome]struct {
		base types.Score
		set  func(*types.Score)
	}{
		program.OutcomeValid:           {answered, func(s *types.Score) { s.Valid, s.Streak = 1, 8 }},
		program.OutcomeInvalid:         {answered, func(s *types.Score) { s.Invalid, s.Streak = 1, 0 }},
		program.OutcomeCompleted:       {answered, func(*types.Score) {}},
		program.OutcomeOverturned:      {answered, func(s *types.Score) { s.Overturned = 1 }},
		program.OutcomeTimedOut:        {work, func(s *types.Score) { s.TimedOut, s.Streak = 1, 0 }},
		program.OutcomeResigned:        {work, func(s *types.Score) { s.Resigned = 1 }},
		program.OutcomeSilent:          {work, func(s *types.Score) { s.Silent = 1 }},
		program.OutcomeReleased:        {work, func(*types.Score) {}},
		program.OutcomeChallengeRight:  {types.Score{}, func(s *types.Score) { s.ChallengesRight = 1 }},
		program.OutcomeChallengeWrong:  {types.Score{}, func(s *types.Score) { s.ChallengesWrong = 1 }},
		program.OutcomeVerdictRight:    {types.Score{}, func(s *types.Score) { s.VerdictsRight = 1 }},
		program.OutcomeVerdictWrong:    {types.Score{}, func(s *types.Score) { s.VerdictsWrong = 1 }},
		program.OutcomeVerdictSilent:   {types.Score{}, func(s *types.Score) { s.VerdictsSilent = 1 }},
		program.OutcomeChildOverturned: {types.Score{}, func(s *types.Score) { s.ChildrenOverturned = 1 }},
		program.OutcomeForged:          {types.Score{}, func(s *types.Score) { s.Forged, s.Streak = 1, 0 }},
	} {
		t.Run(string(outcome), func(t *testing.T) {
			want := c.base
			want.Streak, want.Earned = 7, math.NewInt(3)
			c.set(&want)
			got := types.Score{Streak: 7, Earned: math.NewInt(1)}
			require.NoError(t, got.Add(outcome, 5, math.NewInt(2)))
			require.Equal(t, want, got)
		})
	}
}

func TestResponseThatWasNotMeasuredDoesNotCount(t *testing.T) {
	got := types.Score{Earned: math.ZeroInt()}
	require.NoError(t, got.Add(program.OutcomeCompleted, 0, math.ZeroInt()))
	require.Equal(t, types.Score{Accepted: 1, Completed: 1, Earned: math.ZeroInt()}, got)
	require.NoError(t, got.Add(program.OutcomeCompleted, 1, math.ZeroInt()))
	require.Equal(t, types.Score{Accepted: 2, Completed: 2, ResponseMs: 1, ResponseCount: 1, Earned: math.ZeroInt()}, got)
	before := got
	require.ErrorIs(t, got.Add("late", 1, math.ZeroInt()), types.ErrInvalidReport)
	require.Equal(t, before, got)
}

func TestReportsAreChecked(t *testing.T) {
	require.NoError(t, types.ValidateReport(program.ROLE_WORKER, math.ZeroInt()))
	require.NoError(t, types.ValidateReport(program.ROLE_UNSPECIFIED, math.NewInt(1)), "a client has no role")
	require.ErrorIs(t, types.ValidateReport(17, math.ZeroInt()), types.ErrInvalidReport)
	require.ErrorIs(t, types.ValidateReport(program.ROLE_WORKER, math.NewInt(-1)), types.ErrInvalidReport)
	require.ErrorIs(t, types.ValidateReport(program.ROLE_WORKER, math.Int{}), types.ErrInvalidReport)
}
