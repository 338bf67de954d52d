package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/folder"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/seal"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// files writes files into a new folder.
func files(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range contents {
		path = filepath.Join(dir, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	}
	return dir
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	require.NoError(t, err)
	return string(content)
}

// published are the names of space 7.
func (w *world) published() map[string]string {
	w.t.Helper()
	kept := w.chain.spaces[6].Folder
	ref := chunk.Ref{Digest: storage.Digest(kept.Digest), Size: int64(kept.Size_)}
	manifest, err := folder.Read(w.t.Context(), w.store, ref)
	require.NoError(w.t, err)
	names := map[string]string{}
	for _, f := range manifest.Files {
		content, err := storage.ReadAll(w.t.Context(), w.store, f.Digest, 1<<20)
		require.NoError(w.t, err, "%s has no content", f.Path)
		names[f.Path] = string(content)
	}
	return names
}

// has says whether the store has a content.
func (w *world) has(content string) bool {
	_, err := w.store.Stat(w.t.Context(), storage.DigestOf([]byte(content)))
	return err == nil
}

func at(content string) string { return "ain://7/" + storage.DigestOf([]byte(content)).String() }

func TestNamesOfASpace(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	dir := files(t, map[string]string{"cat.jpg": "cat", "2026/dog.jpg": "dog"})
	require.Equal(t, "Nothing has a name in space 7 (what has none: `aind storage ls 7`).\n", w.mustRun("storage", "ls", "ain://7"))

	require.Equal(t, "ain://7/photos\n", w.mustRun("storage", "put", dir, "ain://7/photos"))
	require.Equal(t, map[string]string{"photos/cat.jpg": "cat", "photos/2026/dog.jpg": "dog"}, w.published())
	require.Equal(t, "ain://7/note\n", w.mustRun("storage", "put", filepath.Join(dir, "cat.jpg"), "7/note"), "the scheme may be left out")
	require.Equal(t, "ain://7/photos/cat.jpg\n", w.mustRun("storage", "put", filepath.Join(dir, "cat.jpg"), "ain://7/photos/"), "a folder takes a file by its name")
	require.EqualValues(t, 2, w.chain.spaces[6].Folder.Version, "nothing is published that is so already")
	w.in = "from a pipe"
	require.Equal(t, "ain://7/pipe\n", w.mustRun("storage", "put", "-", "ain://7/pipe"))

	require.Equal(t, `name             size
ain://7/photos/  6 B   2 files
ain://7/note     3 B
ain://7/pipe     11 B
`, w.mustRun("storage", "ls", "ain://7"))
	require.Equal(t, `name                         size
ain://7/photos/2026/dog.jpg  3 B
ain://7/photos/cat.jpg       3 B
`, w.mustRun("storage", "ls", "ain://7/photos", "--recursive"))
	require.Contains(t, w.mustRun("storage", "ls", "ain://7/photos/cat.jpg"), "ain://7/photos/cat.jpg  3 B\n")
	require.Contains(t, w.mustRun("storage", "ls", "ain://7", "--digests"), "1.5 KiB of 10 MiB.")

	require.Equal(t, "from a pipe", w.mustRun("storage", "get", "ain://7/pipe"))
	to := t.TempDir()
	require.Contains(t, w.mustRun("storage", "get", "ain://7/photos", filepath.Join(to, "photos")), "has 2 files, 6 B.")
	require.Equal(t, "dog", read(t, to, "photos", "2026", "dog.jpg"))
	w.mustRun("storage", "get", "ain://7/photos/cat.jpg", to)
	require.Equal(t, "cat", read(t, to, "cat.jpg"), "a folder that is there takes a file by its name")
	w.mustRun("storage", "get", "ain://7", filepath.Join(to, "all"))
	require.Equal(t, "from a pipe", read(t, to, "all", "pipe"))
}

func TestNamesAsJSON(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	dir := files(t, map[string]string{"a/x": "first", "y": "y"})
	var put struct {
		Name     string
		Version  string `json:"folder_version"`
		Files    []struct{ Name, Content string }
		Replaced []string
	}
	w.json(&put, "put", dir, "ain://7")
	require.Equal(t, "ain://7", put.Name)
	require.Equal(t, "1", put.Version)
	require.Equal(t, "ain://7/a/x", put.Files[0].Name)
	require.Equal(t, at("first"), put.Files[0].Content)
	require.Empty(t, put.Replaced)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "a/x"), []byte("second"), 0o600))
	w.json(&put, "put", dir, "ain://7")
	require.Equal(t, []string{at("first")}, put.Replaced)
	require.True(t, w.has("first"), "what is replaced stays")

	var list struct {
		Folders []struct {
			Name  string
			Files int
		}
		Files []struct {
			Name, Content string
			Encrypted     bool
		}
	}
	w.json(&list, "ls", "ain://7")
	require.Equal(t, "ain://7/a/", list.Folders[0].Name)
	require.Equal(t, 1, list.Folders[0].Files)
	require.Equal(t, at("y"), list.Files[0].Content)

	var got struct {
		Path  string
		Files int
	}
	w.json(&got, "get", "ain://7/a", filepath.Join(dir, "got"))
	require.Equal(t, 1, got.Files)
	var removed struct{ Removed, Kept []string }
	w.json(&removed, "rm", "ain://7/a")
	require.Equal(t, []string{"ain://7/a"}, removed.Removed)
	require.Empty(t, removed.Kept)
	require.Equal(t, map[string]string{"y": "y"}, w.published())
}

