package server

import (
	"testing"

	"github.com/stretchr/testify/require"

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
