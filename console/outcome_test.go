package console

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// packed is a tar file of entries, each with its name for content where it is a file.
func packed(t *testing.T, entries ...tar.Header) []byte {
	t.Helper()
	var file bytes.Buffer
	w := tar.NewWriter(&file)
	for _, entry := range entries {
		entry.Mode = 0o644
		if entry.Typeflag == tar.TypeReg {
			entry.Size = int64(len(entry.Name))
		}
		require.NoError(t, w.WriteHeader(&entry))
		if entry.Typeflag == tar.TypeReg {
			_, err := w.Write([]byte(entry.Name))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	return file.Bytes()
}

// holed is a tar file of a few blocks that says to have a file of seven GiB, all of it a hole.
func holed(t *testing.T) []byte {
	t.Helper()
	file := packed(t, tar.Header{Name: "hole", Typeflag: tar.TypeDir})
	header := file[:512]
	copy(header[0:], "hole\x00")
	header[156] = tar.TypeGNUSparse
	copy(header[257:], "ustar  \x00")
	clear(header[345:512]) // the old form of GNU's: places of data, and the size with the holes
	copy(header[386:], "70000000000\x0000000000000\x00")
	copy(header[483:], "70000000000\x00")
	copy(header[148:], "        ")
	sum := 0
	for _, b := range header {
		sum += int(b)
	}
	copy(header[148:], fmt.Sprintf("%06o\x00 ", sum))
	return file
}

func TestWhatAProgramLeftIsUnpacked(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "out")
	file := packed(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "b/c", Typeflag: tar.TypeReg}, tar.Header{Name: "d/", Typeflag: tar.TypeDir})
	require.NoError(t, unpackInto(folder, bytes.NewReader(file), int64(len(file))))
	for _, name := range []string{"a", "b/c"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err)
		require.Equal(t, name, string(content))
	}
	require.DirExists(t, filepath.Join(folder, "d"))
}

// TestWhatAProgramLeftStaysInItsFolder: who packed it is a stranger, with or without the program's help.
func TestWhatAProgramLeftStaysInItsFolder(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		says string
	}{
		"a way up":       {packed(t, tar.Header{Name: "../out-of-it", Typeflag: tar.TypeReg}), "leads out of the folder"},
		"a way down, up": {packed(t, tar.Header{Name: "a/../../out-of-it", Typeflag: tar.TypeReg}), "leads out of the folder"},
		"from the root":  {packed(t, tar.Header{Name: "/out-of-it", Typeflag: tar.TypeReg}), "leads out of the folder"},
		"a link":         {packed(t, tar.Header{Name: "a", Typeflag: tar.TypeSymlink, Linkname: ".."}), "neither a file nor a folder"},
		"a hard link":    {packed(t, tar.Header{Name: "a", Typeflag: tar.TypeLink, Linkname: "/etc/passwd"}), "neither a file nor a folder"},
		"twice":          {packed(t, tar.Header{Name: "a", Typeflag: tar.TypeReg}, tar.Header{Name: "a", Typeflag: tar.TypeReg}), "exists"},
		"a hole":         {holed(t), "more bytes than the"},
		"no tar file":    {bytes.Repeat([]byte("no"), 1000), "tar"},
	} {
		t.Run(name, func(t *testing.T) {
			parent := t.TempDir()
			err := unpackInto(filepath.Join(parent, "out"), bytes.NewReader(c.file), int64(len(c.file)))
			require.ErrorContains(t, err, c.says)
			entries, err := os.ReadDir(parent)
			require.NoError(t, err)
			require.Len(t, entries, 1, "nothing is beside it")
		})
	}
}
