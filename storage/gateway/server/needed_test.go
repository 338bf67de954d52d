package server_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/storagetest"
)

// manifest puts a manifest of two chunks, of which the last has 100 bytes. Whether the chunks are there is no concern of it.
func manifest(t testing.TB, s storage.Store, first, last storage.Digest) storage.Digest {
	t.Helper()
	return put(t, s, chunk.Manifest{Size: chunk.Size + 100, Chunks: []storage.Digest{first, last}}.Bytes())
}

// A request keeps what it names, with the chunks of it, and nothing else of the space.
func TestNeededContentIsKept(t *testing.T) {
	w := newWorld(t)
	s := w.space(t, w.alice, 1)
	kept := func(d storage.Digest, words string) {
		t.Helper()
		err := s.Delete(deadline(t), d)
		require.ErrorIs(t, err, gateway.ErrKept)
		require.ErrorContains(t, err, words)
	}
	goes := func(d storage.Digest) {
		t.Helper()
		require.NoError(t, s.Delete(deadline(t), d))
		_, err := s.Stat(deadline(t), d)
		require.ErrorIs(t, err, storage.ErrNotFound)
	}
	input, other := put(t, s, storagetest.Content(1, 100)), put(t, s, storagetest.Content(2, 100))
	shared, own, far := put(t, s, storagetest.Content(3, 100)), put(t, s, storagetest.Content(4, 100)), storage.DigestOf([]byte("elsewhere"))
	needed, free := manifest(t, s, far, shared), manifest(t, s, own, shared)
	w.need(1, input, needed)

	kept(input, input.String()+" is kept until ")
	kept(needed, ": requests need it (kept)")
	kept(shared, ": it is a chunk of "+needed.String()+", which requests need (kept)")
	goes(other)
	goes(own)
	goes(free)
	kept(shared, "which requests need")
	manifests, parts := w.server.Parts(t)
	require.Equal(t, []int{1, 2}, []int{manifests, parts})

	w.need(1, input)
	goes(needed)
	goes(shared)
	kept(input, "requests need it")
	w.need(1)
	goes(input)
	manifests, parts = w.server.Parts(t)
	require.Zero(t, manifests+parts)
}

// Who has put content there, and does not own the space, is held to the same.
func TestNeededContentIsKeptFromWritersToo(t *testing.T) {
	w := newWorld(t)
	w.ledger.set(1, func(s *space) { s.Writers = []string{w.bob.Address().String()} })
	s := w.space(t, w.bob, 1)
	last := put(t, s, storagetest.Content(1, 100))
	root := manifest(t, s, storage.DigestOf(nil), last)
	w.need(1, root)
	for _, d := range []storage.Digest{root, last} {
		require.ErrorIs(t, s.Delete(deadline(t), d), gateway.ErrKept)
	}
	require.ErrorIs(t, w.space(t, w.alice, 1).Delete(deadline(t), last), gateway.ErrKept)
	w.need(1)
	require.NoError(t, s.Delete(deadline(t), last))
}

// The chain is asked about few manifests for one chunk, and one of many is kept while requests need anything.
func TestChunkOfManyContents(t *testing.T) {
	w := newWorld(t)
	s := w.space(t, w.alice, 1)
	last := put(t, s, storagetest.Content(1, 100))
	for i := range 65 {
		manifest(t, s, storage.DigestOf(fmt.Append(nil, i)), last)
	}
	w.need(1, storage.DigestOf([]byte("anything")))
	err := s.Delete(deadline(t), last)
	require.ErrorIs(t, err, gateway.ErrKept)
	require.ErrorContains(t, err, "is a chunk of more than 64 contents, and requests need something in space 1 (delete those that nobody needs first)")
	require.NoError(t, s.Delete(deadline(t), chunk.Manifest{Size: chunk.Size + 100, Chunks: []storage.Digest{storage.DigestOf([]byte("7")), last}}.Digest()))
	require.NoError(t, s.Delete(deadline(t), last))
}

// An index of before knows which chunks belong together once it was opened, and so does one that was filled from the
// bucket.
func TestIndexLearnsManifests(t *testing.T) {
	w := newWorld(t)
	s := w.space(t, w.alice, 1)
	put(t, s, []byte(`{"ain":"chunks/v1","but":"not quite"}`))
	last := put(t, s, storagetest.Content(1, 100))
	root := manifest(t, s, storage.DigestOf([]byte("elsewhere")), last)
	w.need(1, root)
	check := func(t *testing.T) {
		manifests, parts := w.server.Parts(t)
		require.Equal(t, []int{1, 2}, []int{manifests, parts})
		s := w.space(t, w.alice, 1)
		require.ErrorIs(t, s.Delete(deadline(t), last), gateway.ErrKept)
		_, err := s.Under(root).Stat(deadline(t), last)
		require.NoError(t, err)
	}
	t.Run("of before", func(t *testing.T) {
		w.server.Age(t)
		require.NoError(t, w.server.Close())
		w.serve(t)
		check(t)
	})
	t.Run("that was lost", func(t *testing.T) {
		w.cfg.Dir = t.TempDir()
		w.serve(t)
		check(t)
	})
}
