package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// fakeSpace is a store that can be listed. It remembers which manifests chunks were read under.
type fakeSpace struct {
	storage.Store
	objects map[storage.Digest]int64
	roots   *[]storage.Digest
	// kept: nothing can be removed. deleting hears of what is.
	kept     bool
	deleting func(storage.Digest)
	mu       sync.Mutex
	puts     []storage.Digest
}

func (w *world) withSpace() *fakeSpace {
	space := &fakeSpace{Store: w.store, objects: map[storage.Digest]int64{}, roots: new([]storage.Digest)}
	w.space = space
	return space
}

// withOwnSpace is withSpace, with the first seven of them alice's.
func (w *world) withOwnSpace() *fakeSpace {
	space := w.withSpace()
	for len(w.chain.spaces) < 7 {
		w.chain.spaces = append(w.chain.spaces, storagetypes.Space{Id: uint64(len(w.chain.spaces) + 1), Owner: w.keys["alice"].Address().String()})
	}
	return space
}

// Put remembers what is sent.
func (f *fakeSpace) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	info, err := f.Store.Put(ctx, src, opts...)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.puts = append(f.puts, info.Digest)
	return info, err
}

func (f *fakeSpace) Under(root storage.Digest) storage.Store {
	*f.roots = append(*f.roots, root)
	return f
}

func (f *fakeSpace) List(context.Context, storage.Digest, int) (gateway.ListAnswer, error) {
	var answer gateway.ListAnswer
	for digest, size := range f.objects {
		answer.Objects = append(answer.Objects, gateway.Object{Digest: digest, Size: size})
	}
	return answer, nil
}

func (f *fakeSpace) Usage(context.Context) (gateway.Usage, error) {
	return gateway.Usage{Reserved: 10 << 20, Stored: 1536}, nil
}

// offers adds providers: name, price and room.
func (w *world) offers(name string, price, room uint64) string {
	owner := address(name)
	w.chain.providers = append(w.chain.providers, storagetypes.Provider{
		Owner: owner, Endpoint: "https://" + name + ".example.org", Price: price, CapacityBytes: room,
	})
	return owner
}

func TestReserve(t *testing.T) {
	w := newWorld(t)
	dear, cheap, full := w.offers("dear", 300, 1<<40), w.offers("cheap", 100, 1<<40), w.offers("full", 1, 1<<20)
	out := w.mustRun("storage", "reserve", "10GiB", "--for", "30d", "--read", "participants", "--write", "job:0x1")
	// 10 GiB for 720 hours at 100 uain.
	require.Equal(t, "Space 1: 10 GiB at https://cheap.example.org until 2023-12-14 22:13 UTC, for 0.72 AIN.\n", out)
	reserved := w.chain.sent[0].(*storagetypes.MsgReserveSpace)
	require.Equal(t, cheap, reserved.Provider)
	require.EqualValues(t, 100, reserved.MaxPrice)
	require.Equal(t, storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_PARTICIPANTS}, reserved.Read)
	require.Equal(t, storagetypes.AccessRule{Kind: storagetypes.ACCESS_KIND_JOB, JobId: 1}, reserved.Write)

	w.mustRun("storage", "reserve", "1MiB", "--provider", dear, "--for", "90m")
	require.Equal(t, dear, w.chain.sent[1].(*storagetypes.MsgReserveSpace).Provider)
	require.EqualValues(t, 5_400_000, w.chain.sent[1].(*storagetypes.MsgReserveSpace).DurationMs)
	w.mustRun("storage", "reserve", "1MiB")
	require.Equal(t, full, w.chain.sent[2].(*storagetypes.MsgReserveSpace).Provider, "it has just the room")

	for says, args := range map[string][]string{
		"no provider has 2 TiB":                    {"2TiB"},
		"is not a size":                            {"much"},
		"is no span of time":                       {"1GiB", "--for", "soon"},
		"read: \"nobody\": write owner, everybody": {"1GiB", "--read", "nobody"},
		"write: ": {"1GiB", "--write", "job:x"},
		"provider: " + address("nobody") + " is none": {"1GiB", "--provider", address("nobody")},
	} {
		_, err := w.run(append([]string{"storage", "reserve"}, args...)...)
		require.ErrorContains(t, err, says)
		var bad interface{ BadInput() }
		require.ErrorAs(t, err, &bad, says)
	}
	require.Len(t, w.chain.sent, 3)
}

