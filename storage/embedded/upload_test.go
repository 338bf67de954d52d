package embedded_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/embedded"
	"github.com/ain-network/aind/storage/storagetest"
)

// core is a client that promises nothing about what it sends.
func (c *child) core(t testing.TB, accessKey, secret string) minio.Core {
	t.Helper()
	core, err := minio.NewCore(c.addr, &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, secret, ""), Region: "us-east-1", MaxRetries: 1,
	})
	require.NoError(t, err)
	return *core
}

func key(d storage.Digest) string { return "sha256/" + d.Hex() }

// TestLyingUploads sends bodies by hand, over requests that are signed without
// their body, so that the gateway itself has nothing to check them by.
func TestLyingUploads(t *testing.T) {
	c := start(t, config(t))
	// A small body that is cut short is refused before it reaches us, with status
	// 500, a large one by us, with 400.
	for name, size := range map[string]int{"a small body": 1000, "a large body": 6 << 20} {
		b := storagetest.Content(uint64(size), size)
		d := storage.DigestOf(b)
		flipped := bytes.Clone(b)
		flipped[size-1] ^= 1
		for what, u := range map[string]struct {
			body   []byte
			length int
			hangUp bool // close the connection without waiting for an answer
		}{
			"cut short by a connection that is closed":        {b[:size-1], size, true},
			"cut short by half":                               {b[:size/2], size, true},
			"cut short before its first byte":                 {nil, size, true},
			"cut short by a connection half closed":           {b[:size-1], size, false},
			"with a flipped bit":                              {flipped, size, false},
			"announced shorter than it is":                    {b[:size-1], size - 1, false},
			"announced as empty":                              {nil, 0, false},
			"announced longer than the content it belongs to": {append(bytes.Clone(b), 0), size + 1, false},
		} {
			t.Run(name+" "+what+" is never visible", func(t *testing.T) {
				conn := c.dial(t)
				c.sendPut(t, conn, key(d), u.body, u.length)
				if u.hangUp {
					require.NoError(t, conn.Close())
				} else {
					require.NoError(t, conn.CloseWrite())
					require.GreaterOrEqual(t, readStatus(t, conn), http.StatusBadRequest)
				}
				c.requireInvisible(t, d)
			})
		}
		t.Run(name+" that is right is visible after all of this", func(t *testing.T) {
			conn := c.dial(t)
			c.sendPut(t, conn, key(d), b, size)
			require.Equal(t, http.StatusOK, readStatus(t, conn))
			got, err := storage.ReadAll(deadline(t), c.open(t), d, int64(size))
			require.NoError(t, err)
			require.Equal(t, d, storage.DigestOf(got))
		})
	}
	c.requireNothingUnfinished(t)
}

// sendPut writes a PUT request for key that announces length bytes and has body.
func (c *child) sendPut(t *testing.T, conn net.Conn, key string, body []byte, length int) {
	t.Helper()
	core := c.core(t, ownerKey, ownerSecret)
	u, err := core.PresignHeader(deadline(t), http.MethodPut, embedded.DefaultBucket, key, time.Minute, url.Values{}, nil)
	require.NoError(t, err)
	_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n", u.RequestURI(), u.Host, length)
	require.NoError(t, err)
	_, _ = conn.Write(body) // the store may refuse before it has read everything
}

func readStatus(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

// requireNothingUnfinished waits until no file of an upload is left.
func (c *child) requireNothingUnfinished(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		files := 0
		root := filepath.Join(c.cfg.Dir, "objects", embedded.DefaultBucket, ".sgwtmp")
		err := filepath.Walk(root, func(_ string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() {
				files++
			}
			return nil
		})
		return err == nil && files == 0
	}, patience, 20*time.Millisecond, "files of unfinished uploads are left")
}

func TestUploadsInPartsAreHeldToTheirKey(t *testing.T) {
	c := start(t, config(t))
	ctx := deadline(t)
	core := c.core(t, ownerKey, ownerSecret)
	b := storagetest.Content(1, 11<<20)
	d := storage.DigestOf(b)

	send := func(t *testing.T, parts ...[]byte) error {
		id, err := core.NewMultipartUpload(ctx, embedded.DefaultBucket, key(d), minio.PutObjectOptions{})
		require.NoError(t, err)
		var done []minio.CompletePart
		for i, p := range parts {
			part, err := core.PutObjectPart(ctx, embedded.DefaultBucket, key(d), id, i+1,
				bytes.NewReader(p), int64(len(p)), minio.PutObjectPartOptions{})
			require.NoError(t, err)
			done = append(done, minio.CompletePart{PartNumber: i + 1, ETag: part.ETag})
		}
		_, err = core.CompleteMultipartUpload(ctx, embedded.DefaultBucket, key(d), id, done, minio.PutObjectOptions{})
		if err != nil {
			require.NoError(t, core.AbortMultipartUpload(ctx, embedded.DefaultBucket, key(d), id))
		}
		return err
	}
	for what, parts := range map[string][][]byte{
		"in the wrong order": {b[5<<20 : 10<<20], b[:5<<20], b[10<<20:]},
		"with one missing":   {b[:5<<20], b[10<<20:]},
		"with one too many":  {b[:5<<20], b[5<<20:], []byte("more")},
	} {
		t.Run("parts "+what+" are never visible", func(t *testing.T) {
			err := send(t, parts...)
			require.Equal(t, "XAmzContentSHA256Mismatch", minio.ToErrorResponse(err).Code, "%v", err)
			c.requireInvisible(t, d)
		})
	}
	t.Run("a part that is cut short is refused", func(t *testing.T) {
		id, err := core.NewMultipartUpload(ctx, embedded.DefaultBucket, key(d), minio.PutObjectOptions{})
		require.NoError(t, err)
		u, err := core.PresignHeader(ctx, http.MethodPut, embedded.DefaultBucket, key(d), time.Minute,
			url.Values{"partNumber": {"1"}, "uploadId": {id}}, nil)
		require.NoError(t, err)
		conn := c.dial(t)
		_, err = fmt.Fprintf(conn, "PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", u.RequestURI(), u.Host, len(b), b[1:])
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		require.Equal(t, http.StatusBadRequest, readStatus(t, conn))
		parts, err := core.ListObjectParts(ctx, embedded.DefaultBucket, key(d), id, 0, 10)
		require.NoError(t, err)
		require.Empty(t, parts.ObjectParts)
		require.NoError(t, core.AbortMultipartUpload(ctx, embedded.DefaultBucket, key(d), id))
	})
	t.Run("the right parts are visible after all of this", func(t *testing.T) {
		require.NoError(t, send(t, b[:5<<20], b[5<<20:10<<20], b[10<<20:]))
		got, err := storage.ReadAll(ctx, c.open(t), d, int64(len(b)))
		require.NoError(t, err)
		require.Equal(t, d, storage.DigestOf(got))
	})
	c.requireNothingUnfinished(t)
}

