package types_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

var (
	workerA = sdk.AccAddress("aaaaaaaaaaaaaaaaaaaa")
	workerB = sdk.AccAddress("bbbbbbbbbbbbbbbbbbbb")
)

// Vectors computed by hand with Python's hashlib from the definition in the README.
func TestCommitmentVector(t *testing.T) {
	salt := make([]byte, 32)
	for i := range salt {
		salt[i] = byte(i)
	}
	got := types.Commitment("ain-devnet-1", 42, workerA, sha256.Sum256([]byte("result")), salt)
	require.Equal(t, "f017ad78fc6510a5194dc4b56abb736fac8317efbdaedbbc3f41d7d4129f1a5a", hex.EncodeToString(got[:]))
	got = types.Commitment("ain-devnet-1", 42, workerA, sha256.Sum256([]byte("result")), salt, left()...)
	require.Equal(t, "5a707fae225f4c1c3e54f560923b16ace36c5c0a119a7fd337c9fe782778874b", hex.EncodeToString(got[:]))
}

// left are files that a program leaves, one of them in chunks.
func left() []types.NamedReference {
	return []types.NamedReference{
		{Name: "out.tar", Reference: types.Reference{Digest: types.Digest([]byte("out")), Size_: 3, Space: 7}},
		{Name: "log", Reference: types.Reference{Digest: types.Digest([]byte("log")), Size_: 1 << 30, Chunked: true}},
	}
}

func TestCommitmentBindsFilesWhereverTheyLie(t *testing.T) {
	commitment := func(change func(*types.NamedReference)) [32]byte {
		files := left()
		change(&files[0])
		return types.Commitment("chain", 1, workerA, sha256.Sum256([]byte("result")), make([]byte, 32), files...)
	}
	base := commitment(func(*types.NamedReference) {})
	for name, change := range map[string]func(*types.NamedReference){
		"name":    func(f *types.NamedReference) { f.Name = "out" },
		"digest":  func(f *types.NamedReference) { f.Reference.Digest = types.Digest([]byte("other")) },
		"size":    func(f *types.NamedReference) { f.Reference.Size_++ },
		"chunked": func(f *types.NamedReference) { f.Reference.Chunked = true },
	} {
		require.NotEqual(t, base, commitment(change), name)
	}
	require.Equal(t, base, commitment(func(f *types.NamedReference) { f.Reference.Space = 8 }))
	require.NotEqual(t, base, types.Commitment("chain", 1, workerA, sha256.Sum256([]byte("result")), make([]byte, 32)))
}

func TestSeedVectors(t *testing.T) {
	own := types.Seed("ain-devnet-1", 42, workerA)
	require.Equal(t, "62ca9f5eb39999f422a86885e7199b4506c752a65517830f953bcddff84e2194", hex.EncodeToString(own[:]))
	shared := types.Seed("ain-devnet-1", 42, nil)
	require.Equal(t, "3f087c1eb5a704008b71add4e1b70049d139a57758e11fa981f8338838520f8b", hex.EncodeToString(shared[:]))
}

func TestCommitmentBindsEveryPart(t *testing.T) {
	digest, salt := sha256.Sum256([]byte("result")), make([]byte, 32)
	base := types.Commitment("chain", 1, workerA, digest, salt)
	for name, other := range map[string][32]byte{
		"chain":   types.Commitment("chaim", 1, workerA, digest, salt),
		"request": types.Commitment("chain", 2, workerA, digest, salt),
		"worker":  types.Commitment("chain", 1, workerB, digest, salt),
		"result":  types.Commitment("chain", 1, workerA, sha256.Sum256(nil), salt),
		"salt":    types.Commitment("chain", 1, workerA, digest, append([]byte{1}, salt[1:]...)),
	} {
		require.NotEqual(t, base, other, name)
	}
}

func TestResultDigestIsOfTheContentWhereverItLies(t *testing.T) {
	content := []byte("result")
	inline, err := types.ResultDigest(types.Result{Inline: content})
	require.NoError(t, err)
	stored, err := types.ResultDigest(types.Result{Reference: &types.Reference{Digest: types.Digest(content), Size_: 6}})
	require.NoError(t, err)
	require.Equal(t, inline, stored)

	_, err = types.ResultDigest(types.Result{Inline: content, Reference: &types.Reference{Digest: types.Digest(content)}})
	require.ErrorIs(t, err, types.ErrInvalid)
	_, err = types.ResultDigest(types.Result{Reference: &types.Reference{Digest: "sha256:00"}})
	require.ErrorIs(t, err, types.ErrInvalid)
}

func TestDigestIsReadInOneFormOnly(t *testing.T) {
	digest := types.Digest([]byte("x"))
	sum, err := types.ParseDigest(digest)
	require.NoError(t, err)
	require.Equal(t, sha256.Sum256([]byte("x")), sum)
	for _, bad := range []string{"", digest[7:], digest + "00", digest[:70], "SHA256:" + digest[7:], "sha256:" + "A" + digest[8:], digest[:70] + "g"} {
		_, err := types.ParseDigest(bad)
		require.ErrorIs(t, err, types.ErrInvalid, "%q", bad)
	}
}
