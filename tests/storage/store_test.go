package storage_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

// Every S3 server is a store, whichever way objects are sent to it.
func TestStore(t *testing.T) {
	for name, threshold := range map[string]int64{"in one request each": 0, "in parts": 5 << 20} {
		t.Run(name, func(t *testing.T) {
			server.Each(t, func(t *testing.T, srv *server.Server) {
				storagetest.Run(t, func(t *testing.T) storage.Store {
					cfg := srv.S3()
					cfg.MultipartThreshold = threshold
					cfg.SpoolDir = t.TempDir()
					s, err := s3.New(cfg)
					require.NoError(t, err)
					return s
				})
			})
		})
	}
}
