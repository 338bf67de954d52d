package embedded_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
)

// request makes a presigned request by hand and returns the status.
func request(t *testing.T, p s3.Presigned, body []byte, change func(*http.Request)) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(deadline(t), p.Method, p.URL, bytes.NewReader(body))
	require.NoError(t, err)
	for name, value := range p.Header {
		if name != "Content-Length" {
			req.Header.Set(name, value)
		}
	}
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, content
}

// A presigned request does what it was made for, and nothing else.
func TestPresigned(t *testing.T) {
	c := start(t, config(t))
	ctx := deadline(t)
	shelf := c.open(t).Shelf("spaces/7/")
	b := storagetest.Content(1, 5000)
	info := storage.Info{Digest: storage.DigestOf(b), Size: int64(len(b))}
	other := storagetest.Content(2, 5000)
	put, err := shelf.PresignPut(ctx, info, time.Minute, "word")
	require.NoError(t, err)
	require.NotContains(t, put.URL, ownerSecret)

	for what, change := range map[string]func(*http.Request){
		"with other bytes": func(r *http.Request) { r.Body = io.NopCloser(bytes.NewReader(other)) },
		"with a byte more": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(append(bytes.Clone(b), 0))), info.Size+1
		},
		"with a byte less": func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(b[1:])), info.Size-1
		},
		"with another checksum": func(r *http.Request) { r.Header.Set(minio.ChecksumSHA256.Key(), "AAAA") },
		"without its checksum":  func(r *http.Request) { r.Header.Del(minio.ChecksumSHA256.Key()) },
		"with another word":     func(r *http.Request) { r.Header.Set("X-Amz-Meta-Ain-Upload", "worD") },
		"with a source to copy": func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "/ain/sha256/"+info.Digest.Hex()) },
		"with attributes":       func(r *http.Request) { r.Header.Set("X-Amz-Meta-More", "1") },
		"with another method":   func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0 },
		"as a deletion":         func(r *http.Request) { r.Method, r.Body, r.ContentLength = http.MethodDelete, nil, 0 },
		"for another space":     func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "spaces/7", "spaces/8", 1) },
		"for another key":       func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "spaces/7/", "", 1) },
		"with another life": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=600", 1)
		},
		"with another signature": func(r *http.Request) { r.URL.RawQuery = r.URL.RawQuery[:len(r.URL.RawQuery)-1] + "g" },
		"at another host":        func(r *http.Request) { r.Host = "example.org" },
		"with another parameter": func(r *http.Request) { r.URL.RawQuery += "&acl" },
	} {
		t.Run("a put "+what+" is refused", func(t *testing.T) {
			status, content := request(t, put, b, change)
			require.GreaterOrEqual(t, status, http.StatusBadRequest, "%s", content)
			_, err := shelf.Stat(ctx, info.Digest)
			require.ErrorIs(t, err, storage.ErrNotFound)
		})
	}
	status, content := request(t, put, b, nil)
	require.Equal(t, http.StatusOK, status, "%s", content)
	proven, err := shelf.Inspect(ctx, info.Digest)
	require.NoError(t, err)
	require.Equal(t, s3.Proven{Size: info.Size, Checked: true, Proof: "word"}, proven)
	_, err = c.open(t).Stat(ctx, info.Digest)
	require.ErrorIs(t, err, storage.ErrNotFound, "a space is a place of its own")

	get, err := shelf.PresignGet(ctx, info.Digest, time.Minute)
	require.NoError(t, err)
	for what, change := range map[string]func(*http.Request){
		"with another method":    func(r *http.Request) { r.Method = http.MethodHead },
		"for another space":      func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, "spaces/7", "spaces/8", 1) },
		"with another life":      func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=60", "Expires=61", 1) },
		"with another signature": func(r *http.Request) { r.URL.RawQuery = r.URL.RawQuery[:len(r.URL.RawQuery)-1] + "g" },
		"at another host":        func(r *http.Request) { r.Host = "example.org" },
	} {
		t.Run("a get "+what+" is refused", func(t *testing.T) {
			status, content := request(t, get, nil, change)
			require.GreaterOrEqual(t, status, http.StatusBadRequest)
			require.NotContains(t, string(content), string(b[:100]))
		})
	}
	status, content = request(t, get, nil, nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, b, content)
}

// What lies below a space is listed, inspected and removed with it, and keeps to the digest in its key.
func TestShelf(t *testing.T) {
	c := start(t, config(t))
	ctx := deadline(t)
	store := c.open(t)
	var objects []s3.Object
	list := func(o s3.Object) error { objects = append(objects, o); return nil }
	require.NoError(t, store.Shelf("spaces/").Objects(ctx, list))
	require.Empty(t, objects)

	b := storagetest.Content(3, 100)
	for _, space := range []string{"spaces/1/", "spaces/2/"} {
		info, err := storage.PutBytes(ctx, store.Shelf(space), b)
		require.NoError(t, err)
		require.Equal(t, storage.DigestOf(b), info.Digest)
	}
	require.NoError(t, store.Shelf("spaces/").Objects(ctx, list))
	require.Len(t, objects, 2)
	require.Equal(t, "spaces/1/sha256/"+storage.DigestOf(b).Hex(), objects[0].Key)
	require.Equal(t, int64(100), objects[0].Size)
	require.NoError(t, store.Remove(ctx, objects[0].Key))
	require.NoError(t, store.Remove(ctx, objects[0].Key), "again")
	_, err := store.Shelf("spaces/1/").Stat(ctx, storage.DigestOf(b))
	require.ErrorIs(t, err, storage.ErrNotFound)
	got, err := storage.ReadAll(ctx, store.Shelf("spaces/2/"), storage.DigestOf(b), 100)
	require.NoError(t, err)
	require.Equal(t, b, got)

	core := c.core(t, ownerKey, ownerSecret)
	for _, key := range []string{
		"spaces/1/sha256/" + storage.DigestOf(nil).Hex(), "spaces/sha256/" + storage.DigestOf(b).Hex(),
		"spaces/0/sha256/" + storage.DigestOf(b).Hex(), "spaces/1/x",
	} {
		_, err := core.Client.PutObject(ctx, "ain", key, bytes.NewReader(b), 100, minio.PutObjectOptions{})
		require.Error(t, err, key)
	}

	d := storage.DigestOf([]byte("never finished"))
	_, err = core.NewMultipartUpload(ctx, "ain", "spaces/1/sha256/"+d.Hex(), minio.PutObjectOptions{})
	require.NoError(t, err)
	aborted, err := store.Shelf("spaces/").AbortUploads(ctx, time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, aborted, "one that is young")
	aborted, err = store.Shelf("spaces/").AbortUploads(ctx, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, 1, aborted)
}

// A carrier, which holds no secret, stores and reads with presigned requests, and verifies what it reads.
func TestCarrier(t *testing.T) {
	c := start(t, config(t))
	shelf := c.open(t).Shelf("spaces/9/")
	carrier, err := s3.NewCarrier(s3.CarrierConfig{SpoolDir: t.TempDir()})
	require.NoError(t, err)
	storagetest.Run(t, func(*testing.T) storage.Store { return carried{carrier, shelf} })
}
