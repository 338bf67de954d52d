// Package cache keeps content by digest in a folder of this machine, up to a number of bytes.
//
// Several processes may share a folder. What is held or read stays; of the rest, what was used longest ago goes first when
// room is needed. Content is checked when it comes in, and again when a process first uses what another, or an earlier one,
// has left: a file that somebody changed is thrown away and fetched anew.
//
// Whoever may read the folder can read what is in it, whatever the store would say to them now.
package cache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/internal/filelock"
)

// ErrFull: what is in use leaves no room for more.
var ErrFull = errors.New("the cache is full")

// unverified ends the name of every file that was not checked yet.
const unverified = ".unverified"

// Cache is a folder of content. A file's name is the hex digits of its digest.
type Cache struct {
	dir      string
	maxBytes int64

	mu       sync.Mutex
	fetching map[storage.Digest]*gate
	checked  map[storage.Digest]os.FileInfo // files that this process has found right
}

// gate lets one at a time fetch a content.
type gate struct {
	sync.Mutex
	at int // how many are in it or wait for it
}

// Open opens a cache of at most maxBytes, making its folder where there is none, and throws away what others did not finish
// and what is over the limit.
func Open(dir string, maxBytes int64) (*Cache, error) {
	if maxBytes <= 0 {
		return nil, fmt.Errorf("cache %s: a size of %d bytes holds nothing (give more)", dir, maxBytes)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	c := &Cache{dir: dir, maxBytes: maxBytes, fetching: map[storage.Digest]*gate{}, checked: map[storage.Digest]os.FileInfo{}}
	if err := c.makeRoom(0); err != nil && !errors.Is(err, ErrFull) { // others may use more than we would
		return nil, err
	}
	return c, nil
}

// Held is content that stays in the cache until Close.
type Held struct {
	Path string
	file *os.File // with a lock that others share
}

// Close lets the content go when room is needed.
func (h *Held) Close() error { return h.file.Close() }

// Hold returns content as a file, fetching it from the store unless it is there. Several calls at once fetch it once.
//
// Errors are ErrFull, storage.ErrSizeMismatch when it has another size, and those of [storage.Store.Get].
func (c *Cache) Hold(ctx context.Context, store storage.Store, d storage.Digest, size int64) (*Held, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	done := c.alone(d)
	defer done()
	file, err := c.find(ctx, d)
	if err != nil {
		return nil, err
	}
	if file == nil {
		if file, err = c.fetch(ctx, store, storage.Info{Digest: d, Size: size}); err != nil {
			return nil, err
		}
	}
	info, err := file.Stat()
	if err == nil && info.Size() != size {
		err = fmt.Errorf("%w: %s named with %d bytes, it has %d", storage.ErrSizeMismatch, d, size, info.Size())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Held{Path: c.path(d), file: file}, nil
}

// alone waits until nobody else in this process fetches d.
func (c *Cache) alone(d storage.Digest) (done func()) {
	c.mu.Lock()
	g, ok := c.fetching[d]
	if !ok {
		g = &gate{}
		c.fetching[d] = g
	}
	g.at++
	c.mu.Unlock()
	g.Lock()
	return func() {
		g.Unlock()
		c.mu.Lock()
		defer c.mu.Unlock()
		if g.at--; g.at == 0 {
			delete(c.fetching, d)
		}
	}
}

// find opens the file of d, once it was found right, so that it stays until it is closed. It returns nil when there is none.
func (c *Cache) find(ctx context.Context, d storage.Digest) (*os.File, error) {
	file, err := os.Open(c.path(d))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	right, err := c.check(ctx, d, file)
	if err != nil || !right {
		file.Close()
		return nil, err
	}
	now := time.Now()
	if err := os.Chtimes(c.path(d), now, now); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("cache: %w", err), file.Close())
	}
	return file, nil
}

