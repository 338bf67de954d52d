package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/x/bandwidth/types"
)

const day = 24 * 60 * 60 * 1000

func gas(amount uint64) types.Room { return types.Room{Bytes: 1, Gas: amount} }

func TestMeterIsFreedSteadily(t *testing.T) {
	full := gas(1000)
	used := types.Meter{Used: types.Room{Gas: 600}, Full: full, AtMs: 5_000_000}
	for _, c := range []struct {
		name   string
		passed int64
		full   types.Room
		left   uint64
	}{
		{"nothing at once", 0, full, 600},
		{"nothing before a whole unit is free", day/1000 - 1, full, 600},
		{"a unit after its part of the window", day / 1000, full, 599},
		{"half the room in half the window", day / 2, full, 100},
		{"never below zero", 3 * day, full, 0},
		{"nothing when time goes backwards", -1000, full, 600},
		{"at the old pace when the room has grown", day / 2, gas(4000), 100},
		{"at the new pace when the room has shrunk", day / 2, gas(200), 500},
		{"not at all without room", 2 * day, types.Room{}, 600},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := used.At(used.AtMs+c.passed, c.full, day)
			require.Equal(t, c.left, now.Used.Gas)
			require.Equal(t, c.full, now.Full)
			require.Equal(t, max(used.AtMs, used.AtMs+c.passed), now.AtMs)
		})
	}
}

func TestWaitIsNeverWhereWaitingDoesNotHelp(t *testing.T) {
	m := types.Meter{Used: gas(10), Full: gas(10), AtMs: 7}
	require.Equal(t, types.Never, m.PassesAt(gas(11), gas(10), day), "more than the whole room")
	require.Equal(t, types.Never, m.PassesAt(types.Room{Bytes: 2}, gas(10), day), "more bytes than the whole room")
	require.Equal(t, types.Never, m.FreeAt(types.Room{}, day), "nothing in stake any more")
	require.Equal(t, int64(7), types.Meter{AtMs: 7}.FreeAt(types.Room{}, day), "nothing in use")
}

// Numbers at the end of what they can be overflow nowhere.
func TestLargestMeter(t *testing.T) {
	most := types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom}
	m := types.Meter{Used: most, Full: most, AtMs: 5}
	require.Equal(t, most.Gas/2, m.At(5+day/2, most, day).Used.Gas)
	for _, windows := range []int64{1, 3, 4, 5, 1000} {
		require.Zero(t, m.At(5+windows*day, most, day).Used, "after %d windows", windows)
	}
	for _, full := range []uint64{1, day/4 - 1, day / 4, day/4 + 1, day - 1} {
		little := types.Room{Bytes: full, Gas: full}
		require.Equal(t, 5+int64(types.MaxRoom), m.FreeAt(little, day), "at a pace of %d", full)
	}
	require.Equal(t, int64(5+2*day), m.FreeAt(types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom / 2}, day), "the later of the two")
	require.Equal(t, int64(5+2*day), m.FreeAt(types.Room{Bytes: types.MaxRoom / 2, Gas: types.MaxRoom}, day), "the later of the two")
}

// The time that a refusal names is exact, whatever the numbers.
func TestWaitIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amount := rapid.Uint64Range(1, 1<<45)
		before := types.Room{Bytes: amount.Draw(t, "bytes before"), Gas: amount.Draw(t, "gas before")}
		full := types.Room{Bytes: amount.Draw(t, "bytes"), Gas: amount.Draw(t, "gas")}
		m := types.Meter{Full: before, AtMs: rapid.Int64Range(0, 1<<40).Draw(t, "at")}
		m.Used = types.Room{
			Bytes: rapid.Uint64Range(0, before.Bytes).Draw(t, "used bytes"), Gas: rapid.Uint64Range(0, before.Gas).Draw(t, "used gas"),
		}
		need := types.Room{
			Bytes: rapid.Uint64Range(0, full.Bytes).Draw(t, "need bytes"), Gas: rapid.Uint64Range(0, full.Gas).Draw(t, "need gas"),
		}
		window := rapid.Uint64Range(60_000, 30*day).Draw(t, "window")
		at := m.PassesAt(need, full, window)
		require.GreaterOrEqual(t, at, m.AtMs)
		free := m.FreeAt(full, window)
		if longest := m.AtMs + int64(types.MaxRoom); at == longest || free == longest {
			return // longer than can be said: millions of years
		}
		require.True(t, m.At(at, full, window).Fits(need), "at the time")
		if at > m.AtMs {
			require.False(t, m.At(at-1, full, window).Fits(need), "a millisecond earlier")
		}
		require.Zero(t, m.At(free, full, window).Used)
		if free > m.AtMs {
			require.NotZero(t, m.At(free-1, full, window).Used)
		}
	})
}

// Bound coins are the fewest whose room holds what is in use.
func TestBoundCoinsAreTheFewest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		params := types.DefaultParams()
		params.PerAin = types.Room{
			Bytes: rapid.Uint64Range(1, 1<<40).Draw(t, "bytes of an AIN"), Gas: rapid.Uint64Range(1, 1<<40).Draw(t, "gas of an AIN"),
		}
		amount := rapid.Uint64Range(0, 1<<50)
		base := types.Room{Bytes: amount.Draw(t, "base bytes"), Gas: amount.Draw(t, "base gas")}
		used := types.Room{Bytes: amount.Draw(t, "used bytes"), Gas: amount.Draw(t, "used gas")}
		coins := params.CoinsFor(used, base)
		require.True(t, used.Fits(types.Room{}, params.RoomOf(coins).Add(base)))
		if coins.IsPositive() {
			require.False(t, used.Fits(types.Room{}, params.RoomOf(coins.SubRaw(1)).Add(base)), "one uain less")
		}
	})
}

func TestRoomIsBounded(t *testing.T) {
	params := types.DefaultParams()
	params.PerAin = types.Room{Bytes: 1 << 40, Gas: 1 << 40}
	all := params.RoomOf(math.NewIntWithDecimal(1, 30))
	require.Equal(t, types.Room{Bytes: types.MaxRoom, Gas: types.MaxRoom}, all)
	require.Equal(t, all, all.Add(all), "no overflow")
	require.Equal(t, types.Room{Bytes: 20_000, Gas: 10_000_000}, types.DefaultParams().RoomOf(math.NewInt(1_000_000)))
	require.Zero(t, types.DefaultParams().RoomOf(math.ZeroInt()))
	require.Equal(t, types.Room{Bytes: 0, Gas: 490}, types.DefaultParams().RoomOf(math.NewInt(49)), "a part of a byte is none")
	require.Equal(t, types.Room{Bytes: 1, Gas: 500}, types.DefaultParams().RoomOf(math.NewInt(50)))
	require.Equal(t, types.Room{Bytes: 1, Gas: 299}, types.Room{Bytes: 19, Gas: 2999}.Part(1000), "rounded down")
}
