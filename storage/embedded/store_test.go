package embedded_test

import (
	"testing"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
)

// The client of package s3 on a real store passes the one suite, whichever way
// the objects are sent and their attributes are kept.
func TestStore(t *testing.T) {
	for name, configure := range map[string]func(c *child) func(t testing.TB) s3.Config{
		"in one request each": func(c *child) func(t testing.TB) s3.Config { return c.s3Config },
		"in parts": func(c *child) func(t testing.TB) s3.Config {
			return func(t testing.TB) s3.Config {
				cfg := c.s3Config(t)
				cfg.MultipartThreshold = 5 << 20
				return cfg
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, config(t))
			storagetest.Run(t, func(t *testing.T) storage.Store { return openStore(t, configure(c)(t)) })
		})
	}
	t.Run("with attributes in files", func(t *testing.T) {
		cfg := config(t)
		cfg.Sidecar = true
		c := start(t, cfg)
		storagetest.Run(t, func(t *testing.T) storage.Store { return c.open(t) })
	})
}

func TestDamage(t *testing.T) {
	c := start(t, config(t))
	storagetest.RunDamage(t, func(t *testing.T) (storage.Store, func(storage.Digest) string) {
		return c.open(t), c.file
	})
}
