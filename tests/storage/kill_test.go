package storage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest"
	"github.com/ain-network/aind/storage/storagetest/server"
)

func TestMain(m *testing.M) {
	server.Main()
	if raw := os.Getenv(envErrand); raw != "" {
		if err := run(raw); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// envErrand holds, in a child, what it is to put or to get.
const envErrand = "AIND_TEST_ERRAND"

// errand is what a client in a process of its own does.
type errand struct {
	Config s3.Config
	Path   string
	Ref    *chunk.Ref // to get; none to put
}

func run(raw string) error {
	var e errand
	if err := json.Unmarshal([]byte(raw), &e); err != nil {
		return err
	}
	s, err := s3.New(e.Config)
	if err != nil {
		return err
	}
	if e.Ref != nil {
		return chunk.Get(context.Background(), s, *e.Ref, e.Path, chunk.Options{Parallel: 1})
	}
	_, err = chunk.PutFile(context.Background(), s, e.Path, chunk.Options{Parallel: 1})
	return err
}

// client starts a process that does an errand.
func client(t *testing.T, e errand) *exec.Cmd {
	t.Helper()
	raw, err := json.Marshal(e)
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envErrand+"="+string(raw))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return cmd
}

func TestAServerKilledInTheMiddleOfAPut(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		before, err := storage.PutBytes(deadline(t), open(t, srv, srv.Addr), []byte("acknowledged before"))
		require.NoError(t, err)
		proxy := storagetest.NewProxy(t, srv.Addr)
		s := open(t, srv, proxy.Addr)
		proxy.Set(storagetest.Fault{Kind: storagetest.Cut, Method: "PUT", Skip: 2, At: chunk.Size / 2, Times: 1, Then: srv.Kill})
		acknowledged := &heard{Store: s}
		_, err = chunk.Put(deadline(t), acknowledged, storagetest.Stream(2, chunk.Threshold+1), chunk.Threshold+1, chunk.Options{Parallel: 1})
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.Len(t, acknowledged.digests, 2)

		require.NoError(t, srv.Restart())
		direct := open(t, srv, srv.Addr)
		for _, d := range append(acknowledged.digests, before.Digest) {
			_, err := storage.ReadAll(deadline(t), direct, d, chunk.Size)
			require.NoError(t, err, "what was acknowledged is there")
		}
		_, err = direct.Stat(deadline(t), nameOf(t, large()).Digest)
		require.ErrorIs(t, err, storage.ErrNotFound)
		_, err = direct.Stat(deadline(t), storage.DigestOf(large()[2*chunk.Size:3*chunk.Size]))
		require.ErrorIs(t, err, storage.ErrNotFound, "half a chunk is no chunk")

		proxy.Set(storagetest.Fault{})
		ref, err := put(deadline(t), s, large())
		require.NoError(t, err)
		require.Equal(t, nameOf(t, large()), ref)
		require.Equal(t, 4, proxy.Asked("PUT"), "three chunks and the manifest are left to send")
		requireContent(t, direct, large())
	})
}

// heard is a store that remembers what it has acknowledged. One goroutine puts.
type heard struct {
	storage.Store
	digests []storage.Digest
}

func (h *heard) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	info, err := h.Store.Put(ctx, src, opts...)
	if err == nil {
		h.digests = append(h.digests, info.Digest)
	}
	return info, err
}

func TestAServerKilledInTheMiddleOfAGet(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		ref, err := put(deadline(t), open(t, srv, srv.Addr), large())
		require.NoError(t, err)
		proxy := storagetest.NewProxy(t, srv.Addr)
		proxy.Set(storagetest.Fault{Kind: storagetest.Cut, Method: "GET", Skip: 2, At: chunk.Size / 2, Times: 1, Then: srv.Kill})
		path := filepath.Join(t.TempDir(), "content")
		err = chunk.Get(deadline(t), open(t, srv, proxy.Addr), ref, path, chunk.Options{Parallel: 1})
		require.ErrorIs(t, err, storage.ErrUnavailable)
		require.NoFileExists(t, path)

		require.NoError(t, srv.Restart())
		proxy.Set(storagetest.Fault{})
		require.NoError(t, chunk.Get(deadline(t), open(t, srv, proxy.Addr), ref, path, chunk.Options{Parallel: 1}))
		require.LessOrEqual(t, proxy.Asked("GET"), 5, "the manifest and the chunks that were not there")
		require.Equal(t, ref, fileName(t, path))
	})
}

// fileName is the name that a file's content has.
func fileName(t *testing.T, path string) chunk.Ref {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return nameOf(t, b)
}

func TestAClientKilledInTheMiddleOfAPut(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		path := filepath.Join(t.TempDir(), "content")
		require.NoError(t, os.WriteFile(path, large(), 0o600))
		proxy := storagetest.NewProxy(t, srv.Addr)
		killAt(t, proxy, "PUT", errand{Config: at(t, srv, proxy.Addr), Path: path})

		direct := open(t, srv, srv.Addr)
		_, err := direct.Stat(deadline(t), nameOf(t, large()).Digest)
		require.ErrorIs(t, err, storage.ErrNotFound)
		proxy.Set(storagetest.Fault{})
		require.NoError(t, client(t, errand{Config: at(t, srv, proxy.Addr), Path: path}).Wait())
		require.Equal(t, 4, proxy.Asked("PUT"), "three chunks and the manifest are left to send")
		requireContent(t, direct, large())
	})
}

func TestAClientKilledInTheMiddleOfAGet(t *testing.T) {
	server.Each(t, func(t *testing.T, srv *server.Server) {
		ref, err := put(deadline(t), open(t, srv, srv.Addr), large())
		require.NoError(t, err)
		proxy := storagetest.NewProxy(t, srv.Addr)
		path := filepath.Join(t.TempDir(), "content")
		killAt(t, proxy, "GET", errand{Config: at(t, srv, proxy.Addr), Path: path, Ref: &ref})
		require.NoFileExists(t, path)

		proxy.Set(storagetest.Fault{})
		require.NoError(t, client(t, errand{Config: at(t, srv, proxy.Addr), Path: path, Ref: &ref}).Wait())
		require.LessOrEqual(t, proxy.Asked("GET"), 5, "the manifest and the chunks that were not there")
		require.Equal(t, ref, fileName(t, path))
		left, err := os.ReadDir(filepath.Dir(path))
		require.NoError(t, err)
		require.Len(t, left, 1)
	})
}

func at(t *testing.T, srv *server.Server, addr string) s3.Config {
	cfg := srv.S3()
	cfg.Endpoint, cfg.SpoolDir = addr, t.TempDir()
	return cfg
}

// killAt starts a client and kills it in the middle of the third object that it moves.
func killAt(t *testing.T, proxy *storagetest.Proxy, method string, e errand) {
	t.Helper()
	reached := make(chan struct{})
	proxy.Set(storagetest.Fault{
		Kind: storagetest.Stall, Method: method, Skip: 2, At: chunk.Size / 2, Times: 1, Then: func() { close(reached) },
	})
	cmd := client(t, e)
	select {
	case <-reached:
	case <-deadline(t).Done():
		require.FailNow(t, "the client does not get that far")
	}
	require.NoError(t, cmd.Process.Kill())
	var exit *exec.ExitError
	require.True(t, errors.As(cmd.Wait(), &exit))
	require.False(t, exit.Exited(), "it was killed")
}
