package storagetest

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

// RunDamage damages the file of an object behind a store's back, and requires
// that no reader takes the damage for content and that putting the content again
// repairs it. open returns a store and the path of an object's file.
func RunDamage(t *testing.T, open func(t *testing.T) (s storage.Store, file func(storage.Digest) string)) {
	for name, damage := range map[string]func(b []byte) []byte{
		"a flipped bit at the start": func(b []byte) []byte { b[0] ^= 1; return b },
		"a flipped bit at the end":   func(b []byte) []byte { b[len(b)-1] ^= 0x80; return b },
		"a byte less":                func(b []byte) []byte { return b[:len(b)-1] },
		"a byte more":                func(b []byte) []byte { return append(b, 0) },
		"nothing left":               func([]byte) []byte { return nil },
		"zeroes in place of a block": func(b []byte) []byte { clear(b[:min(len(b), 4096)]); return b },
	} {
		t.Run(name+" is never read as content, and a new put repairs it", func(t *testing.T) {
			s, file := open(t)
			for _, size := range []int{1, 100_000, 3 << 20} {
				checkDamage(t, s, file, Content(uint64(size), size), damage)
			}
		})
	}
}

func checkDamage(t *testing.T, s storage.Store, file func(storage.Digest) string, b []byte, damage func([]byte) []byte) {
	ctx := deadline(t)
	info, err := storage.PutBytes(ctx, s, b)
	require.NoError(t, err)
	path := file(info.Digest)
	onDisk, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b, onDisk, "the file of an object holds its bytes")
	damaged := damage(bytes.Clone(b))
	require.NotEqual(t, b, damaged)
	require.NoError(t, os.WriteFile(path, damaged, 0o600))

	body, _, err := s.Get(ctx, info.Digest)
	require.NoError(t, err)
	got, err := io.ReadAll(body)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	require.NoError(t, body.Close())
	require.Less(t, len(got), max(len(damaged), 1), "the last bytes are kept back")

	dir := t.TempDir()
	_, err = storage.Fetch(ctx, s, info.Digest, filepath.Join(dir, "file"), 1<<30)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	requireFiles(t, dir)
	_, err = storage.ReadAll(ctx, s, info.Digest, 1<<30)
	require.ErrorIs(t, err, storage.ErrDigestMismatch)

	_, err = storage.PutBytes(ctx, s, b)
	require.NoError(t, err)
	requireContent(t, s, b, "after the repair")
}
