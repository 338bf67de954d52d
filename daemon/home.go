package daemon

import (
	"context"
	"errors"
	"io"

	"github.com/ain-network/aind/storage"
)

// homeSpace is a space that a daemon stores in for as long as it runs: wherever its provider is registered by now.
type homeSpace struct {
	spaces *Spaces
	id     uint64
	root   storage.Digest // of the manifest whose chunks are read
}

var _ storage.Store = homeSpace{}

// Under is the store for the chunks of a manifest.
func (h homeSpace) Under(root storage.Digest) storage.Store {
	h.root = root
	return h
}

// at has something done where the space is. A provider that does not answer there may be registered elsewhere: the next try asks.
func (h homeSpace) at(ctx context.Context, do func(storage.Store) error) error {
	space, err := h.spaces.Space(ctx, h.id)
	if err != nil {
		return err
	}
	var store storage.Store = space
	if h.root != "" {
		store = space.Under(h.root)
	}
	if err = do(store); errors.Is(err, storage.ErrUnavailable) {
		h.spaces.Forget(h.id)
	}
	return err
}

// Put implements storage.Store.
func (h homeSpace) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (info storage.Info, err error) {
	err = h.at(ctx, func(s storage.Store) error {
		info, err = s.Put(ctx, src, opts...)
		return err
	})
	return info, err
}

// Get implements storage.Store.
func (h homeSpace) Get(ctx context.Context, d storage.Digest) (body io.ReadCloser, info storage.Info, err error) {
	err = h.at(ctx, func(s storage.Store) error {
		body, info, err = s.Get(ctx, d)
		return err
	})
	return body, info, err
}

// Stat implements storage.Store.
func (h homeSpace) Stat(ctx context.Context, d storage.Digest) (info storage.Info, err error) {
	err = h.at(ctx, func(s storage.Store) error {
		info, err = s.Stat(ctx, d)
		return err
	})
	return info, err
}

// Delete implements storage.Store.
func (h homeSpace) Delete(ctx context.Context, d storage.Digest) error {
	return h.at(ctx, func(s storage.Store) error { return s.Delete(ctx, d) })
}

// Forget has the chain asked anew where a space is.
func (s *Spaces) Forget(space uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.found, space)
}
