package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ain-network/aind/storage"
)

// Over returns store with the cache before it: content that was read to its end is kept here, and read from here the next
// time. What there is no room for is read from the store. Everything but Get goes to the store; Delete forgets here too.
func (c *Cache) Over(store storage.Store) storage.Store { return cached{store, c} }

type cached struct {
	storage.Store
	cache *Cache
}

var _ storage.Store = cached{}

// Under is the cache before the store for the chunks of a manifest, where the store tells chunks from the rest; see
// chunk.Rooted.
func (s cached) Under(root storage.Digest) storage.Store {
	if rooted, ok := s.Store.(interface {
		Under(root storage.Digest) storage.Store
	}); ok {
		return cached{rooted.Under(root), s.cache}
	}
	return s
}

// Get implements storage.Store.
func (s cached) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if err := d.Validate(); err != nil {
		return nil, storage.Info{}, fmt.Errorf("get: %w", err)
	}
	file, err := s.cache.find(ctx, d)
	if err != nil {
		return nil, storage.Info{}, fmt.Errorf("get %s: %w", d, err)
	}
	if file != nil {
		return s.open(ctx, d, file)
	}
	body, info, err := s.Store.Get(ctx, d)
	if err != nil {
		return nil, storage.Info{}, err
	}
	in, err := s.cache.begin(info)
	if err != nil {
		return body, info, nil //nolint:nilerr // without room it is read all the same
	}
	return &keeping{ReadCloser: body, in: in}, info, nil
}

// open hands out a file of the cache, held to its digest.
func (s cached) open(ctx context.Context, d storage.Digest, file *os.File) (io.ReadCloser, storage.Info, error) {
	stat, err := file.Stat()
	if err != nil {
		return nil, storage.Info{}, errors.Join(fmt.Errorf("get %s: %w", d, err), file.Close())
	}
	info := storage.Info{Digest: d, Size: stat.Size()}
	return &object{file, d, storage.NewVerifier(storage.ContextReader(ctx, file), info), s.cache}, info, nil
}

// object is a file of the cache on its way to the reader.
type object struct {
	io.Closer
	digest  storage.Digest
	content *storage.Verifier
	cache   *Cache
}

// Read implements io.Reader. A file that was changed after it had been checked ends in an error, and is fetched anew the next
// time.
func (o *object) Read(p []byte) (int, error) {
	n, err := o.content.Read(p)
	if errors.Is(err, storage.ErrDigestMismatch) || errors.Is(err, storage.ErrSizeMismatch) {
		err = errors.Join(err, o.cache.Drop(o.digest))
	}
	return n, err
}

// Delete implements storage.Store.
func (s cached) Delete(ctx context.Context, d storage.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := s.cache.Drop(d); err != nil {
		return fmt.Errorf("delete %s: %w", d, err)
	}
	return s.Store.Delete(ctx, d)
}

// keeping is content on its way from the store to the reader and to the cache.
type keeping struct {
	io.ReadCloser
	in *incoming // none once it was kept or given up
}

// Read implements io.Reader. The end of a store's content comes only when all of it was right.
func (k *keeping) Read(p []byte) (int, error) {
	n, err := k.ReadCloser.Read(p)
	if k.in == nil {
		return n, err
	}
	if _, writeErr := k.in.file.Write(p[:n]); writeErr != nil {
		k.giveUp() // the reader gets its content all the same
		return n, err
	}
	if errors.Is(err, io.EOF) {
		if file, keepErr := k.in.finish(); keepErr == nil {
			file.Close()
		}
		k.in = nil
	} else if err != nil {
		k.giveUp()
	}
	return n, err
}

func (k *keeping) giveUp() {
	k.in.drop()
	k.in = nil
}

// Close implements io.Closer.
func (k *keeping) Close() error {
	if k.in != nil {
		k.giveUp()
	}
	return k.ReadCloser.Close()
}