// json runs a verb of storage and reads what it printed.
func (w *world) json(into any, args ...string) {
	w.t.Helper()
	out := w.mustRun(append(append([]string{"storage"}, args...), "--output", "json")...)
	require.NoError(w.t, json.Unmarshal([]byte(out), into), out)
}

func TestRemovedNamesTakeTheirContentWithThem(t *testing.T) {
	w := newWorld(t)
	space := w.withOwnSpace()
	dir := files(t, map[string]string{"a": "same", "b": "same", "c": "other", "d/e": "deep"})
	w.mustRun("storage", "put", dir, "ain://7")
	w.mustRun("storage", "rm", "ain://7/a", "ain://7/d")
	require.Equal(t, map[string]string{"b": "same", "c": "other"}, w.published())
	require.True(t, w.has("same"), "another name has it")
	require.False(t, w.has("deep"))
	w.mustRun("storage", "rm", "ain://7/b")
	require.False(t, w.has("same"))

	w.chain.sent = nil
	_, err := w.run("storage", "rm", at("other"))
	requireBadInput(t, w, err, "it has the name ain://7/c: remove that")
	_, err = w.run("storage", "rm", "ain://7/"+w.chain.spaces[6].Folder.Digest)
	requireBadInput(t, w, err, "of the names themselves")

	space.kept = true
	require.Equal(t, "Removed ain://7/c.\n", w.mustRun("storage", "rm", "ain://7/c"))
	require.Contains(t, w.err.String(), "1 content stays, as requests need it: remove it later: "+at("other"))
	require.True(t, w.has("other"))
	require.Empty(t, w.published())
	space.kept = false
	w.mustRun("storage", "rm", at("other"))
	require.False(t, w.has("other"))
}

func TestChunksThatOtherNamesNeedStay(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	same := bytes.Repeat([]byte("0123456789abcdef"), 4<<20) // 64 MiB
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), append(bytes.Clone(same), name...), 0o600))
	}
	w.mustRun("storage", "put", dir, "ain://7/large")
	w.mustRun("storage", "rm", "ain://7/large/a")
	w.mustRun("storage", "get", "ain://7/large/b", filepath.Join(dir, "copy"))
	require.Equal(t, string(same)+"b", read(t, dir, "copy"))
	require.False(t, w.has("a"), "its last chunk is its own")

	w.chain.sent = nil
	_, err := w.run("storage", "rm", "ain://7/"+storage.DigestOf(same[:chunk.Size]).String())
	requireBadInput(t, w, err, "it is part of content that has a name")
}

