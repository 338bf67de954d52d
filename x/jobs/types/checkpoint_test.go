package types_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// TestDraws holds the published vectors, computed with Python's hashlib from the definition in the README.
func TestDraws(t *testing.T) {
	content, err := os.ReadFile("../testdata/draws.json")
	require.NoError(t, err)
	var vectors []struct {
		Name        string
		ChainID     string `json:"chain_id"`
		RequestID   uint64 `json:"request_id"`
		AppHash     string `json:"app_hash"`
		Draw        string
		Worker      string
		Checkpoints uint32
		Segments    uint32
		Drawn       []uint32
	}
	require.NoError(t, json.Unmarshal(content, &vectors))
	require.Greater(t, len(vectors), 5)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			appHash, err := hex.DecodeString(v.AppHash)
			require.NoError(t, err)
			worker, err := hex.DecodeString(v.Worker)
			require.NoError(t, err)
			draw := types.Draw(v.ChainID, v.RequestID, appHash)
			require.Equal(t, v.Draw, hex.EncodeToString(draw[:]))
			require.Equal(t, v.Drawn, types.Drawn(draw, worker, v.Checkpoints, v.Segments))
		})
	}
}

// TestDrawnSegmentsAreSome: as many as the terms say, each once, rising, the last always, and whoever looks again sees the same.
func TestDrawnSegmentsAreSome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "draw"))
		worker := sdk.AccAddress(rapid.SliceOfN(rapid.Byte(), 20, 20).Draw(t, "worker"))
		checkpoints := rapid.Uint32Range(0, 300).Draw(t, "checkpoints")
		segments := rapid.Uint32Range(1, 300).Draw(t, "segments")
		drawn := types.Drawn(draw, worker, checkpoints, segments)
		require.Len(t, drawn, int(min(checkpoints, segments))+1)
		require.True(t, slices.IsSorted(drawn))
		require.Len(t, slices.Compact(slices.Clone(drawn)), len(drawn))
		require.Equal(t, checkpoints, drawn[len(drawn)-1])
		require.Equal(t, drawn, types.Drawn(draw, worker, checkpoints, segments))
		fewer := types.Drawn(draw, worker, checkpoints, segments-1)
		for _, place := range fewer {
			require.Contains(t, drawn, place, "who checks more checks the same and others")
		}
	})
}

// TestEverySegmentIsDrawnAsOften: over many draws no place is spared.
func TestEverySegmentIsDrawnAsOften(t *testing.T) {
	const draws, checkpoints, segments = 4_000, 10, 3
	counts := make([]int, checkpoints+1)
	for i := range uint64(draws) {
		for _, place := range types.Drawn(types.Draw("chain", i, nil), workerA, checkpoints, segments) {
			counts[place]++
		}
	}
	require.Equal(t, draws, counts[checkpoints])
	for place, n := range counts[:checkpoints] {
		require.InDelta(t, draws*segments/checkpoints, n, 150, "segment %d; five deviations are 145", place)
	}
}

// TestWhatACheatRisks is the README's arithmetic: of N+1 segments that cost C together a cheat does n, invents one that spares
// it the rest, and is caught with s of n. Where bond and share together are C(N+1)/4s, none of them gains.
func TestWhatACheatRisks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.Int64Range(1, 1_024).Draw(t, "segments of the whole work") // N+1
		drawn := rapid.Int64Range(1, 1_024).Draw(t, "segments drawn")
		honest := rapid.Int64Range(1, all).Draw(t, "segments really done") // n
		if honest <= drawn {
			return // whatever it invented is drawn
		}
		// What it spares, C(all-honest)/all, is at most what it risks, C*all/(4*drawn) in drawn/honest of the cases: both times
		// 4*all*honest/C.
		require.LessOrEqual(t, (all-honest)*4*honest, all*all)
	})
}

func TestDrawnOf(t *testing.T) {
	terms := types.TermsSpec{Segments: 2}
	c := types.Checkpoints{Worker: workerA.String(), Digests: make([][]byte, 8)}
	drawn, err := types.Request{}.DrawnOf(terms, c)
	require.NoError(t, err)
	require.Empty(t, drawn, "not drawn yet")
	draw := types.Draw("chain", 1, nil)
	drawn, err = types.Request{Draw: draw[:]}.DrawnOf(terms, c)
	require.NoError(t, err)
	require.Equal(t, types.Drawn(draw, workerA, 8, 2), drawn)
	c.Worker = "me"
	_, err = types.Request{Draw: draw[:]}.DrawnOf(terms, c)
	require.ErrorIs(t, err, types.ErrInvalid)
}

func TestAwaitsDraw(t *testing.T) {
	checkpoint := types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT}
	for state, want := range map[types.RequestState]bool{
		types.REQUEST_STATE_OPEN: false, types.REQUEST_STATE_RUNNING: false,
		types.REQUEST_STATE_REVEALING: true, types.REQUEST_STATE_EVALUATING: true, types.REQUEST_STATE_RANKED: true,
		types.REQUEST_STATE_CHALLENGED: true, types.REQUEST_STATE_REOPENED: true,
		types.REQUEST_STATE_SETTLED: false, types.REQUEST_STATE_CANCELLED: false,
	} {
		require.Equal(t, want, types.Request{State: state}.AwaitsDraw(checkpoint), state)
		require.False(t, types.Request{State: state}.AwaitsDraw(types.TermsSpec{}), state)
		require.False(t, types.Request{State: state, Draw: make([]byte, 32)}.AwaitsDraw(checkpoint), state)
	}
}

func TestNoFileHidesTheState(t *testing.T) {
	spec := types.RequestSpec{Input: types.Input{Files: []types.NamedReference{{Name: "weights"}, {Name: "state"}}}}
	require.NoError(t, types.TermsSpec{}.CheckSpec(spec))
	err := types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT}.CheckSpec(spec)
	require.ErrorIs(t, err, types.ErrInvalid)
	require.ErrorContains(t, err, "spec.input.files[1].name: state is where the program finds its own state")
	spec.Input.Files = spec.Input.Files[1:]
	require.ErrorContains(t, types.TermsSpec{Verification: types.VERIFICATION_CHECKPOINT}.CheckSpec(spec), "spec.input.files[0].name")
}

// FuzzDrawn: whatever anybody publishes, drawing from it ends and gives places that are there.
func FuzzDrawn(f *testing.F) {
	f.Add([]byte("draw"), []byte("worker"), uint16(3), uint16(2))
	f.Fuzz(func(t *testing.T, appHash, worker []byte, checkpoints, segments uint16) {
		drawn := types.Drawn(types.Draw("chain", 1, appHash), worker, uint32(checkpoints), uint32(segments))
		require.NotEmpty(t, drawn)
		for _, place := range drawn {
			require.LessOrEqual(t, place, uint32(checkpoints))
		}
	})
}
