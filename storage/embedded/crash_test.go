package embedded_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
)

func TestKilledInTheMiddleOfAnUpload(t *testing.T) {
	for name, configure := range map[string]func(*embedded.Config, *s3.Config){
		"in one request":           func(*embedded.Config, *s3.Config) {},
		"in parts":                 func(_ *embedded.Config, c *s3.Config) { c.MultipartThreshold = 5 << 20 },
		"with attributes in files": func(c *embedded.Config, _ *s3.Config) { c.Sidecar = true },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			clientCfg := s3.Config{}
			configure(&cfg, &clientCfg)
			c := start(t, cfg)
			threshold := clientCfg.MultipartThreshold
			clientCfg = c.s3Config(t)
			clientCfg.MultipartThreshold = threshold
			s := openStore(t, clientCfg)
			ctx := deadline(t)

			before, err := storage.PutBytes(ctx, s, []byte("acknowledged before"))
			require.NoError(t, err)
			b := storagetest.Content(1, 32<<20)
			d := storage.DigestOf(b)
			src, reached, open := storagetest.NewGate(bytes.NewBuffer(b), int64(len(b)))
			result := make(chan error, 1)
			go func() {
				_, err := s.Put(ctx, src, storage.ExpectDigest(d), storage.ExpectSize(int64(len(b))))
				result <- err
			}()
			<-reached
			c.kill()
			close(open)
			select {
			case err := <-result:
				require.ErrorIs(t, err, storage.ErrUnavailable)
			case <-ctx.Done():
				require.FailNow(t, "the put does not return")
			}

			c = c.restart(t)
			c.requireInvisible(t, d)
			if threshold == 0 {
				c.requireNothingUnfinished(t)
			}
			got, err := storage.ReadAll(ctx, s, before.Digest, 100)
			require.NoError(t, err, "what was acknowledged is there")
			require.Equal(t, "acknowledged before", string(got))
			_, err = s.Put(ctx, bytes.NewReader(b))
			require.NoError(t, err, "a retry works, with the same client")
			got, err = storage.ReadAll(ctx, s, d, int64(len(b)))
			require.NoError(t, err)
			require.Equal(t, d, storage.DigestOf(got))
		})
	}
}

func TestKilledRightAfterAPut(t *testing.T) {
	c := start(t, config(t))
	for i := range 5 {
		b := storagetest.Content(uint64(i), 1<<20)
		info, err := storage.PutBytes(deadline(t), c.open(t), b)
		require.NoError(t, err)
		c.kill()
		c = c.restart(t)
		got, err := storage.ReadAll(deadline(t), c.open(t), info.Digest, info.Size)
		require.NoError(t, err)
		require.Equal(t, info.Digest, storage.DigestOf(got))
	}
}

func TestACompletionThatACrashInterruptedCanBeRepeated(t *testing.T) {
	for name, sidecar := range map[string]bool{"attributes on the file": false, "attributes in files": true} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t)
			cfg.Sidecar = sidecar
			c := start(t, cfg)
			ctx := deadline(t)
			core := c.core(t, ownerKey, ownerSecret)
			b := storagetest.Content(3, 1<<20)
			d := storage.DigestOf(b)
			id, err := core.NewMultipartUpload(ctx, embedded.DefaultBucket, key(d), minio.PutObjectOptions{})
			require.NoError(t, err)
			part, err := core.PutObjectPart(ctx, embedded.DefaultBucket, key(d), id, 1, bytes.NewReader(b), int64(len(b)), minio.PutObjectPartOptions{})
			require.NoError(t, err)
			c.kill()
			// What the gateway does first to complete an upload.
			for _, root := range []string{"objects", "metadata"} {
				uploads, err := filepath.Glob(filepath.Join(cfg.Dir, root, embedded.DefaultBucket, ".sgwtmp", "multipart", "*", id))
				require.NoError(t, err)
				for _, u := range uploads {
					require.NoError(t, os.Rename(u, u+".abc-1.inprogress"))
				}
				if root == "objects" || sidecar {
					require.Len(t, uploads, 1, root)
				}
			}
			c = c.restart(t)
			core = c.core(t, ownerKey, ownerSecret)
			_, err = core.CompleteMultipartUpload(ctx, embedded.DefaultBucket, key(d), id,
				[]minio.CompletePart{{PartNumber: 1, ETag: part.ETag}}, minio.PutObjectOptions{})
			require.NoError(t, err)
			got, err := storage.ReadAll(ctx, c.open(t), d, int64(len(b)))
			require.NoError(t, err)
			require.Equal(t, d, storage.DigestOf(got))
		})
	}
}

func TestAbandonedUploadsAreRemoved(t *testing.T) {
	cfg := config(t)
	cfg.UploadMaxIdle = time.Second
	c := start(t, cfg)
	ctx := deadline(t)
	core := c.core(t, ownerKey, ownerSecret)
	d := storage.DigestOf([]byte("never completed"))
	id, err := core.NewMultipartUpload(ctx, embedded.DefaultBucket, key(d), minio.PutObjectOptions{})
	require.NoError(t, err)
	_, err = core.PutObjectPart(ctx, embedded.DefaultBucket, key(d), id, 1, bytes.NewReader([]byte("part")), 4, minio.PutObjectPartOptions{})
	require.NoError(t, err)
	c.requireNothingUnfinished(t)
	_, err = core.ListObjectParts(ctx, embedded.DefaultBucket, key(d), id, 0, 10)
	require.Equal(t, http.StatusNotFound, minio.ToErrorResponse(err).StatusCode, "%v", err)
}

func TestStoreThatIsDown(t *testing.T) {
	c := start(t, config(t))
	s := c.open(t)
	info, err := storage.PutBytes(deadline(t), s, []byte("content"))
	require.NoError(t, err)
	c.kill()
	for what, call := range map[string]func(ctx context.Context) error{
		"put":    func(ctx context.Context) error { _, err := storage.PutBytes(ctx, s, []byte("more")); return err },
		"stat":   func(ctx context.Context) error { _, err := s.Stat(ctx, info.Digest); return err },
		"get":    func(ctx context.Context) error { _, _, err := s.Get(ctx, info.Digest); return err },
		"delete": func(ctx context.Context) error { return s.Delete(ctx, info.Digest) },
		"first put of a new client": func(ctx context.Context) error {
			_, err := storage.PutBytes(ctx, c.open(t), []byte("more"))
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		err := call(ctx)
		require.ErrorIs(t, err, storage.ErrUnavailable, what)
		require.NoError(t, ctx.Err(), "%s fails well before its deadline", what)
		cancel()
		require.ErrorContains(t, err, c.addr, "%s names the endpoint", what)
		require.ErrorContains(t, err, "is `aind store` running", "%s says what to look at", what)
		require.NotContains(t, err.Error(), ownerSecret)
	}
	c.restart(t)
	got, err := storage.ReadAll(deadline(t), s, info.Digest, 100)
	require.NoError(t, err, "the same client goes on once the store is back")
	require.Equal(t, "content", string(got))
}
