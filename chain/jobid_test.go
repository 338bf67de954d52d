package chain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/chain"
)

func TestParseJobID(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     uint64
		err      string
	}{
		{name: "the shortest form", in: "0x1a", want: 26},
		{name: "leading zeros are the same job", in: "0x0001a", want: 26},
		{name: "upper case is the same job", in: "0X1A", want: 26},
		{name: "the largest id", in: "0xffffffffffffffff", want: 1<<64 - 1},
		{name: "a number without 0x is ambiguous", in: "26", err: "does not start with 0x"},
		{name: "letters past f are no digits", in: "0xg", err: "not a hexadecimal number"},
		{name: "no digits", in: "0x", err: "not a hexadecimal number"},
		{name: "a sign is no digit", in: "0x-1", err: "not a hexadecimal number"},
		{name: "more than 64 bits", in: "0x10000000000000000", err: "not a hexadecimal number"},
		{name: "zero is no job", in: "0x0", err: "zero"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := chain.ParseJobID(c.in)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			again, err := chain.ParseJobID(chain.FormatJobID(got))
			require.NoError(t, err)
			require.Equal(t, got, again)
		})
	}
}

// FuzzParseJobID: an id that is read is written so that it is read back as the same.
func FuzzParseJobID(f *testing.F) {
	for _, seed := range []string{"0x1", "0x0001", "1", "0xffffffffffffffff", "0x10000000000000000", "0X1", "-0x1", "0x", "0x1_0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := chain.ParseJobID(text)
		if err != nil {
			return
		}
		back, err := chain.ParseJobID(chain.FormatJobID(id))
		require.NoError(t, err)
		require.Equal(t, id, back)
	})
}
