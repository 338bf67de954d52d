package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/ain-network/aind/sandbox"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
	"github.com/ain-network/aind/storage/storagetest/server"
)

// shelf is the store that inputs come from and results go to, as with a worker that has accepted: `aind store`'s, on this machine.
type shelf struct {
	store  storage.Store
	inputs []storage.Digest // of which each is taken once: equal contents would be there already
	next   atomic.Int64
	server *server.Server
}

// openShelf starts a store and puts n inputs into it.
func openShelf(ctx context.Context, folder string, n int) (*shelf, error) {
	dir := filepath.Join(folder, "store")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	srv, err := server.Start("embedded", dir)
	if err != nil {
		return nil, err
	}
	s := &shelf{server: srv}
	store, err := s3.New(srv.S3())
	if err != nil {
		srv.Kill()
		return nil, err
	}
	s.store = store
	for i := range n {
		info, err := storage.PutBytes(ctx, store, fmt.Appendf([]byte("\x0a\x0c"), "%012d", i))
		if err != nil {
			srv.Kill()
			return nil, err
		}
		s.inputs = append(s.inputs, info.Digest)
	}
	return s, nil
}

// serve takes an input out of the store, runs the program on it, and puts the reply there.
func (s *shelf) serve(ctx context.Context, box sandbox.Sandbox, p sandbox.Program) error {
	asked, err := storage.ReadAll(ctx, s.store, s.inputs[s.next.Add(1)-1], 1<<10)
	if err != nil {
		return err
	}
	reply, err := box.Run(ctx, sandbox.Run{Program: p, Input: asked, Tenant: "client"})
	if err != nil {
		return err
	}
	if !bytes.Equal(reply.Output, asked) {
		return fmt.Errorf("the program gave %x instead of %x", reply.Output, asked)
	}
	_, err = storage.PutBytes(ctx, s.store, append(reply.Output, "reply"...)) // the input itself is there
	return err
}