func TestNamesPublishedMeanwhileAreKept(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	dir := files(t, map[string]string{"mine": "mine", "yours": "yours", "third": "third"})
	// The other publishes what nobody has seen yet, as if from another machine.
	other := *w
	w.chain.meanwhile = func() { other.mustRun("storage", "put", filepath.Join(dir, "yours"), "ain://7/yours") }
	w.mustRun("storage", "put", filepath.Join(dir, "mine"), "ain://7/mine")
	require.Equal(t, map[string]string{"mine": "mine", "yours": "yours"}, w.published())
	require.EqualValues(t, 2, w.chain.spaces[6].Folder.Version)

	w.chain.meanwhile = func() { other.mustRun("storage", "put", filepath.Join(dir, "third"), "ain://7/third") }
	w.mustRun("storage", "rm", "ain://7/mine")
	require.Equal(t, map[string]string{"third": "third", "yours": "yours"}, w.published())

	// Whoever was faster has removed the content that this put relied on.
	w.chain.meanwhile = func() { other.mustRun("storage", "rm", "ain://7/yours") }
	_, err := w.run("storage", "put", filepath.Join(dir, "yours"), "ain://7/again")
	require.ErrorContains(t, err, "again: its content was removed by somebody while it was stored: do it again")
	require.Equal(t, map[string]string{"third": "third"}, w.published())

	// One that never ends is given up.
	var race func()
	race = func() {
		w.chain.spaces[6].Folder.Version++
		w.chain.meanwhile = race
	}
	w.chain.meanwhile = race
	_, err = w.run("storage", "put", filepath.Join(dir, "mine"), "ain://7/mine")
	require.ErrorIs(t, err, storagetypes.ErrReplaced)
	require.ErrorContains(t, err, "others keep publishing names of space 7: try again later")
}

func TestReplacedManifestsGo(t *testing.T) {
	w := newWorld(t)
	space := w.withOwnSpace()
	dir := files(t, map[string]string{"a": "a", "b": "b"})
	w.mustRun("storage", "put", filepath.Join(dir, "a"), "ain://7/a")
	first := storage.Digest(w.chain.spaces[6].Folder.Digest)
	w.mustRun("storage", "put", filepath.Join(dir, "b"), "ain://7/b")
	_, err := w.store.Stat(t.Context(), first)
	require.ErrorIs(t, err, storage.ErrNotFound)

	// While the old manifest is removed somebody publishes just that again.
	second := w.chain.spaces[6].Folder
	space.deleting = func(d storage.Digest) {
		if d.String() == second.Digest {
			w.chain.spaces[6].Folder = storagetypes.Folder{Digest: second.Digest, Size_: second.Size_, Version: 4}
		}
	}
	w.mustRun("storage", "put", filepath.Join(dir, "a"), "ain://7/c")
	require.Equal(t, second.Digest, w.chain.spaces[6].Folder.Digest)
	_, err = w.store.Stat(t.Context(), storage.Digest(second.Digest))
	require.NoError(t, err, "what is published is there")
}

func TestEncryptedContent(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	dir := files(t, map[string]string{"cat": "a cat", "sub/dog": "a dog"})
	to := t.TempDir()
	w.mustRun("storage", "put", dir, "ain://7/secret", "--encrypt")
	require.Contains(t, w.err.String(), "made the key "+filepath.Join(w.home, "encryption.key")+": keep a copy")
	for path, content := range w.published() {
		require.True(t, seal.IsSealed([]byte(content)), path)
	}
	require.Contains(t, w.mustRun("storage", "ls", "ain://7/secret"), "encrypted")
	w.mustRun("storage", "get", "ain://7/secret", filepath.Join(to, "opened"))
	require.Equal(t, "a dog", read(t, to, "opened", "sub", "dog"))
	require.Equal(t, "a cat", w.mustRun("storage", "get", "ain://7/secret/cat"))
	w.mustRun("storage", "get", "ain://7/secret/cat", filepath.Join(to, "cat"))
	require.Equal(t, "a cat", read(t, to, "cat"))
	w.mustRun("storage", "get", "ain://7/secret/cat", filepath.Join(to, "sealed"), "--sealed")
	require.True(t, seal.IsSealed([]byte(read(t, to, "sealed"))))
	require.NoFileExists(t, filepath.Join(to, "cat.fetched"))

	w.in = "from a pipe"
	unnamed := trimmed(w.mustRun("storage", "put", "-", "7", "--encrypt"))
	require.Equal(t, "from a pipe", w.mustRun("storage", "get", unnamed))

	friend, err := seal.NewKey()
	require.NoError(t, err)
	w.mustRun("storage", "put", filepath.Join(dir, "cat"), "ain://7/shared", "--encrypt", "--recipient", friend.Recipient())
	opened, err := friend.Open([]byte(w.published()["shared"]))
	require.NoError(t, err)
	require.Equal(t, "a cat", string(opened))
	require.Equal(t, "a cat", w.mustRun("storage", "get", "ain://7/shared"), "whoever puts it opens it, too")

	w.chain.sent = nil
	w.home = t.TempDir() // without the key, then with another
	for range 2 {
		for _, args := range [][]string{{"ain://7/secret/cat"}, {"ain://7/secret/cat", filepath.Join(to, "nothing")}, {"ain://7/secret", filepath.Join(to, "empty")}} {
			_, err := w.run(append([]string{"storage", "get"}, args...)...)
			requireBadInput(t, w, err, "it is encrypted, and ")
			require.ErrorContains(t, err, "--sealed fetches it as it is")
			require.NotContains(t, w.out.String(), "cat")
		}
		require.NoFileExists(t, filepath.Join(to, "nothing"))
		entries, err := os.ReadDir(filepath.Join(to, "empty"))
		require.NoError(t, err)
		require.Empty(t, entries)
		_, err = seal.OpenIdentity(filepath.Join(w.home, "encryption.key"))
		require.NoError(t, err)
	}
}

