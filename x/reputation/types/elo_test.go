package types_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ain-network/aind/x/reputation/types"
)

// referenceElo is the formula in floating point, in points.
func referenceElo(k float64, players []types.Standing) []float64 {
	changes := make([]float64, len(players))
	for i, a := range players {
		for j, b := range players {
			if i == j {
				continue
			}
			won := 0.5
			if a.Place != b.Place {
				won = 0
				if a.Place < b.Place {
					won = 1
				}
			}
			difference := max(-800, min(800, float64(a.Rating-b.Rating)/1000))
			changes[i] += k / float64(len(players)-1) * (won - 1/(1+math.Pow(10, -difference/400)))
		}
	}
	return changes
}

// eloBound is by how many points a change may differ from the formula: 3e-5 of K for
// the table, and half a thousandth of a point for each game's rounding.
func eloBound(k uint32, players int) float64 {
	return 3e-5*float64(k) + 0.0005*float64(players-1)
}

func TestEloIsTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := rapid.Uint32Range(0, 1000).Draw(t, "k")
		players := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) types.Standing {
			return types.Standing{
				Rating: rapid.Int64Range(-2_000_000, 2_000_000).Draw(t, "rating"),
				Place:  rapid.IntRange(1, 5).Draw(t, "place"),
			}
		}), 2, 64).Draw(t, "players")

		got, want := types.Elo(k, players), referenceElo(float64(k), players)

		sum := int64(0)
		for i := range got {
			sum += got[i]
			if off := math.Abs(float64(got[i])/1000 - want[i]); off > eloBound(k, len(players)) {
				t.Fatalf("player %d: %d thousandths, by the formula %f: off by %f", i, got[i], want[i], off)
			}
		}
		if sum != 0 {
			t.Fatalf("the changes add up to %d", sum)
		}
	})
}

func TestExpectedIsWithin3e5OfTheFormula(t *testing.T) {
	worst := 0.0
	for difference := int64(-900_000); difference <= 900_000; difference += 77 {
		capped := float64(max(-800_000, min(800_000, difference))) / 1000
		worst = max(worst, math.Abs(float64(types.Expected(difference))/1e9-1/(1+math.Pow(10, -capped/400))))
	}
	require.Less(t, worst, 3e-5)
	require.Equal(t, int64(500_000_000), types.Expected(0))
}

// TestEloVectors holds the published vectors.
func TestEloVectors(t *testing.T) {
	file, err := os.ReadFile("../testdata/elo.json")
	require.NoError(t, err)
	var vectors []struct {
		Name    string
		K       uint32
		Players []types.Standing
		Changes []int64
	}
	require.NoError(t, json.Unmarshal(file, &vectors))
	require.NotEmpty(t, vectors)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			require.Equal(t, v.Changes, types.Elo(v.K, v.Players))
		})
	}
}

func TestRatingIsRoundedDown(t *testing.T) {
	params := types.DefaultParams()
	for change, want := range map[int64]int64{0: 1500, 999: 1500, 1000: 1501, -1: 1499, -1000: 1499, -1_500_001: -1} {
		require.Equal(t, want, types.Score{RatingChange: change}.Rating(params), "%d", change)
	}
}

func TestCostOfAParentIsRoundedDown(t *testing.T) {
	params := types.Params{OverturnedPoints: 1, ParentShareBps: 3333}
	require.Equal(t, int64(1000), params.OverturnedCost())
	require.Equal(t, int64(333), params.ParentCost())
	params.ParentShareBps = 3339
	require.Equal(t, int64(333), params.ParentCost())
}
