package keeper_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/reputation/types"
)

func (f *fixture) score(jobID uint64, owner sdk.AccAddress) types.Score {
	f.t.Helper()
	response, err := f.query.Score(f.ctx, &types.QueryScoreRequest{JobId: jobID, Owner: owner.String()})
	require.NoError(f.t, err)
	return response.Score
}

func TestReportCountsOutcomes(t *testing.T) {
	tests := []struct {
		outcome program.Outcome
		want    types.Score
	}{
		{program.OutcomeValid, types.Score{Accepted: 1, Completed: 1, Valid: 1, ResponseMs: 40, ResponseCount: 1, Streak: 1}},
		{program.OutcomeInvalid, types.Score{Accepted: 1, Completed: 1, Invalid: 1, ResponseMs: 40, ResponseCount: 1}},
		{program.OutcomeCompleted, types.Score{Accepted: 1, Completed: 1, ResponseMs: 40, ResponseCount: 1}},
		{program.OutcomeTimedOut, types.Score{Accepted: 1, TimedOut: 1}},
		{program.OutcomeResigned, types.Score{Accepted: 1, Resigned: 1}},
		{program.OutcomeSilent, types.Score{Accepted: 1, Silent: 1}},
		{program.OutcomeReleased, types.Score{Accepted: 1}},
		{program.OutcomeOverturned, types.Score{Accepted: 1, Completed: 1, Overturned: 1, ResponseMs: 40, ResponseCount: 1, RatingChange: -40_000}},
		{program.OutcomeChallengeRight, types.Score{ChallengesRight: 1}},
		{program.OutcomeChallengeWrong, types.Score{ChallengesWrong: 1}},
		{program.OutcomeVerdictRight, types.Score{VerdictsRight: 1}},
		{program.OutcomeVerdictWrong, types.Score{VerdictsWrong: 1}},
		{program.OutcomeVerdictSilent, types.Score{VerdictsSilent: 1}},
		{program.OutcomeChildOverturned, types.Score{ChildrenOverturned: 1, RatingChange: -10_000}},
		{program.OutcomeForged, types.Score{Forged: 1}},
	}
	for _, tt := range tests {
		t.Run(string(tt.outcome), func(t *testing.T) {
			f := newFixture(t)
			alice := f.join("alice", job, worker)

			events := f.events(func(ctx sdk.Context) {
				require.NoError(t, f.keeper.Report(ctx, job, alice, worker, tt.outcome, 40, math.NewInt(7)))
			})

			want := tt.want
			want.JobId, want.Owner, want.Earned = job, alice.String(), math.NewInt(7)
			require.Equal(t, want, f.score(job, alice))
			want.JobId = types.TotalJobID
			require.Equal(t, want, f.score(types.TotalJobID, alice))
			says := []proto.Message{&types.EventScored{
				JobId: job, Owner: alice.String(), Outcome: string(tt.outcome), ResponseMs: 40, Earned: "7",
			}}
			if change := tt.want.RatingChange; change != 0 {
				says = append(says, &types.EventRated{JobId: job, Owner: alice.String(), Change: change, Reason: string(tt.outcome)})
			}
			require.Equal(t, says, events)
		})
	}
}

func TestTotalsAddUpOverJobs(t *testing.T) {
	f := newFixture(t)
	alice := f.join("alice", job, worker)
	f.join("alice", otherJob, worker)

	require.NoError(t, f.keeper.Report(f.ctx, job, alice, worker, program.OutcomeValid, 100, math.NewInt(7)))
	require.NoError(t, f.keeper.Report(f.ctx, otherJob, alice, worker, program.OutcomeInvalid, 300, math.ZeroInt()))
	require.NoError(t, f.keeper.Report(f.ctx, otherJob, alice, worker, program.OutcomeValid, 0, math.NewInt(5)))

	require.Equal(t, types.Score{
		Owner: alice.String(), Accepted: 3, Completed: 3, Valid: 2, Invalid: 1,
		ResponseMs: 400, ResponseCount: 2, Earned: math.NewInt(12), Streak: 1,
	}, f.score(types.TotalJobID, alice), "a response of 0 ms was not measured")
	require.EqualValues(t, 2, f.score(otherJob, alice).Accepted)
}

func TestReportRefused(t *testing.T) {
	tests := []struct {
		name    string
		job     uint64
		role    program.Role
		outcome program.Outcome
		earned  math.Int
		err     error
		says    string
	}{
		{"an outcome that no score counts", job, worker, "lucky", math.ZeroInt(), types.ErrInvalidReport, `outcome: "lucky"`},
		{"a role that is none", job, program.Role(99), program.OutcomeValid, math.ZeroInt(), types.ErrInvalidReport, "role"},
		{"a negative earning", job, worker, program.OutcomeValid, math.NewInt(-1), types.ErrInvalidReport, "earned: -1"},
		{"no earning", job, worker, program.OutcomeValid, math.Int{}, types.ErrInvalidReport, "earned"},
		{"a job that nobody registered", unknownJob, worker, program.OutcomeValid, math.ZeroInt(), types.ErrUnknownJob, "job 0x63"},
		{"the total itself", types.TotalJobID, worker, program.OutcomeValid, math.ZeroInt(), types.ErrUnknownJob, "job 0x0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t)
			f.refused(func(ctx sdk.Context) error {
				return f.keeper.Report(ctx, tt.job, address("alice"), tt.role, tt.outcome, 0, tt.earned)
			}, tt.err, tt.says)
		})
	}
}