func TestPutsAndGetsThatAreRefused(t *testing.T) {
	w := newWorld(t)
	w.withOwnSpace()
	w.chain.spaces[5].Owner = address("bob")
	dir := files(t, map[string]string{"a": "a", "sub/b": "b"})
	one := filepath.Join(dir, "a")
	w.mustRun("storage", "put", dir, "ain://7")
	w.chain.sent = nil
	linked := files(t, map[string]string{"a": "a"})
	require.NoError(t, os.Symlink("/etc/passwd", filepath.Join(linked, "link")))

	for says, args := range map[string][]string{
		`path "../x" is not clean`:                                     {"put", one, "ain://7/../x"},
		`path "a:b" has a ':'`:                                         {"put", one, "ain://7/a:b"},
		"standard input needs a name in it":                            {"put", "-", "ain://7/x/"},
		"/dev/null is a Dc---------: give a file, a folder, or -":      {"put", os.DevNull, "ain://7/x"},
		"link is a symbolic link":                                      {"put", linked, "ain://7/linked"},
		`it clashes with "a", which some systems take for the same`:    {"put", one, "ain://7/a/b"},
		`it clashes with "sub"`:                                        {"put", one, "ain://7/sub"},
		"space 6 is that of " + address("bob"):                         {"put", one, "ain://6/x"},
		"there is no space 9":                                          {"put", one, "ain://9/x"},
		"recipient: nothing is encrypted: add --encrypt":               {"put", one, "ain://7/x", "--recipient", "age1"},
		"want a public key, age1":                                      {"put", one, "ain://7/x", "--encrypt", "--recipient", "age1"},
		"ain://7/sub is a folder of 1 file: name one to fetch it into": {"get", "ain://7/sub"},
		"ain://7/a/ is a file: leave out the slash":                    {"get", "ain://7/a/", one},
		`space 7 has nothing of the name "c"`:                          {"get", "ain://7/c", one},
		"is a folder: name a file in it":                               {"get", at("a"), dir},
		`space 7 has nothing of the name "d"`:                          {"rm", "ain://7/d"},
		"want a space, or a name without --digests":                    {"ls", "ain://7/sub", "--digests"},
	} {
		t.Run(says, func(t *testing.T) {
			_, err := w.run(append([]string{"storage"}, args...)...)
			requireBadInput(t, w, err, says)
		})
	}

	kept := w.chain.spaces[6].Folder
	require.NoError(t, w.store.Delete(t.Context(), storage.Digest(kept.Digest)))
	_, err := w.run("storage", "ls", "ain://7")
	requireBadInput(t, w, err, "the names of space 7 are not there, or not for you")
	wrong, err := storage.PutBytes(t.Context(), w.store, []byte(`{"ain":"folder/v1","files":[{}]}`))
	require.NoError(t, err)
	w.chain.spaces[6].Folder = storagetypes.Folder{Digest: wrong.Digest.String(), Size_: uint64(wrong.Size), Version: 9}
	_, err = w.run("storage", "get", "ain://7/a", one)
	require.ErrorIs(t, err, folder.ErrManifest)
	require.Equal(t, "a", read(t, one))
}

// Delete refuses what requests need.
func (f *fakeSpace) Delete(ctx context.Context, d storage.Digest) error {
	if f.kept {
		return fmt.Errorf("delete %s: %w", d, gateway.ErrKept)
	}
	if f.deleting != nil {
		f.deleting(d)
	}
	return f.Store.Delete(ctx, d)
}
