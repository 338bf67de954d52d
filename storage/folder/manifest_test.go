package folder_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
)

var (
	digest = string(storage.DigestOf([]byte("content")))
	two    = `{"ain":"folder/v1","files":[` + file("a-b/ü &.txt", 7) + `,` + file("a/model.bin", 9) + `]}`
)

func file(path string, size int64) string {
	return fmt.Sprintf(`{"path":%q,"digest":"%s","size":%d,"chunked":false}`, path, digest, size)
}

func of(files ...string) string {
	return `{"ain":"folder/v1","files":[` + strings.Join(files, ",") + `]}`
}

func TestManifest(t *testing.T) {
	m, err := folder.Parse([]byte(two))
	require.NoError(t, err)
	require.Equal(t, two, string(m.Bytes()))
	require.EqualValues(t, 16, m.Size())
	got, found := m.Lookup("a/model.bin")
	require.True(t, found)
	require.Equal(t, folder.File{Path: "a/model.bin", Digest: storage.Digest(digest), Size: 9}, got)
	require.Equal(t, chunk.Ref{Digest: storage.Digest(digest), Size: 9}, got.Ref())
	for _, path := range []string{"", "a", "a/model", "b", "A/model.bin"} {
		_, found := m.Lookup(path)
		require.False(t, found, path)
	}
	sealed := strings.Replace(two, `"size":7,"chunked":false`, `"size":7,"chunked":true,"sealed":true`, 1)
	m, err = folder.Parse([]byte(sealed))
	require.NoError(t, err)
	require.Equal(t, sealed, string(m.Bytes()))
	require.Equal(t, folder.File{Path: "a-b/ü &.txt", Digest: storage.Digest(digest), Size: 7, Chunked: true, Sealed: true}, m.Files[0])
	empty, err := folder.Parse([]byte(`{"ain":"folder/v1","files":[]}`))
	require.NoError(t, err)
	require.Equal(t, `{"ain":"folder/v1","files":[]}`, string(empty.Bytes()))
	require.Equal(t, `{"ain":"folder/v1","files":[]}`, string(folder.Manifest{}.Bytes()))
}

