package release_test

import (
	"context"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/release"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/local"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// key signs as an account does.
type key struct{ *secp256k1.PrivKey }

func (k key) Address() sdk.AccAddress    { return sdk.AccAddress(k.PrivKey.PubKey().Address()) }
func (k key) PubKey() cryptotypes.PubKey { return k.PrivKey.PubKey() }

func newKey() key { return key{secp256k1.GenPrivKey()} }

const schemaDigest = "sha256:00000000000000000000000000000000000000000000000000000000000000aa"

// counted counts the downloads of a store.
type counted struct {
	storage.Store
	gets atomic.Int64
}

func (c *counted) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	c.gets.Add(1)
	return c.Store.Get(ctx, d)
}

type fixture struct {
	admin key
	store *counted
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	store, err := local.Open(t.TempDir())
	require.NoError(t, err)
	return &fixture{admin: newKey(), store: &counted{Store: store}}
}

// publish puts a program into the store and signs its release.
func (f *fixture) publish(t *testing.T, content string) jobstypes.ReleaseSpec {
	t.Helper()
	info, err := storage.PutBytes(t.Context(), f.store, []byte(content))
	require.NoError(t, err)
	spec := jobstypes.ReleaseSpec{
		Role: program.ROLE_WORKER, Version: "1.0.0",
		Program: program.Program{
			Kind: program.PROGRAM_KIND_WASM, ABI: program.ABI_STDIO_PROTO, Digest: string(info.Digest), Size_: uint64(info.Size),
		},
	}
	require.NoError(t, release.Sign(t.Context(), f.admin, schemaDigest, &spec))
	return spec
}

func (f *fixture) fetch(t *testing.T, c *release.Cache, spec jobstypes.ReleaseSpec) (string, error) {
	t.Helper()
	return c.Fetch(t.Context(), f.store, spec, spec.Program, schemaDigest, f.admin.Address())
}

func openCache(t *testing.T, dir string, size int64) *release.Cache {
	t.Helper()
	c, err := release.OpenCache(dir, size)
	require.NoError(t, err)
	return c
}

func TestSignedReleasesAreVerifiedByTheChainsRule(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "program")
	require.NoError(t, release.Verify(spec, schemaDigest, f.admin.Address()))

	require.ErrorIs(t, release.Verify(spec, schemaDigest, newKey().Address()), release.ErrSigner)
	require.ErrorIs(t, release.Verify(spec, strings.Replace(schemaDigest, "a", "b", 1), f.admin.Address()), release.ErrSignature)

	changed := spec
	changed.Program.EntryPoint = "Other"
	require.ErrorIs(t, release.Verify(changed, schemaDigest, f.admin.Address()), release.ErrSignature)

	forged := spec
	forged.Signatures = []jobstypes.Signature{spec.Signatures[0]}
	forged.Signatures[0].PublicKey = newKey().PubKey().Bytes()
	require.ErrorIs(t, release.Verify(forged, schemaDigest, f.admin.Address()), release.ErrSignature)

	spec.Signatures = nil
	require.ErrorIs(t, release.Verify(spec, schemaDigest, f.admin.Address()), release.ErrSignature)
}

func TestFetchDownloadsOnce(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "program")
	dir := t.TempDir()
	c := openCache(t, dir, 100)

	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			path, err := f.fetch(t, c, spec)
			if err != nil {
				t.Error(err)
				return
			}
			content, err := os.ReadFile(path)
			if err != nil || string(content) != "program" {
				t.Errorf("got %q, %v", content, err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, f.store.gets.Load())

	_, err := f.fetch(t, openCache(t, dir, 100), spec)
	require.NoError(t, err)
	require.EqualValues(t, 1, f.store.gets.Load(), "a later process finds it")
}

func TestFetchTakesAnyProgramOfTheReleaseAndNoOther(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "image")
	module := f.publish(t, "module").Program
	c := openCache(t, t.TempDir(), 100)
	_, err := c.Fetch(t.Context(), f.store, spec, module, schemaDigest, f.admin.Address())
	require.ErrorIs(t, err, release.ErrProgram)
	require.Zero(t, f.store.gets.Load())

	spec.Signatures, spec.Alternatives = nil, []program.Program{module}
	require.NoError(t, release.Sign(t.Context(), f.admin, schemaDigest, &spec))
	path, err := c.Fetch(t.Context(), f.store, spec, module, schemaDigest, f.admin.Address())
	require.NoError(t, err)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "module", string(content))
}

func TestFetchDownloadsNothingThatIsNotSigned(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "program")
	spec.Signatures[0].Signature[3] ^= 1
	_, err := f.fetch(t, openCache(t, t.TempDir(), 100), spec)
	require.ErrorIs(t, err, release.ErrSignature)
	require.Zero(t, f.store.gets.Load())
}

func TestFetchRefusesAProgramOfAnotherSize(t *testing.T) {
	f := newFixture(t)
	for name, size := range map[string]uint64{"smaller than it is": 3, "larger than it is": 30} {
		t.Run(name, func(t *testing.T) {
			spec := f.publish(t, "program")
			spec.Program.Size_, spec.Signatures = size, nil
			require.NoError(t, release.Sign(t.Context(), f.admin, schemaDigest, &spec))
			dir := t.TempDir()
			_, err := f.fetch(t, openCache(t, dir, 100), spec)
			require.Error(t, err)
			files, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, files, 1, "the cache's lock")
		})
	}
}

func TestFetchReplacesAFileThatSomebodyChanged(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "program")
	dir := t.TempDir()
	path, err := f.fetch(t, openCache(t, dir, 100), spec)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("changed"), 0o600))

	again, err := f.fetch(t, openCache(t, dir, 100), spec)
	require.NoError(t, err)
	content, err := os.ReadFile(again)
	require.NoError(t, err)
	require.Equal(t, "program", string(content))
}

func TestTheCacheRemovesWhatWasUsedLongestAgo(t *testing.T) {
	f := newFixture(t)
	a, b, c := f.publish(t, "aaaa"), f.publish(t, "bbbb"), f.publish(t, "cccc")
	cache := openCache(t, t.TempDir(), 8)

	pathA, err := f.fetch(t, cache, a)
	require.NoError(t, err)
	pathB, err := f.fetch(t, cache, b)
	require.NoError(t, err)
	_, err = f.fetch(t, cache, c)
	require.ErrorIs(t, err, release.ErrCacheFull, "both are in use")

	cache.Release(b.Program.Digest)
	cache.Release(a.Program.Digest)
	_, err = f.fetch(t, cache, a) // used again, and so younger than b
	require.NoError(t, err)
	_, err = f.fetch(t, cache, c)
	require.NoError(t, err)
	require.FileExists(t, pathA)
	require.NoFileExists(t, pathB)
}

func TestTheCacheThrowsAwayWhatWasNotFinished(t *testing.T) {
	dir := t.TempDir()
	left := dir + "/00.123.unverified"
	require.NoError(t, os.WriteFile(left, []byte("half"), 0o600))
	openCache(t, dir, 100)
	require.NoFileExists(t, left)
}

func TestFetchSaysThatTheStoreLacksIt(t *testing.T) {
	f := newFixture(t)
	spec := f.publish(t, "program")
	require.NoError(t, f.store.Delete(t.Context(), storage.Digest(spec.Program.Digest)))
	_, err := f.fetch(t, openCache(t, t.TempDir(), 100), spec)
	require.ErrorIs(t, err, storage.ErrNotFound)
}
