package types

import "cosmossdk.io/math"

const (
	// basisPoints is the whole of a share.
	basisPoints = 10_000
	// maxAmountBits bounds every amount in a message, so that no product of two
	// of our numbers leaves the 256 bits of an amount.
	maxAmountBits = 100
)

// normalizeAmount turns an amount that was left out into zero, and refuses what
// is negative or absurd.
func normalizeAmount(field string, amount *math.Int) error {
	switch {
	case amount.IsNil():
		*amount = math.ZeroInt()
	case amount.IsNegative():
		return ErrInvalid.Wrapf("%s: %suain is negative", field, amount)
	case amount.BigInt().BitLen() > maxAmountBits:
		return ErrLimit.Wrapf("%s: more than 2^%d uain", field, maxAmountBits)
	}
	return nil
}

// shareDown and shareUp are a share of an amount in basis points, rounded.
func shareDown(amount math.Int, bps uint32) math.Int {
	return amount.MulRaw(int64(bps)).QuoRaw(basisPoints)
}

func shareUp(amount math.Int, bps uint32) math.Int {
	return amount.MulRaw(int64(bps)).AddRaw(basisPoints - 1).QuoRaw(basisPoints)
}