func TestManifestsThatAreNone(t *testing.T) {
	long := strings.Repeat("a", folder.MaxPath+1)
	for name, c := range map[string]struct{ text, err string }{
		"nothing":                {"", "EOF"},
		"another kind":           {strings.Replace(two, "folder/v1", "folder/v2", 1), `ain is "folder/v2", want "folder/v1"`},
		"no files":               {`{"ain":"folder/v1","files":null}`, notCanonical},
		"an unknown field":       {strings.Replace(two, `"size"`, `"mode":1,"size"`, 1), `json: unknown field "mode"`},
		"a space":                {strings.Replace(two, `,"size"`, `, "size"`, 1), notCanonical},
		"a line end":             {two + "\n", notCanonical},
		"a letter escaped":       {strings.Replace(two, `&`, `\u0026`, 1), notCanonical},
		"a missing field":        {strings.Replace(two, `,"chunked":false`, ``, 1), notCanonical},
		"an empty path":          {of(file("", 1)), `file 0: path "" is empty`},
		"a long path":            {of(file(long, 1)), fmt.Sprintf("file 0: path %q has 1025 bytes, want at most 1024", long)},
		"an absolute path":       {of(file("/etc/passwd", 1)), `file 0: path "/etc/passwd" is absolute, want it from the folder`},
		"a way out":              {of(file("../x", 1)), `file 0: path "../x" is not clean, want no empty, . or .. parts`},
		"a way out, inside":      {of(file("a/../../x", 1)), `file 0: path "a/../../x" is not clean, want no empty, . or .. parts`},
		"the folder itself":      {of(file(".", 1)), `file 0: path "." is not clean, want no empty, . or .. parts`},
		"the folder above":       {of(file("..", 1)), `file 0: path ".." is not clean, want no empty, . or .. parts`},
		"two slashes":            {of(file("a//b", 1)), `file 0: path "a//b" is not clean, want no empty, . or .. parts`},
		"a slash at the end":     {of(file("a/", 1)), `file 0: path "a/" is not clean, want no empty, . or .. parts`},
		"a backslash":            {of(file(`a\b`, 1)), `file 0: path "a\\b" has a backslash, want slashes`},
		"a line end in a path":   {of(file("a\nb", 1)), `file 0: path "a\nb" has a control or hidden character`},
		"a hidden letter":        {of(`{"path":"a` + "\u202e" + `b","digest":"` + digest + `","size":1,"chunked":false}`), `file 0: path "a\u202eb" has a control or hidden character`},
		"a colon":                {of(file("a:b", 1)), `file 0: path "a:b" has a ':', which not every system takes in a name`},
		"a question mark":        {of(file("a/b?", 1)), `file 0: path "a/b?" has a '?', which not every system takes in a name`},
		"a dot at the end":       {of(file("a./b", 1)), `file 0: path "a./b" has a part that ends with a dot or a space, which some systems leave out`},
		"a space at the end":     {of(file("a ", 1)), `file 0: path "a " has a part that ends with a dot or a space, which some systems leave out`},
		"a device":               {of(file("a/nul", 1)), `file 0: path "a/nul" has "nul", which is a device to some systems`},
		"a device by extension":  {of(file("COM1.txt/x", 1)), `file 0: path "COM1.txt/x" has "COM1.txt", which is a device to some systems`},
		"sealed, said to be not": {of(strings.Replace(file("a", 1), `false`, `false,"sealed":false`, 1)), notCanonical},
		"a path twice":           {of(file("a", 1), file("a", 1)), `file "a": it comes after "a", want paths in order, each once`},
		"paths out of order":     {of(file("b", 1), file("a", 1)), `file "a": it comes after "b", want paths in order, each once`},
		"files of one name":      {of(file("A", 1), file("a", 1)), `file "a": it clashes with "A", which some systems take for the same`},
		"folders of one name":    {of(file("A/x", 1), file("a/y", 1)), `file "a/y": it clashes with "A", which some systems take for the same`},
		"a file and a folder":    {of(file("a", 1), file("a/b", 1)), `file "a/b": it clashes with "a", which some systems take for the same`},
		"letters beyond ASCII":   {of(file("k", 1), file("\u212a", 1)), `file "` + "\u212a" + `": it clashes with "k", which some systems take for the same`},
		"a digest that is none":  {strings.Replace(two, digest, "sha256:", 1), `file "a-b/ü &.txt": digest "sha256:": has 0 hex digits, want 64`},
		"a size below nothing":   {of(file("a", -1)), `file "a": size of ` + digest + ` is -1 bytes, want 0 or more`},
		"a size beyond all":      {of(file("a", chunk.MaxContent+1)), `file "a": size is 1099511627777 bytes, want at most 1099511627776`},
		"nothing in chunks":      {of(strings.Replace(file("a", 0), "false", "true", 1)), `file "a": size of ` + digest + ` is 0 bytes, in chunks there are 1 to 1099511627776`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := folder.Parse([]byte(c.text))
			require.ErrorIs(t, err, folder.ErrManifest)
			require.EqualError(t, err, "not a folder manifest: "+c.err)
		})
	}
	_, err := folder.Parse(bytes.Repeat([]byte{' '}, folder.MaxManifest+1))
	require.EqualError(t, err, "not a folder manifest: it has 33554433 bytes, at most 33554432 are possible")
	many := folder.Manifest{Files: make([]folder.File, folder.MaxFiles+1)}
	require.EqualError(t, many.Validate(), "not a folder manifest: 100001 files, want at most 100000")
}

const notCanonical = "it is not written in canonical form (no spaces, fields in order, each once)"

// FuzzParse: a manifest that is taken has one form, and names nothing outside of its folder.
func FuzzParse(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte(of(file("../x", 1))))
	f.Add([]byte(of(file("A/x", 1), file("a/y", 1))))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := folder.Parse(b)
		if err != nil {
			require.ErrorIs(t, err, folder.ErrManifest)
			return
		}
		require.Equal(t, b, m.Bytes())
		for _, file := range m.Files {
			require.NotContains(t, "/"+file.Path+"/", "/../")
			require.False(t, strings.HasPrefix(file.Path, "/"))
			found, ok := m.Lookup(file.Path)
			require.True(t, ok)
			require.Equal(t, file, found)
		}
	})
}