func TestNoOtherWayToMakeAnObject(t *testing.T) {
	c := start(t, config(t))
	ctx := deadline(t)
	core := c.core(t, ownerKey, ownerSecret)
	other := []byte("other")
	_, err := core.Client.PutObject(ctx, embedded.DefaultBucket, "free/name", bytes.NewReader(other), int64(len(other)), minio.PutObjectOptions{})
	require.NoError(t, err, "keys outside sha256/ promise nothing")
	d := storage.DigestOf([]byte("content"))

	t.Run("a copy to a digest is refused", func(t *testing.T) {
		_, err := core.Client.CopyObject(ctx, minio.CopyDestOptions{Bucket: embedded.DefaultBucket, Object: key(d)},
			minio.CopySrcOptions{Bucket: embedded.DefaultBucket, Object: "free/name"})
		require.Equal(t, http.StatusNotImplemented, minio.ToErrorResponse(err).StatusCode, "%v", err)
		c.requireInvisible(t, d)
	})
	t.Run("a part copied from elsewhere does not pass for content", func(t *testing.T) {
		id, err := core.NewMultipartUpload(ctx, embedded.DefaultBucket, key(d), minio.PutObjectOptions{})
		require.NoError(t, err)
		part, err := core.CopyObjectPart(ctx, embedded.DefaultBucket, "free/name", embedded.DefaultBucket, key(d), id, 1, 0, -1, nil)
		require.NoError(t, err)
		_, err = core.CompleteMultipartUpload(ctx, embedded.DefaultBucket, key(d), id, []minio.CompletePart{part}, minio.PutObjectOptions{})
		require.Equal(t, "XAmzContentSHA256Mismatch", minio.ToErrorResponse(err).Code, "%v", err)
		c.requireInvisible(t, d)
	})
	for _, k := range []string{"sha256/abc", "sha256/" + d.Hex() + "/x", "sha256/" + d.Hex() + "/", "sha256/" + d.Hex() + "0"} {
		t.Run("the key "+k+" is refused", func(t *testing.T) {
			_, err := core.Client.PutObject(ctx, embedded.DefaultBucket, k, bytes.NewReader(other), int64(len(other)), minio.PutObjectOptions{})
			require.Equal(t, "InvalidArgument", minio.ToErrorResponse(err).Code, "%v", err)
		})
	}
	t.Run("a body that is cut short is invisible under a free name too", func(t *testing.T) {
		conn := c.dial(t)
		large := storagetest.Content(8, 6<<20)
		c.sendPut(t, conn, "free/cut", large[1:], len(large))
		require.NoError(t, conn.CloseWrite())
		require.Equal(t, http.StatusBadRequest, readStatus(t, conn))
		_, err := core.Client.StatObject(ctx, embedded.DefaultBucket, "free/cut", minio.StatObjectOptions{})
		require.Equal(t, http.StatusNotFound, minio.ToErrorResponse(err).StatusCode)
	})
	t.Run("uploads with a checksum of their own pass", func(t *testing.T) {
		b := storagetest.Content(9, 100_000)
		withTrailer, err := minio.New(c.addr, &minio.Options{
			Creds: credentials.NewStaticV4(ownerKey, ownerSecret, ""), Region: "us-east-1", TrailingHeaders: true,
		})
		require.NoError(t, err)
		opts := minio.PutObjectOptions{DisableContentSha256: true, Checksum: minio.ChecksumSHA256}
		_, err = withTrailer.PutObject(ctx, embedded.DefaultBucket, key(storage.DigestOf(b)), bytes.NewReader(b), int64(len(b)), opts)
		require.NoError(t, err)
		got, err := storage.ReadAll(ctx, c.open(t), storage.DigestOf(b), 1<<20)
		require.NoError(t, err)
		require.Equal(t, b, got)
		_, err = withTrailer.PutObject(ctx, embedded.DefaultBucket, key(d), bytes.NewReader(b), int64(len(b)), opts)
		require.Error(t, err)
		c.requireInvisible(t, d)
	})
}
