package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

func TestPutSpecRefusesOptionsThatCannotBeMeant(t *testing.T) {
	for want, opts := range map[string][]storage.PutOption{
		"expected digest":  {storage.ExpectDigest("abc")},
		"expected size -1": {storage.ExpectSize(-1)},
		"limit -5":         {storage.Limit(-5)},
		"too large":        {storage.ExpectSize(11), storage.Limit(10)},
		"allowed 10 bytes": {storage.Limit(10), storage.ExpectSize(11)},
		"measured content": {storage.Measured(), storage.ExpectSize(11)},
	} {
		_, err := storage.NewPutSpec(opts...)
		require.ErrorContains(t, err, want)
	}
	_, err := storage.NewPutSpec(storage.ExpectSize(11), storage.Limit(10))
	require.ErrorIs(t, err, storage.ErrTooLarge)
	spec, err := storage.NewPutSpec(storage.ExpectSize(0), storage.Limit(0))
	require.NoError(t, err, "nothing at all may be meant")
	require.NoError(t, spec.Check(storage.Info{Digest: storage.DigestOf(nil)}))
}
