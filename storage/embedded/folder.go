package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ain-network/aind/storage/internal/filelock"
)

var errLocked = errors.New("another store is running on it")

// folder is the place of everything the store keeps, locked for this process.
type folder struct {
	objects string // one folder per bucket
	sidecar string // attributes, where the file system has none
	lock    *os.File
}

// openFolder makes dir and what belongs into it, and locks it. All its paths are
// absolute: the gateway changes the working directory.
func openFolder(dir string) (*folder, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store folder %q: %w", dir, err)
	}
	f := &folder{objects: filepath.Join(abs, "objects"), sidecar: filepath.Join(abs, "metadata")}
	if err := os.MkdirAll(f.objects, 0o700); err != nil {
		return nil, fmt.Errorf("store folder: %w", err)
	}
	f.lock, err = os.OpenFile(filepath.Join(abs, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store folder: %w", err)
	}
	if err := filelock.Try(f.lock); err != nil {
		if errors.Is(err, filelock.ErrLocked) {
			err = errLocked
		}
		return nil, errors.Join(fmt.Errorf("store folder %s: %w", abs, err), f.lock.Close())
	}
	return f, nil
}

func (f *folder) close() error { return f.lock.Close() }
