package server_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
	"github.com/ain-network/aind/storage/storagetest"
)

// change changes a space, and waits until no answer of before is remembered.
func (w *world) change(id uint64, do func(s *space)) {
	w.ledger.set(id, do)
	w.clock.pass(3 * time.Second)
}

// In a room that many write into, whoever names content shares with those who take part in its request what it has put there
// itself: to know a digest, or to have a manifest name it, is not to have the content.
func TestWhoNamesContentSharesItsOwn(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 1<<30)
	carol, reader := client.GenerateKey(), client.GenerateKey()
	name := func(key client.Key) string { return key.Address().String() }
	w.change(1, func(s *space) { s.Writers = []string{name(w.bob), name(carol)} })
	bob, thief, reads := w.space(t, w.bob, 1), w.space(t, carol, 1), w.space(t, reader, 1)
	named := func(by client.Key, d storage.Digest) {
		w.change(1, func(s *space) {
			s.Readers, s.Namers = map[storage.Digest][]string{d: {name(reader)}}, map[storage.Digest][]string{d: {name(by)}}
		})
	}
	get := func(s storage.Store, d storage.Digest) error {
		_, err := storage.ReadAll(deadline(t), s, d, 1<<30)
		return err
	}
	first, last := storagetest.Content(1, 16*mib), storagetest.Content(2, 100)
	secret := put(t, bob, last)
	named(w.bob, secret)
	require.NoError(t, get(reads, secret))

	named(carol, secret)
	require.ErrorIs(t, get(reads, secret), storage.ErrNotFound, "carol does not have what she names")
	_, err := reads.Stat(deadline(t), secret)
	require.ErrorIs(t, err, storage.ErrNotFound)

	put(t, thief, first)
	root := put(t, thief, fmt.Appendf(nil, `{"ain":"chunks/v1","size":%d,"chunk":16777216,"chunks":["%s","%s"]}`, 16*mib+100, storage.DigestOf(first), secret))
	named(carol, root)
	require.NoError(t, get(reads.Under(root), storage.DigestOf(first)))
	require.ErrorIs(t, get(reads.Under(root), secret), storage.ErrNotFound, "nor what her manifest names")

	w.change(1, func(s *space) { s.Owner = name(carol); s.Namers = nil })
	require.NoError(t, get(reads.Under(root), secret), "whoever owns the room shares all of it")
	w.change(1, func(s *space) { s.Owner = name(w.alice) })

	require.NoError(t, thief.Delete(deadline(t), root))
	root = put(t, thief, fmt.Appendf(nil, `{"ain":"chunks/v1","size":%d,"chunk":16777216,"chunks":["%s","%s"]}`, 16*mib+100, storage.DigestOf(first), secret))
	put(t, thief, last) // now she has it
	named(carol, root)
	require.NoError(t, get(reads.Under(root), secret))
	named(carol, secret)
	require.NoError(t, get(reads, secret))
}

// Content that its reader wants to have in the room, too, need not be sent again, and is its own from then on.
func TestWhoReadsContentMayNameIt(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 1<<20)
	carol, hand, reader := client.GenerateKey(), client.GenerateKey(), client.GenerateKey()
	name := func(key client.Key) string { return key.Address().String() }
	content := storagetest.Content(1, 100)
	d := put(t, w.space(t, w.alice, 1), content)
	w.change(1, func(s *space) {
		s.Writers, s.Operators = []string{name(carol)}, map[string]string{name(hand): name(carol)}
		s.Readers = map[storage.Digest][]string{d: {name(carol), name(reader)}}
	})
	var answer gateway.PutAnswer
	w.ask(t, http.MethodPost, "/v1/spaces/1/put", w.token(t, hand), gateway.PutRequest{Digest: d, Size: 100}).ok(t, &answer)
	require.True(t, answer.Have)
	w.change(1, func(s *space) { s.Namers = map[storage.Digest][]string{d: {name(carol)}} })
	_, err := storage.ReadAll(deadline(t), w.space(t, reader, 1), d, 1<<20)
	require.NoError(t, err, "what an operator puts there is its owner's")
	require.NoError(t, w.space(t, carol, 1).Delete(deadline(t), d), "who may take it away again")
	_, err = storage.ReadAll(deadline(t), w.space(t, reader, 1), d, 1<<20)
	require.ErrorIs(t, err, storage.ErrNotFound)
	_, err = storage.ReadAll(deadline(t), w.space(t, w.alice, 1), d, 1<<20)
	require.NoError(t, err, "where the owner still has it")
}

// A gateway whose index is lost does not know who has put what there, and holds nobody to it.
func TestContentOfALostIndexIsShared(t *testing.T) {
	w := newWorld(t)
	w.reserve(1, w.alice, 1<<20)
	carol, reader := client.GenerateKey(), client.GenerateKey()
	w.change(1, func(s *space) { s.Writers = []string{w.bob.Address().String()} })
	d := put(t, w.space(t, w.bob, 1), []byte("content"))
	w.change(1, func(s *space) {
		s.Readers = map[storage.Digest][]string{d: {reader.Address().String()}}
		s.Namers = map[storage.Digest][]string{d: {carol.Address().String()}}
	})
	_, err := storage.ReadAll(deadline(t), w.space(t, reader, 1), d, 100)
	require.ErrorIs(t, err, storage.ErrNotFound)
	w.cfg.Dir = t.TempDir()
	w.serve(t)
	_, err = storage.ReadAll(deadline(t), w.space(t, reader, 1), d, 100)
	require.NoError(t, err)
}