func TestSpacesOfAPerson(t *testing.T) {
	w := newWorld(t)
	require.Contains(t, w.mustRun("storage", "providers"), "Nobody offers storage")
	w.mustRun("storage", "offer", "https://store.example.org", "--price", "100uain", "--capacity", "2TiB")
	offered := w.chain.sent[0].(*storagetypes.MsgRegisterProvider)
	require.EqualValues(t, 100, offered.Price)
	require.EqualValues(t, 2<<40, offered.CapacityBytes)
	require.Contains(t, w.mustRun("storage", "providers"), "https://store.example.org")

	require.Contains(t, w.mustRun("storage", "spaces"), "No spaces")
	w.mustRun("storage", "reserve", "1GiB", "--for", "1d")
	require.Contains(t, w.mustRun("storage", "spaces"), "1 GiB  2023-11-15 22:13 UTC  owner  owner")
	require.Contains(t, w.mustRun("storage", "extend", "ain://1", "--for", "1d"), "Space 1 is yours until 2023-11-16 22:13 UTC.")

	require.Equal(t, "read   owner\nwrite  owner\n", w.mustRun("storage", "grants", "1"))
	bob := address("bob")
	require.Equal(t, "read   "+bob+"\nwrite  owner\n", w.mustRun("storage", "grants", "1", "--read", bob+","+bob))
	require.Equal(t, "read   "+bob+"\nwrite  job:0x1\n", w.mustRun("storage", "grants", "1", "--write", "job:0x1"))
	require.Equal(t, "Released space 1.\n", w.mustRun("storage", "release", "1"))

	var spaces []struct{ Space, Read string }
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("storage", "spaces", "--all", "--output", "json")), &spaces))
	require.Len(t, spaces, 1)
	for says, args := range map[string][]string{
		"there is no space 7":          {"extend", "7"},
		"is no space's number":         {"grants", "seven"},
		"an account is given, too":     {"spaces", bob, "--all"},
		"there is no space 8, or no l": {"release", "8"},
	} {
		_, err := w.run(append([]string{"storage"}, args...)...)
		require.ErrorContains(t, err, says)
	}
}

func TestContentOfASpace(t *testing.T) {
	w := newWorld(t)
	space := w.withOwnSpace()
	folder := t.TempDir()
	small := filepath.Join(folder, "small")
	require.NoError(t, os.WriteFile(small, []byte("small content"), 0o600))
	named := w.mustRun("storage", "put", small, "7")
	require.Equal(t, "ain://7/"+storage.DigestOf([]byte("small content")).String()+"\n", named)
	named = named[:len(named)-1]
	require.Equal(t, "small content", w.mustRun("storage", "get", named))
	require.Contains(t, w.mustRun("storage", "get", named, filepath.Join(folder, "copy")), "has 13 B.")
	copied, err := os.ReadFile(filepath.Join(folder, "copy"))
	require.NoError(t, err)
	require.Equal(t, "small content", string(copied))
	require.Empty(t, *space.roots)

	space.puts = nil
	w.mustRun("storage", "put", small, "7")
	require.Empty(t, space.puts, "what the space has is not sent again")

	w.in = "from a pipe"
	require.Equal(t, "from a pipe", w.mustRun("storage", "get", trimmed(w.mustRun("storage", "put", "-", "ain://7"))))

	large := filepath.Join(folder, "large")
	content := bytes.Repeat([]byte("0123456789abcdef"), 5<<20) // 80 MiB
	require.NoError(t, os.WriteFile(large, content, 0o600))
	var put struct {
		Content string
		Size    string `json:"size_bytes"`
		Chunked bool
	}
	require.NoError(t, json.Unmarshal([]byte(w.mustRun("storage", "put", large, "7", "--output", "json")), &put))
	require.True(t, put.Chunked)
	require.Equal(t, "83886080", put.Size)
	require.Contains(t, put.Content, "+chunks")
	w.mustRun("storage", "get", put.Content, filepath.Join(folder, "large.copy"))
	copied, err = os.ReadFile(filepath.Join(folder, "large.copy"))
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, copied))
	require.Len(t, *space.roots, 1, "chunks are read under their manifest")

	space.objects[storage.DigestOf([]byte("small content"))] = 1536
	require.Equal(t, named+"  1.5 KiB\n1.5 KiB of 10 MiB.\n", w.mustRun("storage", "ls", "7"))

	require.Contains(t, w.mustRun("storage", "rm", named, put.Content), "Removed "+named+", "+put.Content)
	_, err = w.run("storage", "get", put.Content)
	require.ErrorContains(t, err, "there is no such content, or it is not for you")
	_, err = w.run("storage", "get", named)
	require.ErrorIs(t, err, storage.ErrNotFound)
	require.NoFileExists(t, filepath.Join(folder, "nothing"))

	for says, args := range map[string][]string{
		"is no space's number: no reference (write ain://7/sha256:…": {"get", "sha256:00"},
		"no such file":                        {"put", filepath.Join(folder, "nothing"), "7"},
		"has no files":                        {"put", t.TempDir(), "7"},
		"is no space's number":                {"put", small, "0"},
		"the content goes to standard output": {"get", named, "--output", "json"},
		"has 3 hex digits":                    {"rm", "ain://7/sha256:123"},
		"ain://7 is a space: name what":       {"rm", "ain://7"},
		"names content by its digest":         {"put", small, named},
	} {
		_, err := w.run(append([]string{"storage"}, args...)...)
		require.ErrorContains(t, err, says)
		var bad interface{ BadInput() }
		require.ErrorAs(t, err, &bad, says)
	}
}

func trimmed(line string) string { return line[:len(line)-1] }
