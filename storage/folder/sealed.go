package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
)

// SealedFolder is where sealed files lie until all of a folder were fetched.
const SealedFolder = ".ain-sealed"

// sealed is a file where it lies until it is opened.
func sealed(f File) File {
	f.Path = SealedFolder + "/" + f.Path
	return f
}

// tryOpen opens the smallest of the sealed files: who cannot should learn so before all of them are fetched.
func tryOpen(ctx context.Context, store storage.Store, m Manifest, open Opener) error {
	var least *File
	for i, f := range m.Files {
		if f.Sealed && (least == nil || f.Size < least.Size) {
			least = &m.Files[i]
		}
		if first, _, _ := strings.Cut(f.Path, "/"); fold(first) == fold(SealedFolder) {
			return fmt.Errorf("%w: file %q: sealed files are kept in %s until all are fetched", ErrManifest, f.Path, SealedFolder)
		}
	}
	if least == nil {
		return nil
	}
	body, err := chunk.Open(ctx, store, least.Ref(), chunk.Options{Parallel: 1})
	if err == nil {
		_, err = open(body)
		err = errors.Join(err, body.Close())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", least.Path, err)
	}
	return nil
}

// openAll decrypts what was fetched sealed, and then removes that.
func openAll(ctx context.Context, root *os.Root, m Manifest, open Opener) error {
	for _, f := range m.Files {
		if !f.Sealed {
			continue
		}
		if err := OpenIn(ctx, root, sealed(f).Path, f.Path, open); err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
	}
	return root.RemoveAll(SealedFolder)
}

// OpenIn decrypts one file of root into another (mode 0600), which has its name only when all of it is right and on disk.
func OpenIn(ctx context.Context, root *os.Root, from, to string, open Opener) (err error) {
	src, err := root.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	opened, err := open(storage.ContextReader(ctx, src))
	if err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(to), 0o700); err != nil {
		return err
	}
	name := to + ".opened.unverified"
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // of an earlier try
	}
	dst, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = root.Remove(name) // what went wrong matters more
		}
	}()
	_, err = io.Copy(dst, opened)
	if err == nil {
		err = dst.Sync()
	}
	if err := errors.Join(err, dst.Close()); err != nil {
		return err
	}
	if err := root.Rename(name, to); err != nil {
		return err
	}
	return storage.SyncDir(path.Join(root.Name(), path.Dir(to)))
}
