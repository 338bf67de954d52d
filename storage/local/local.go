// Package local keeps objects as files in a directory: for tests and for a
// single machine without a store daemon.
//
// Layout: objects/<first two hex digits>/<64 hex digits> holds the bytes,
// incoming/ holds what is still being written. A file is hashed while it is
// written to incoming/, flushed, and only then renamed into objects/, so
// objects/ never holds a partial object. Files are hashed again when read: the
// disk is not trusted. Several processes may share a directory.
package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/ain-network/aind/storage"
)

// leftoverAge is how long a half-written file must have been left alone to be
// taken for one whose writer was killed.
const leftoverAge = 24 * time.Hour

// Store is a storage.Store in a directory.
type Store struct {
	objects  string
	incoming string
}

var _ storage.Store = (*Store)(nil)

// Open returns the store in dir, making the directory when it is absent.
func Open(dir string) (*Store, error) {
	if dir == "" {
		return nil, errors.New("open local store: dir is empty, give it a folder")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open local store: %w", err)
	}
	s := &Store{objects: filepath.Join(abs, "objects"), incoming: filepath.Join(abs, "incoming")}
	for _, d := range []string{s.objects, s.incoming} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open local store: %w", err)
		}
	}
	// Another process may be writing right now, but not for that long without a byte.
	if err := storage.RemoveUnverified(s.incoming, leftoverAge); err != nil {
		return nil, fmt.Errorf("open local store: %w", err)
	}
	return s, nil
}

// Put implements storage.Store.
func (s *Store) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	spec, err := storage.NewPutSpec(opts...)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	f, info, err := storage.Spool(ctx, s.incoming, src, spec)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	if err := s.publish(f, info.Digest); err != nil {
		return storage.Info{}, errors.Join(fmt.Errorf("put %s: %w", info.Digest, err), removeIfThere(f.Name()))
	}
	return info, nil
}

// publish makes the verified file f the object d.
func (s *Store) publish(f *os.File, d storage.Digest) error {
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	path := s.path(d)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	if err := storage.SyncDir(dir); err != nil {
		return err
	}
	return storage.SyncDir(s.objects)
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if err := d.Validate(); err != nil {
		return nil, storage.Info{}, fmt.Errorf("get: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, storage.Info{}, fmt.Errorf("get %s: %w", d, err)
	}
	f, err := os.Open(s.path(d))
	if err != nil {
		return nil, storage.Info{}, fmt.Errorf("get %s: %w", d, s.classify(err))
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, storage.Info{}, errors.Join(fmt.Errorf("get %s: %w", d, err), f.Close())
	}
	info := storage.Info{Digest: d, Size: stat.Size()}
	return &object{
		Verifier: storage.NewVerifier(storage.ContextReader(ctx, f), info),
		Closer:   f,
	}, info, nil
}

type object struct {
	*storage.Verifier
	io.Closer
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	if err := d.Validate(); err != nil {
		return storage.Info{}, fmt.Errorf("stat: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return storage.Info{}, fmt.Errorf("stat %s: %w", d, err)
	}
	stat, err := os.Stat(s.path(d))
	if err != nil {
		return storage.Info{}, fmt.Errorf("stat %s: %w", d, s.classify(err))
	}
	return storage.Info{Digest: d, Size: stat.Size()}, nil
}

// Delete implements storage.Store.
func (s *Store) Delete(ctx context.Context, d storage.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("delete %s: %w", d, err)
	}
	if err := removeIfThere(s.path(d)); err != nil {
		return fmt.Errorf("delete %s: %w", d, s.classify(err))
	}
	return nil
}

// path returns where the object of a valid digest lies.
func (s *Store) path(d storage.Digest) string {
	return filepath.Join(s.objects, d.Hex()[:2], d.Hex())
}

func (s *Store) classify(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return storage.ErrNotFound
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", storage.ErrDenied, err)
	default:
		return &storage.UnavailableError{Endpoint: filepath.Dir(s.objects), Err: err}
	}
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
