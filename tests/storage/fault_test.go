package storage_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

const patience = 2 * time.Minute

// What goes through the faults: one object, and five chunks with a manifest.
var (
	small = sync.OnceValue(func() []byte { return storagetest.Content(1, 3<<20) })
	large = sync.OnceValue(func() []byte { return storagetest.Content(2, chunk.Threshold+1) })
)

func contents() map[string]func() []byte {
	return map[string]func() []byte{"one object": small, "chunks": large}
}

func deadline(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// open returns a client that asks at addr, and waits for half a second where nothing moves.
func open(t *testing.T, srv *server.Server, addr string) *s3.Store {
	t.Helper()
	cfg := srv.S3()
	cfg.Endpoint, cfg.SpoolDir, cfg.StallTimeout = addr, t.TempDir(), 500*time.Millisecond
	if addr == srv.Addr {
		cfg.StallTimeout = patience
	}
	s, err := s3.New(cfg)
	require.NoError(t, err)
	return s
}

// put stores content as files are stored.
func put(ctx context.Context, s storage.Store, content []byte) (chunk.Ref, error) {
	return chunk.Put(ctx, s, bytes.NewReader(content), int64(len(content)), chunk.Options{Parallel: 2})
}

// nameOf is the name that content will have.
func nameOf(t *testing.T, content []byte) chunk.Ref {
	t.Helper()
	if len(content) <= chunk.Threshold {
		return chunk.Ref{Digest: storage.DigestOf(content), Size: int64(len(content))}
	}
	m := chunk.Manifest{Size: int64(len(content))}
	for rest := content; len(rest) > 0; rest = rest[min(chunk.Size, len(rest)):] {
		m.Chunks = append(m.Chunks, storage.DigestOf(rest[:min(chunk.Size, len(rest))]))
	}
	return chunk.Ref{Digest: m.Digest(), Size: m.Size, Chunked: true}
}

// requireContent requires that s has the content, and gives it as a file and as a stream.
func requireContent(t *testing.T, s storage.Store, content []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "content")
	require.NoError(t, chunk.Get(deadline(t), s, nameOf(t, content), path, chunk.Options{}))
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(content, got))
}

// faults and what they end in when they do not pass. nil: in success.
var faults = []struct {
	name     string
	fault    storagetest.Fault
	put, get error
}{
	{"a connection that is cut", storagetest.Fault{Kind: storagetest.Cut, At: 1 << 20}, storage.ErrUnavailable, storage.ErrUnavailable},
	{"a bit that is flipped", storagetest.Fault{Kind: storagetest.Flip, At: 1 << 20}, storage.ErrDigestMismatch, storage.ErrDigestMismatch},
	{"a length that is too short", storagetest.Fault{Kind: storagetest.Shorten, At: 1 << 20}, storage.ErrDigestMismatch, storage.ErrSizeMismatch},
	{"a length that is too long", storagetest.Fault{Kind: storagetest.Lengthen, At: 1 << 20}, storage.ErrDigestMismatch, storage.ErrSizeMismatch},
	{"answers of 503", storagetest.Fault{Kind: storagetest.Refuse}, storage.ErrUnavailable, storage.ErrUnavailable},
	{"a transfer that stands still", storagetest.Fault{Kind: storagetest.Stall, At: 1 << 20}, storage.ErrUnavailable, storage.ErrUnavailable},
	{"a slow network", storagetest.Fault{Kind: storagetest.Slow, Times: 1}, nil, nil},
}

func TestPutsThroughFaults(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		direct := open(t, srv, srv.Addr)
		proxy := storagetest.NewProxy(t, srv.Addr)
		for what, content := range contents() {
			want := nameOf(t, content())
			for _, c := range faults {
				t.Run(c.name+", "+what, func(t *testing.T) {
					s := open(t, srv, proxy.Addr)
					f := c.fault
					f.Method = "PUT"
					if want.Chunked && f.Kind != storagetest.Slow {
						f.Skip = 1 // a chunk gets through
					}
					proxy.Set(f)
					ref, err := put(deadline(t), s, content())
					if c.put == nil {
						require.NoError(t, err)
						require.Equal(t, want, ref)
					} else {
						require.ErrorIs(t, err, c.put)
						_, err = direct.Stat(deadline(t), want.Digest)
						require.ErrorIs(t, err, storage.ErrNotFound, "what was not acknowledged has no name")
						proxy.Set(storagetest.Fault{})
						ref, err = put(deadline(t), s, content())
						require.NoError(t, err, "a new try when the fault has passed")
						require.Equal(t, want, ref)
					}
					requireContent(t, direct, content())
					remove(t, direct, want)
				})
			}
		}
	})
}

// remove deletes everything that content consists of.
func remove(t *testing.T, s storage.Store, ref chunk.Ref) {
	t.Helper()
	if ref.Chunked {
		b, err := storage.ReadAll(deadline(t), s, ref.Digest, chunk.MaxManifest)
		require.NoError(t, err)
		m, err := chunk.Parse(b)
		require.NoError(t, err)
		for _, d := range m.Chunks {
			require.NoError(t, s.Delete(deadline(t), d))
		}
	}
	require.NoError(t, s.Delete(deadline(t), ref.Digest))
}

func TestGetsThroughFaults(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		direct := open(t, srv, srv.Addr)
		proxy := storagetest.NewProxy(t, srv.Addr)
		for what, content := range contents() {
			ref, err := put(deadline(t), direct, content())
			require.NoError(t, err)
			for _, c := range faults {
				t.Run(c.name+", "+what, func(t *testing.T) {
					s := open(t, srv, proxy.Addr)
					f := c.fault
					f.Method = "GET"
					if ref.Chunked && f.Kind != storagetest.Slow {
						f.Skip = 2 // the manifest is too short to be struck where a place is named
					}
					dir := t.TempDir()
					path := filepath.Join(dir, "content")
					proxy.Set(f)
					err := chunk.Get(deadline(t), s, ref, path, chunk.Options{Parallel: 1})
					if c.get != nil {
						require.ErrorIs(t, err, c.get)
						require.NoFileExists(t, path)
						requireRightBeginning(t, s, ref, content(), f, proxy)
						proxy.Set(storagetest.Fault{})
						err = chunk.Get(deadline(t), s, ref, path, chunk.Options{})
						if ref.Chunked {
							require.Less(t, proxy.Asked("GET"), 6, "chunks that were right are not fetched again")
						}
					}
					require.NoError(t, err)
					got, err := os.ReadFile(path)
					require.NoError(t, err)
					require.True(t, bytes.Equal(content(), got))
					left, err := os.ReadDir(dir)
					require.NoError(t, err)
					require.Len(t, left, 1)
				})
			}
		}
	})
}

// requireRightBeginning requires that a stream of chunks through a fault hands out right bytes only, and ends in an error.
func requireRightBeginning(t *testing.T, s storage.Store, ref chunk.Ref, content []byte, f storagetest.Fault, proxy *storagetest.Proxy) {
	t.Helper()
	if !ref.Chunked {
		return // the last bytes are kept back until all are right, and the ones before are to be thrown away
	}
	proxy.Set(f)
	r, err := chunk.Open(deadline(t), s, ref, chunk.Options{Parallel: 1})
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.Error(t, err)
	require.NoError(t, r.Close())
	require.True(t, bytes.HasPrefix(content, got))
	require.Zero(t, len(got)%chunk.Size, "nothing of a chunk comes before all of it is right")
}
