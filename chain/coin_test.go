package chain_test

import (
	"strings"
	"testing"

	"cosmossdk.io/math"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/chain"
)

func TestParseCoin(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     int64
		err      string
	}{
		{name: "a bare number is AIN", in: "10", want: 10_000_000},
		{name: "decimals are parts of an AIN", in: "0.25", want: 250_000},
		{name: "six decimals reach the smallest unit", in: "0.000001", want: 1},
		{name: "uain is exact", in: "10uain", want: 10},
		{name: "a space before the unit is allowed", in: " 7 uain ", want: 7},
		{name: "the display unit may be written", in: "1.5 AIN", want: 1_500_000},
		{name: "zero is an amount", in: "0", want: 0},
		{name: "leading zeros do not make it octal", in: "0017uain", want: 17},
		{name: "nothing is not money", in: "", err: "is not money"},
		{name: "a unit alone is not money", in: "uain", err: "is not money"},
		{name: "a sign is refused", in: "-1", err: "is not money"},
		{name: "an exponent is refused", in: "1e6", err: "is not money"},
		{name: "another coin is refused", in: "5stake", err: "is not money"},
		{name: "a bare point is refused", in: ".5", err: "is not money"},
		{name: "a trailing point is refused", in: "5.", err: "is not money"},
		{name: "uain has no decimals", in: "1.5uain", err: "uain is whole"},
		{name: "a seventh decimal is refused rather than rounded", in: "0.0000001", err: "at most 6"},
		{name: "an absurd number is refused", in: "1" + strings.Repeat("0", 70), err: "too large"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := chain.ParseCoin(c.in)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, chain.Coin(c.want), got)
		})
	}
}

func TestFormatCoin(t *testing.T) {
	for in, want := range map[int64]string{0: "0 AIN", 1: "0.000001 AIN", 250_000: "0.25 AIN", 10_000_000: "10 AIN", 10_500_000: "10.5 AIN"} {
		require.Equal(t, want, chain.FormatCoin(chain.Coin(in)))
	}
	require.Equal(t, "-1.5", chain.FormatAmount(math.NewInt(-1_500_000)))
	require.Equal(t, "0", chain.FormatAmount(math.Int{}))
	require.Equal(t, "3stake", chain.FormatCoin(sdk.NewInt64Coin("stake", 3)))
}

func TestCoinIsReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coin := chain.Coin(rapid.Int64Min(0).Draw(t, "uain"))
		back, err := chain.ParseCoin(chain.FormatCoin(coin))
		if err != nil || !back.Equal(coin) {
			t.Fatalf("%s was read back as %s: %v", coin, back, err)
		}
	})
}

// FuzzParseCoin: money that is read is written so that it is read back as the same.
func FuzzParseCoin(f *testing.F) {
	for _, seed := range []string{"10", "0.25", "10 AIN", "10uain", "-1", "1e6", "00.000001", strings.Repeat("9", 61), "0x10", "10 uain"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		coin, err := chain.ParseCoin(text)
		if err != nil {
			return
		}
		require.False(t, coin.IsNegative())
		back, err := chain.ParseCoin(chain.FormatCoin(coin))
		require.NoError(t, err)
		require.True(t, back.Equal(coin), "%s became %s", coin, back)
	})
}

func TestAddressesCarryOurPrefix(t *testing.T) {
	chain.SetPrefixes()
	address := make([]byte, 20)
	require.Contains(t, sdk.AccAddress(address).String(), "ain1")
	require.Contains(t, sdk.ValAddress(address).String(), "ainvaloper1")
	require.Contains(t, sdk.ConsAddress(address).String(), "ainvalcons1")
	require.Equal(t, "uain", sdk.DefaultBondDenom)
}
