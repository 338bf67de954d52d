package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/internal/filelock"
)

// locked does something while no other process makes room or takes it.
func (c *Cache) locked(do func() error) error {
	f, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := filelock.Wait(f); err != nil {
		return err
	}
	return do()
}

// makeRoom removes what is not in use until size more bytes fit.
func (c *Cache) makeRoom(size int64) error {
	if err := c.locked(func() error { return c.sweep(size) }); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	return nil
}

// kept is a file of the cache.
type kept struct {
	path string
	size int64
	used time.Time
}

// sweep removes what nobody will finish, and then, the longest unused first, what is not in use, until size more bytes fit.
// The caller has the lock.
func (c *Cache) sweep(size int64) error {
	files, total, err := c.list()
	if err != nil {
		return err
	}
	for _, file := range files {
		left := strings.HasSuffix(file.path, unverified)
		if !left && total+size <= c.maxBytes {
			break
		}
		gone, err := removeUnused(file.path)
		if err != nil {
			return err
		}
		if gone {
			c.forget(storage.Digest("sha256:" + filepath.Base(file.path)))
			total -= file.size
		}
	}
	if total+size > c.maxBytes {
		return c.full(size, total)
	}
	return nil
}

func (c *Cache) full(size, inUse int64) error {
	return fmt.Errorf("%w: %d bytes of %d are in use, %d more are needed", ErrFull, inUse, c.maxBytes, size)
}

// list returns the files: first those that were not finished, then by the time of their last use.
func (c *Cache) list() (files []kept, total int64, err error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, 0, err
	}
	for _, entry := range entries {
		_, err := storage.ParseDigest("sha256:" + entry.Name())
		ours := err == nil || strings.HasSuffix(entry.Name(), unverified)
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && (!ours || !info.Mode().IsRegular()) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		files = append(files, kept{filepath.Join(c.dir, entry.Name()), info.Size(), info.ModTime()})
		total += info.Size()
	}
	slices.SortFunc(files, func(a, b kept) int {
		left := func(f kept) int {
			if strings.HasSuffix(f.path, unverified) {
				return 0
			}
			return 1
		}
		if order := left(a) - left(b); order != 0 {
			return order
		}
		return a.used.Compare(b.used)
	})
	return files, total, nil
}

// removeUnused removes a file unless somebody has it open.
func removeUnused(path string) (gone bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	if err := filelock.Try(f); errors.Is(err, filelock.ErrLocked) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if runtime.GOOS == "windows" { // which removes no open file, and so none that somebody else has open
		f.Close()
		return os.Remove(path) == nil, nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	return true, nil
}
