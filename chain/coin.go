package chain

import (
	"fmt"
	"strings"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// ParseCoin reads money as people write it. A bare number is AIN and may have up to six decimals ("10", "0.25", "10 AIN");
// with the unit uain it is exact and whole ("10uain"). Negative amounts, signs, exponents and other units are errors.
func ParseCoin(s string) (sdk.Coin, error) {
	text := strings.TrimSpace(s)
	number, exact := strings.CutSuffix(text, Denom)
	if !exact {
		number, _ = strings.CutSuffix(text, DisplayDenom)
	}
	whole, fraction, hasPoint := strings.Cut(strings.TrimSpace(number), ".")

	switch {
	case !isDigits(whole) || (hasPoint && !isDigits(fraction)):
		return sdk.Coin{}, fmt.Errorf("amount %q is not money: write 10 or 0.25 for AIN, 10uain for the smallest unit", s)
	case exact && hasPoint:
		return sdk.Coin{}, fmt.Errorf("amount %q has decimals: uain is whole, write it in AIN instead", s)
	case len(fraction) > DisplayExponent:
		return sdk.Coin{}, fmt.Errorf("amount %q has %d decimals: AIN has at most %d", s, len(fraction), DisplayExponent)
	}
	if !exact {
		whole += fraction + strings.Repeat("0", DisplayExponent-len(fraction))
	}
	// The SDK's integers read a leading zero as octal, and hold 256 bits: 60 digits is more than can exist.
	whole = strings.TrimLeft(whole[:len(whole)-1], "0") + whole[len(whole)-1:]
	amount, ok := math.Int{}, false
	if len(whole) <= 60 {
		amount, ok = math.NewIntFromString(whole)
	}
	if !ok {
		return sdk.Coin{}, fmt.Errorf("amount %q is too large", s)
	}
	return sdk.NewCoin(Denom, amount), nil
}

// Coin is n uain.
func Coin(n int64) sdk.Coin { return sdk.NewInt64Coin(Denom, n) }

// FormatCoin writes money as people read it and ParseCoin reads it back: "10 AIN", "0.000001 AIN". Coins of other
// denominations are written as the SDK does.
func FormatCoin(c sdk.Coin) string {
	if c.Denom != Denom {
		return c.String()
	}
	return FormatAmount(c.Amount) + " " + DisplayDenom
}

// FormatAmount writes an amount of uain as AIN without the unit and without trailing zeros: "10", "0.25", "-1.5".
func FormatAmount(amount math.Int) string {
	if amount.IsNil() {
		return "0"
	}
	digits := amount.Abs().String()
	if missing := DisplayExponent + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - DisplayExponent
	text := digits[:point]
	if fraction := strings.TrimRight(digits[point:], "0"); fraction != "" {
		text += "." + fraction
	}
	if amount.IsNegative() {
		return "-" + text
	}
	return text
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
