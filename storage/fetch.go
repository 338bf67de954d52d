package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Fetch downloads d from s to the file at path (mode 0600), replacing what is
// there. Until the last byte is verified and on disk the bytes live beside path
// under a name that ends in ".unverified"; only then is the file renamed, so a
// file at path is always right. After an error nothing is left behind and path
// is as it was.
//
// limit is the largest size in bytes the caller will take; ErrTooLarge says that
// the object exceeds it, before any of it is read. Other errors are those of
// [Store.Get].
func Fetch(ctx context.Context, s Store, d Digest, path string, limit int64) (_ Info, err error) {
	body, info, err := getWithin(ctx, s, d, limit)
	if err != nil {
		return Info{}, err
	}
	defer body.Close()

	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*"+unverified)
	if err != nil {
		return Info{}, fmt.Errorf("make file for %s: %w", d, err)
	}
	defer func() {
		if err != nil {
			f.Close() // may be closed already, and what was written does not count
			if rmErr := os.Remove(f.Name()); rmErr != nil && !errors.Is(rmErr, fs.ErrNotExist) {
				err = errors.Join(err, rmErr)
			}
		}
	}()
	if _, err := io.Copy(f, body); err != nil {
		return Info{}, fmt.Errorf("fetch %s: %w", d, err)
	}
	if err := f.Sync(); err != nil {
		return Info{}, fmt.Errorf("write %s to disk: %w", d, err)
	}
	if err := f.Close(); err != nil {
		return Info{}, fmt.Errorf("close file of %s: %w", d, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return Info{}, fmt.Errorf("rename verified file of %s: %w", d, err)
	}
	return info, SyncDir(filepath.Dir(path))
}

// unverified ends the name of every file whose content nobody has checked yet.
const unverified = ".unverified"

// RemoveUnverified removes from dir what calls of Fetch and Put that were killed
// have left there: files under an unverified name that have not changed for
// minAge. A missing dir is no error.
func RemoveUnverified(dir string, minAge time.Duration) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove unverified files: %w", err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), unverified) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || (err == nil && time.Since(info.ModTime()) < minAge) {
			continue
		}
		if err == nil {
			err = os.Remove(filepath.Join(dir, e.Name()))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove unverified files: %w", err)
		}
	}
	return nil
}

// PutBytes stores b and returns its digest and size. Errors are those of [Store.Put].
func PutBytes(ctx context.Context, s Store, b []byte) (Info, error) {
	return s.Put(ctx, bytes.NewReader(b), ExpectDigest(DigestOf(b)), ExpectSize(int64(len(b))))
}

// PutFile stores the file at path and returns its digest and size. Errors are
// those of opening the file and of [Store.Put].
func PutFile(ctx context.Context, s Store, path string, opts ...PutOption) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, err
	}
	defer f.Close()
	return s.Put(ctx, f, opts...)
}

// ReadAll returns the verified content of d, of at most limit bytes; ErrTooLarge
// says that it has more. Other errors are those of [Store.Get].
func ReadAll(ctx context.Context, s Store, d Digest, limit int64) ([]byte, error) {
	body, info, err := getWithin(ctx, s, d, limit)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var b bytes.Buffer
	b.Grow(int(info.Size) + bytes.MinRead) // so that the read that finds the end does not grow it
	if _, err := b.ReadFrom(body); err != nil {
		return nil, fmt.Errorf("read %s: %w", d, err)
	}
	return b.Bytes(), nil
}

// getWithin is Get for content of at most limit bytes.
func getWithin(ctx context.Context, s Store, d Digest, limit int64) (io.ReadCloser, Info, error) {
	body, info, err := s.Get(ctx, d)
	if err != nil {
		return nil, Info{}, err
	}
	if info.Size > limit {
		body.Close()
		return nil, Info{}, fmt.Errorf("%w: %s has %d bytes, at most %d are taken here", ErrTooLarge, d, info.Size, limit)
	}
	return body, info, nil
}

// SyncDir makes the names in a directory survive a power cut: a file is only as
// durable as the name it is found by.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be flushed there, and NTFS journals names
	}
	f, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("open folder to flush it: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return fmt.Errorf("flush folder: %w", err)
	}
	return nil
}
