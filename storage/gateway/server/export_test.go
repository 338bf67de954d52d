package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.etcd.io/bbolt"

	"github.com/ain-network/aind/storage"
)

// Books are what the index says of a space.
func (s *Server) Books(t testing.TB, space uint64) (listed map[storage.Digest]int64, stored, pending int64) {
	t.Helper()
	items, more, err := s.index.list(space, "", 1<<20)
	require.NoError(t, err)
	require.False(t, more)
	listed = map[storage.Digest]int64{}
	for _, one := range items {
		listed[one.digest] = one.size
	}
	u, err := s.index.usage(space)
	require.NoError(t, err)
	require.Equal(t, int64(len(items)), u.Objects)
	return listed, u.Stored, u.Pending
}

// Age makes the index one of before it knew of manifests.
func (s *Server) Age(t testing.TB) {
	t.Helper()
	require.NoError(t, s.index.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{manifestsBucket, partsBucket} {
			if err := tx.DeleteBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(versionKey, []byte("1"))
	}))
}

// Parts is how much the index knows of manifests: their number, and that of their chunks.
func (s *Server) Parts(t testing.TB) (manifests, parts int) {
	t.Helper()
	require.NoError(t, s.index.db.View(func(tx *bbolt.Tx) error {
		manifests, parts = tx.Bucket(manifestsBucket).Stats().KeyN, tx.Bucket(partsBucket).Stats().KeyN
		return nil
	}))
	return manifests, parts
}

// Begin begins n uploads of a byte, as accounts of a name and a number, past the limits of accounts.
func (s *Server) Begin(t testing.TB, space uint64, n int) {
	t.Helper()
	require.NoError(t, s.index.db.Update(func(tx *bbolt.Tx) error {
		for i := range n {
			account, d := fmt.Sprint("account", i), storage.DigestOf(fmt.Append(nil, i))
			u := upload{Size: 1, UntilMs: s.uploadUntil(1), Word: newWord(), Counts: true}
			if err := hold(tx, space, account, upload{}, u); err != nil {
				return err
			}
			if err := write(tx, uploadsBucket, accountKey(space, d, account), u); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Held is what the index says that an account's uploads into a space hold; "" for all.
func (s *Server) Held(t testing.TB, space uint64, account string) (bytes, uploads int64) {
	t.Helper()
	var h holding
	require.NoError(t, s.index.db.View(func(tx *bbolt.Tx) error {
		_, err := read(tx, heldBucket, heldKey(space, account), &h)
		return err
	}))
	return h.Bytes, h.Uploads
}
