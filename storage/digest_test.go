package storage_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

// emptyHex is the sha256 of nothing, from FIPS 180-4's test values.
const emptyHex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestDigestOf(t *testing.T) {
	require.Equal(t, storage.Digest("sha256:"+emptyHex), storage.DigestOf(nil))
	require.Equal(t,
		storage.Digest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
		storage.DigestOf([]byte("abc")))
	info, err := storage.DigestReader(strings.NewReader("abc"))
	require.NoError(t, err)
	require.Equal(t, storage.Info{Digest: storage.DigestOf([]byte("abc")), Size: 3}, info)
}

func TestParseDigest(t *testing.T) {
	d, err := storage.ParseDigest("sha256:" + emptyHex)
	require.NoError(t, err)
	require.Equal(t, emptyHex, d.Hex())
	require.Equal(t, "sha256:"+emptyHex, d.String())
	for bad, want := range map[string]string{
		"":                                       "is empty",
		emptyHex:                                 `start with "sha256:"`,
		"sha512:" + emptyHex:                     `start with "sha256:"`,
		"sha256:" + emptyHex[1:]:                 "has 63 hex digits",
		"sha256:" + emptyHex + "0":               "has 65 hex digits",
		"sha256:" + strings.ToUpper(emptyHex):    "not a lower-case hex digit",
		"sha256:" + strings.Repeat("g", 64):      "not a lower-case hex digit",
		"sha256:" + strings.Repeat("é", 32):      "not a lower-case hex digit",
		"sha256:" + emptyHex[:62] + "\n" + "0":   "not a lower-case hex digit",
		"sha256:../../../../../../../etc/passwd": "hex digits",
	} {
		_, err := storage.ParseDigest(bad)
		require.ErrorContains(t, err, want, "%q", bad)
	}
}

func FuzzParseDigest(f *testing.F) {
	f.Add("sha256:" + emptyHex)
	f.Add("sha256:" + strings.ToUpper(emptyHex))
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		d, err := storage.ParseDigest(s)
		if err != nil {
			return
		}
		require.Equal(t, s, d.String())
		require.Len(t, d.Hex(), 64)
		require.NotContains(t, d.Hex(), "/")
	})
}
