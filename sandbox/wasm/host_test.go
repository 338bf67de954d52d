package wasm

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	experimentalsys "github.com/tetratelabs/wazero/experimental/sys"
)

func TestInputsAreAFileSystem(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "host name")
	require.NoError(t, os.WriteFile(file, []byte("content"), 0o600))
	inputs := &inputFS{files: map[string]string{"a": file, "b.txt": file}}
	require.NoError(t, fstest.TestFS(inputs, "a", "b.txt"))

	inputs.files["folder"] = dir
	_, err := inputs.Open("folder")
	require.Error(t, err, "only regular files are shown")
}

func TestTheOutputFolderHasNoLinks(t *testing.T) {
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	require.NoError(t, os.Symlink(secret, filepath.Join(dir, "planted")))
	out := new(outputFS)
	out.set(dir, 100)
	assert.Equal(t, experimentalsys.ENOSYS, out.Symlink(secret, "link"))
	assert.Equal(t, experimentalsys.ENOSYS, out.Link("planted", "hard"))
	_, errno := out.Readlink("planted")
	assert.Equal(t, experimentalsys.ENOSYS, errno)
	_, errno = out.OpenFile("planted", experimentalsys.O_RDONLY, 0)
	assert.NotZero(t, errno, "not even a link that the host made is followed")
}

func TestTheOutputFolderIsBounded(t *testing.T) {
	out := new(outputFS)
	_, errno := out.OpenFile("early", experimentalsys.O_CREAT|experimentalsys.O_RDWR, 0o600)
	assert.Equal(t, experimentalsys.ENOENT, errno, "there is no folder before one is set")

	out.set(t.TempDir(), 10)
	f, errno := out.OpenFile("file", experimentalsys.O_CREAT|experimentalsys.O_RDWR, 0o600)
	require.Zero(t, errno)
	defer f.Close()
	n, errno := f.Write(make([]byte, 6))
	require.Zero(t, errno)
	assert.Equal(t, 6, n)
	assert.Equal(t, experimentalsys.EIO, f.Truncate(11))
	_, errno = f.Pwrite(make([]byte, 1), 10)
	assert.Equal(t, experimentalsys.EIO, errno)
	require.Zero(t, f.Truncate(0))
	_, errno = f.Pwrite(make([]byte, 5), 0)
	assert.Equal(t, experimentalsys.EIO, errno, "what was deleted still counts")
	_, errno = f.Pwrite(make([]byte, 4), 0)
	assert.Zero(t, errno)

	for i := range maxOutputFiles - 1 {
		require.Zero(t, out.Mkdir(strings.Repeat("d", i%200+1)+string(rune('a'+i/200)), 0o700))
	}
	assert.Equal(t, experimentalsys.EPERM, out.Mkdir("one too many", 0o700))
	_, errno = out.OpenFile("one too many", experimentalsys.O_CREAT|experimentalsys.O_RDWR, 0o600)
	assert.Equal(t, experimentalsys.EPERM, errno)
	_, errno = out.OpenFile("file", experimentalsys.O_CREAT|experimentalsys.O_RDWR, 0o600)
	assert.Zero(t, errno, "what is there can be opened")
}

func TestMemoryGrowsToTheLimitAndNoFurther(t *testing.T) {
	for name, make := range map[string]func(uint64) region{"mapped": reserve, "heap": func(uint64) region { return &heapRegion{} }} {
		t.Run(name, func(t *testing.T) {
			m := &memory{limit: 3 << 16}
			l := &linearMemory{owner: m, region: make(8 << 16)}
			first := l.Reallocate(1 << 16)
			require.Len(t, first, 1<<16)
			first[7] = 42
			grown := l.Reallocate(3 << 16)
			require.Len(t, grown, 3<<16)
			assert.Equal(t, byte(42), grown[7], "what was written stays")
			assert.Zero(t, grown[1<<16])
			assert.False(t, m.refused)
			assert.Nil(t, l.Reallocate(4<<16))
			assert.True(t, m.refused)
			assert.Equal(t, uint64(3<<16), m.peak)
			l.Free()
		})
	}
}

func TestTheClockOnlyCounts(t *testing.T) {
	var c clock
	first := c.read()
	assert.Greater(t, c.read(), first)
	c.sleep(1 << 40)
	assert.GreaterOrEqual(t, c.read(), int64(1<<40))
	c.sleep(-1)
	c.sleep(math.MaxInt64)
	c.sleep(math.MaxInt64)
	assert.Positive(t, epoch+c.read(), "it does not overflow")
	c.reset()
	assert.Equal(t, first, c.read())
}
