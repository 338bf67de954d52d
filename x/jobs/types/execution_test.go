package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

func TestMajority(t *testing.T) {
	gave := func(worker, result string, order uint32) types.Assignment {
		a := types.Assignment{Worker: worker, CommitOrder: order}
		if result != "" {
			a.Result = &types.Result{Inline: []byte(result)}
		}
		return a
	}
	stored := gave("d", "", 4)
	stored.Result = &types.Result{Reference: &types.Reference{Digest: types.Digest([]byte("x")), Size_: 1}}
	for name, c := range map[string]struct {
		workers    []types.Assignment
		contracted uint32
		want       []string
	}{
		"more than half, by the order of commitment": {[]types.Assignment{gave("a", "x", 3), gave("b", "y", 1), gave("c", "x", 2)}, 3, []string{"c", "a"}},
		"half is not enough":                         {[]types.Assignment{gave("a", "x", 1), gave("b", "y", 2)}, 2, nil},
		"of the contracted, not of the revealed":     {[]types.Assignment{gave("a", "x", 1), gave("b", "x", 2)}, 4, nil},
		"all":                                        {[]types.Assignment{gave("a", "x", 1)}, 1, []string{"a"}},
		"inline and stored are the same":             {[]types.Assignment{gave("a", "x", 1), stored, gave("b", "", 0)}, 3, []string{"a", "d"}},
		"nobody revealed":                            {[]types.Assignment{gave("a", "", 1)}, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, entry := range types.Majority(c.workers, c.contracted) {
				require.EqualValues(t, 1, entry.Score)
				got = append(got, entry.Node)
			}
			require.Equal(t, c.want, got)
		})
	}
	require.Empty(t, types.SameResult([]types.Assignment{gave("a", "", 1)}, "a"))
	require.Empty(t, types.SameResult(nil, "a"))
}

// The seed is the same for all where results are compared, and each worker's own elsewhere.
func TestSeedOf(t *testing.T) {
	solution, execution := types.TermsSpec{}, types.TermsSpec{Verification: types.VERIFICATION_EXECUTION}
	for _, worker := range []sdk.AccAddress{workerA, workerB} {
		own, err := solution.SeedOf("chain", 7, worker.String())
		require.NoError(t, err)
		require.Equal(t, types.Seed("chain", 7, worker), own)
		shared, err := execution.SeedOf("chain", 7, worker.String())
		require.NoError(t, err)
		require.Equal(t, types.Seed("chain", 7, nil), shared)
	}
	_, err := solution.SeedOf("chain", 7, "me")
	require.ErrorIs(t, err, types.ErrInvalid)
}
