package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestDepositIsTheMostOfThree(t *testing.T) {
	params := types.DefaultParams()
	terms := func(min, fee int64) types.TermsSpec {
		return types.TermsSpec{MinDeposit: math.NewInt(min), ChallengeFee: math.NewInt(fee)}
	}
	spec := types.RequestSpec{WorkerReward: math.NewInt(1001)}
	require.Equal(t, int64(5000), types.Deposit(params, terms(5000, 1), spec).Int64(), "the job's minimum")
	require.Equal(t, int64(4000), types.Deposit(params, terms(1, 500), spec).Int64(), "2^3 challenge fees")
	require.Equal(t, int64(1001), types.Deposit(params, terms(1, 1), spec).Int64(), "R_w")
	params.DepositShareBps = 5_000
	require.Equal(t, int64(501), types.Deposit(params, terms(1, 1), spec).Int64(), "half of R_w, rounded up")
	spec.SkipEvaluation = true
	require.True(t, types.Deposit(params, terms(5000, 500), spec).IsZero(), "nobody evaluates")
}

func TestBondIsTheJobsOrAShare(t *testing.T) {
	params := types.DefaultParams()
	spec := types.RequestSpec{WorkerReward: math.NewInt(1000), MaxWorkers: 3}
	require.Equal(t, int64(33), types.WorkerBond(params, types.TermsSpec{}, spec).Int64(), "a tenth of R_w / max, rounded down")
	zero := types.TermsSpec{Bond: &types.Bond{Amount: math.ZeroInt()}}
	require.True(t, types.WorkerBond(params, zero, spec).IsZero(), "zero is not left out")
}

// Where results are compared, agreeing on a wrong one must cost as much as it could win.
func TestBondOfExecutionIsTheLargestShare(t *testing.T) {
	terms := types.TermsSpec{Verification: types.VERIFICATION_EXECUTION, Bond: &types.Bond{Amount: math.NewInt(400)}}
	for kind, want := range map[types.RewardKind]int64{types.REWARD_KIND_EVEN: 500, types.REWARD_KIND_WINNER_TAKES_ALL: 1000} {
		spec := types.RequestSpec{WorkerReward: math.NewInt(1000), MinWorkers: 2, MaxWorkers: 5, RewardFunction: types.RewardFunction{Kind: kind}}
		require.Equal(t, want, types.WorkerBond(types.DefaultParams(), terms, spec).Int64(), kind)
		spec.MinWorkers = 5
		require.GreaterOrEqual(t, types.WorkerBond(types.DefaultParams(), terms, spec).Int64(), int64(400), "the job's own, if that is more")
	}
}

func TestChainShareIsRoundedUp(t *testing.T) {
	params := types.DefaultParams()
	for rewards, want := range map[int64]int64{0: 0, 1: 1, 100: 1, 101: 2, 1100: 11} {
		require.Equal(t, want, types.ChainShare(params, math.NewInt(rewards)).Int64(), "of %d", rewards)
	}
}