// check locks a file against removal, and reads it unless this process has. A file that is not right is removed.
func (c *Cache) check(ctx context.Context, d storage.Digest, file *os.File) (right bool, err error) {
	info, err := c.keep(d, file)
	if info == nil || err != nil {
		return false, err
	}
	c.mu.Lock()
	before, known := c.checked[d]
	c.mu.Unlock()
	if known && os.SameFile(before, info) && before.Size() == info.Size() {
		return true, nil
	}
	got, err := storage.DigestReader(storage.ContextReader(ctx, file))
	if err != nil {
		return false, fmt.Errorf("cache: %w", err)
	}
	if got.Digest != d {
		return false, c.Drop(d)
	}
	c.mu.Lock()
	c.checked[d] = info
	c.mu.Unlock()
	_, err = file.Seek(0, io.SeekStart)
	return err == nil, err
}

// keep locks an open file of d against removal. It returns nothing when it is being removed, or was.
func (c *Cache) keep(d storage.Digest, file *os.File) (os.FileInfo, error) {
	if err := filelock.Share(file); errors.Is(err, filelock.ErrLocked) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	if named, err := os.Stat(c.path(d)); err != nil || !os.SameFile(info, named) {
		return nil, nil //nolint:nilerr // it has no name any more
	}
	return info, nil
}

// fetch brings content of a known size from a store.
func (c *Cache) fetch(ctx context.Context, store storage.Store, want storage.Info) (*os.File, error) {
	body, info, err := store.Get(ctx, want.Digest)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if info.Size != want.Size {
		return nil, fmt.Errorf("%w: %s named with %d bytes, it has %d", storage.ErrSizeMismatch, want.Digest, want.Size, info.Size)
	}
	in, err := c.begin(want)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(in.file, body); err != nil {
		in.drop()
		return nil, err
	}
	return in.finish()
}

// incoming is content that is not whole yet. Its file has its full length from the start, so that others count with it.
type incoming struct {
	cache *Cache
	want  storage.Info
	file  *os.File
}

// begin makes room for content and takes it.
func (c *Cache) begin(want storage.Info) (*incoming, error) {
	if want.Size > c.maxBytes { // nothing else has to go for it
		return nil, fmt.Errorf("cache: %w", c.full(want.Size, 0))
	}
	var file *os.File
	err := c.locked(func() (err error) {
		if err := c.sweep(want.Size); err != nil {
			return err
		}
		if file, err = os.CreateTemp(c.dir, want.Digest.Hex()+".*"+unverified); err != nil {
			return err
		}
		return errors.Join(filelock.Share(file), file.Truncate(want.Size))
	})
	in := &incoming{c, want, file}
	if err != nil {
		if file != nil {
			in.drop()
		}
		return nil, fmt.Errorf("cache: %w", err)
	}
	return in, nil
}

// finish gives the file its name, once all of it was written and found right, and opens it under that, so that it stays until
// it is closed. It is not flushed to disk: what a crash damages is found when it is first used.
func (in *incoming) finish() (file *os.File, err error) {
	path := in.cache.path(in.want.Digest)
	var info os.FileInfo
	err = in.cache.locked(func() (err error) { // nobody removes it meanwhile
		if err := in.file.Close(); err != nil { // some systems rename only what is closed
			return err
		}
		if err := os.Rename(in.file.Name(), path); err != nil {
			return err
		}
		if file, err = os.Open(path); err != nil {
			return err
		}
		info, err = in.cache.keep(in.want.Digest, file)
		return err
	})
	if err == nil && info == nil {
		err = errors.New("somebody removed it")
	}
	if err != nil {
		if file != nil {
			file.Close()
		}
		in.drop()
		return nil, fmt.Errorf("cache: %w", err)
	}
	in.cache.mu.Lock()
	in.cache.checked[in.want.Digest] = info
	in.cache.mu.Unlock()
	return file, nil
}

// drop gives up.
func (in *incoming) drop() {
	_ = os.Remove(in.file.Name()) // what is left is swept away later
	in.file.Close()
}

// Drop removes content, held or not.
func (c *Cache) Drop(d storage.Digest) error {
	c.forget(d)
	if err := os.Remove(c.path(d)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// forget that a file was found right.
func (c *Cache) forget(d storage.Digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.checked, d)
}

// path is where content lies that is right.
func (c *Cache) path(d storage.Digest) string { return filepath.Join(c.dir, d.Hex()) }
