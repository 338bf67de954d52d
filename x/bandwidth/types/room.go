package types

import (
	"math/bits"

	"cosmossdk.io/math"
)

// uainPerAIN is how many of the smallest coins make one AIN.
const uainPerAIN = 1_000_000

// mostCoinBits is the length of an amount in uain whose room is beyond MaxRoom whatever an AIN gives, and can still be
// multiplied.
const mostCoinBits = 128

// MaxRoom bounds every room, so that sums of two never overflow.
const MaxRoom = uint64(1) << 62

// Fits says whether need goes into what is left of full when used is in use.
func (r Room) Fits(used, full Room) bool {
	return fits(r.Bytes, used.Bytes, full.Bytes) && fits(r.Gas, used.Gas, full.Gas)
}

func fits(need, used, full uint64) bool { return used <= full && need <= full-used }

// Add is the sum, at most MaxRoom of each.
func (r Room) Add(other Room) Room {
	return Room{Bytes: min(r.Bytes+other.Bytes, MaxRoom), Gas: min(r.Gas+other.Gas, MaxRoom)}
}

// Min is the smaller of each.
func (r Room) Min(other Room) Room {
	return Room{Bytes: min(r.Bytes, other.Bytes), Gas: min(r.Gas, other.Gas)}
}

// Part is bps ten-thousandths of the room, rounded down.
func (r Room) Part(bps uint32) Room {
	return Room{Bytes: mulDiv(r.Bytes, uint64(bps), 10_000), Gas: mulDiv(r.Gas, uint64(bps), 10_000)}
}

// IsZero says that nothing is in use.
func (r Room) IsZero() bool { return r == Room{} }

// RoomOf is the room that coins in stake give, rounded down.
func (p Params) RoomOf(stake math.Int) Room {
	return Room{Bytes: roomOf(stake, p.PerAin.Bytes), Gas: roomOf(stake, p.PerAin.Gas)}
}

func roomOf(stake math.Int, perAIN uint64) uint64 {
	if stake.BigInt().BitLen() > mostCoinBits {
		return MaxRoom
	}
	room := stake.Mul(math.NewIntFromUint64(perAIN)).QuoRaw(uainPerAIN)
	return math.MinInt(room, math.NewIntFromUint64(MaxRoom)).Uint64()
}

// CoinsFor are the fewest uain in stake whose room, besides base, holds used:
// these coins are bound.
func (p Params) CoinsFor(used, base Room) math.Int {
	return math.MaxInt(
		coinsFor(used.Bytes, base.Bytes, p.PerAin.Bytes),
		coinsFor(used.Gas, base.Gas, p.PerAin.Gas),
	)
}

func coinsFor(used, base, perAIN uint64) math.Int {
	if used <= base {
		return math.ZeroInt()
	}
	return math.NewIntFromUint64(used - base).MulRaw(uainPerAIN).
		Add(math.NewIntFromUint64(perAIN - 1)).Quo(math.NewIntFromUint64(perAIN))
}

// mulDiv is a * b / c, rounded down, and MaxRoom if that is less.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return MaxRoom
	}
	quotient, _ := bits.Div64(hi, lo, c)
	return min(quotient, MaxRoom)
}

// mulDivUp is a * b / c, rounded up, and MaxRoom if that is less.
func mulDivUp(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return MaxRoom
	}
	quotient, rest := bits.Div64(hi, lo, c)
	if rest > 0 {
		quotient++
	}
	return min(quotient, MaxRoom)
}
