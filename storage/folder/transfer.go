package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/progress"
)

// ErrNotAFile: something in a folder is neither a regular file nor a folder.
var ErrNotAFile = errors.New("folders in a store hold regular files only")

// parallel is how many files are under way at once.
const parallel = 4

// Sealer encrypts what a reader yields. Closing it early ends it.
type Sealer func(src io.Reader) io.ReadCloser

// Opener decrypts what a reader yields.
type Opener func(sealed io.Reader) (io.Reader, error)

// Put stores every file below dir, and then the manifest that names them, and returns its reference. Errors are those of PutFiles.
func Put(ctx context.Context, store storage.Store, dir string, opts chunk.Options) (chunk.Ref, Manifest, error) {
	m, err := PutFiles(ctx, store, dir, opts, nil)
	if err != nil {
		return chunk.Ref{}, Manifest{}, err
	}
	ref, err := Store(ctx, store, m)
	return ref, m, err
}

// PutFiles stores every file below dir, several at a time, and names them in a manifest, which it does not store. What the store
// says it has is not sent again, so trying again after any error goes on. With a sealer all files are encrypted, each by itself,
// and what comes of that is never the same twice: it is sent anew. Folders without files are not kept.
//
// It errs with ErrNotAFile for links, devices and the like, with ErrManifest for names that not every system can have, and
// as [chunk.Put].
func PutFiles(ctx context.Context, store storage.Store, dir string, opts chunk.Options, seal Sealer) (Manifest, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Manifest{}, fmt.Errorf("put folder: %w", err)
	}
	defer root.Close()
	m, err := list(root)
	if err != nil {
		return Manifest{}, fmt.Errorf("put folder %s: %w", dir, err)
	}
	opts.AskFirst = !opts.Again
	size := m.Size()
	if seal != nil {
		size = -1 // that of what is stored is known when it is
	}
	told, done := progress.OfFiles(opts.Progress, len(m.Files), size)
	opts.Progress = told
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i := range m.Files {
		group.Go(func() error {
			ref, err := putFile(all, store, root, m.Files[i].Path, opts, seal)
			m.Files[i].Digest, m.Files[i].Size, m.Files[i].Chunked = ref.Digest, ref.Size, ref.Chunked
			m.Files[i].Sealed = seal != nil
			if err == nil {
				done()
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Manifest{}, fmt.Errorf("put folder %s: %w", dir, err)
	}
	if err := m.Validate(); err != nil {
		return Manifest{}, fmt.Errorf("put folder %s: %w", dir, err)
	}
	return m, nil
}

// Store stores a valid manifest, and returns its reference.
func Store(ctx context.Context, store storage.Store, m Manifest) (chunk.Ref, error) {
	info, err := storage.PutBytes(ctx, store, m.Bytes())
	if err != nil {
		return chunk.Ref{}, fmt.Errorf("put manifest of a folder: %w", err)
	}
	return chunk.Ref{Digest: info.Digest, Size: info.Size}, nil
}

// list finds the files of a folder and their sizes, without their digests, and refuses what cannot be in a manifest before anything is sent.
func list(root *os.Root) (Manifest, error) {
	var m Manifest
	err := fs.WalkDir(root.FS(), ".", func(p string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link: %w (put a copy in its place, or leave it out)", p, ErrNotAFile)
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is a %s: %w (leave it out)", p, entry.Type(), ErrNotAFile)
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		m.Files = append(m.Files, File{Path: p, Digest: placeholder, Size: info.Size()})
		return nil
	})
	if err != nil {
		return Manifest{}, err
	}
	slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return m, m.Validate()
}

// placeholder stands for a digest that is not known yet.
var placeholder = storage.DigestOf(nil)

func putFile(ctx context.Context, store storage.Store, root *os.Root, p string, opts chunk.Options, seal Sealer) (ref chunk.Ref, err error) {
	if err := ctx.Err(); err != nil {
		return chunk.Ref{}, err
	}
	f, err := root.Open(p)
	if err != nil {
		return chunk.Ref{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return chunk.Ref{}, err
	}
	if !info.Mode().IsRegular() {
		return chunk.Ref{}, fmt.Errorf("%s became a %s: %w", p, info.Mode().Type(), ErrNotAFile)
	}
	if seal == nil {
		ref, err = chunk.PutAt(ctx, store, f, info.Size(), opts)
	} else {
		sealed := seal(f)
		defer sealed.Close()
		ref, err = chunk.Put(ctx, store, sealed, storage.UnknownSize, opts)
	}
	if err != nil {
		return chunk.Ref{}, fmt.Errorf("%s: %w", p, err)
	}
	return ref, nil
}

// Read fetches the manifest of a folder.
func Read(ctx context.Context, store storage.Store, ref chunk.Ref) (Manifest, error) {
	if ref.Size > MaxManifest {
		return Manifest{}, fmt.Errorf("manifest %s: %w: it has %d bytes, at most %d are possible", ref.Digest, ErrManifest, ref.Size, MaxManifest)
	}
	r, err := chunk.Open(ctx, store, ref, chunk.Options{})
	if err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return Manifest{}, fmt.Errorf("manifest %s: %w", ref.Digest, err)
	}
	m, err := Parse(b)
	if err != nil {
		return Manifest{}, fmt.Errorf("manifest %s: %w", ref.Digest, err)
	}
	return m, nil
}

// Get fetches the files of a folder into dir, which is made where there is none. Each is right when it has its name, and one
// that is right already is not fetched again; what else lies in dir stays. No link in dir leads a file out of it. Errors are
// those of [chunk.Get].
//
// With an opener the sealed files are decrypted, once all of them were fetched; until then they lie in a folder of their own in dir,
// [SealedFolder], so that trying again fetches none of them twice. It errs as the opener does, for the smallest of
// them before it has fetched any.
func Get(ctx context.Context, store storage.Store, m Manifest, dir string, opts chunk.Options, open Opener) error {
	if err := m.Validate(); err != nil {
		return fmt.Errorf("get folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("get folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("get folder: %w", err)
	}
	defer root.Close()
	if open != nil {
		if err := tryOpen(ctx, store, m, open); err != nil {
			return fmt.Errorf("get folder to %s: %w", dir, err)
		}
	}
	told, done := progress.OfFiles(opts.Progress, len(m.Files), m.Size())
	opts.Progress = told
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, f := range m.Files {
		if f.Sealed && open != nil {
			f = sealed(f)
		}
		group.Go(func() error {
			if err := getFile(all, store, root, f, opts); err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
			done()
			return nil
		})
	}
	err = group.Wait()
	if err == nil && open != nil {
		err = openAll(ctx, root, m, open)
	}
	if err != nil {
		return fmt.Errorf("get folder to %s: %w", dir, err)
	}
	return nil
}

func getFile(ctx context.Context, store storage.Store, root *os.Root, f File, opts chunk.Options) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := root.MkdirAll(path.Dir(f.Path), 0o700); err != nil {
		return err
	}
	right, err := isThere(ctx, store, root, f)
	if err != nil {
		return err
	}
	if right {
		opts.Progress.Skip(f.Size)
		return nil
	}
	return chunk.GetIn(ctx, store, f.Ref(), root, f.Path, opts)
}

// isThere says whether a file was fetched before.
func isThere(ctx context.Context, store storage.Store, root *os.Root, f File) (bool, error) {
	info, err := root.Lstat(f.Path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && (!info.Mode().IsRegular() || info.Size() != f.Size) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	file, err := root.Open(f.Path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	return chunk.Verify(ctx, store, f.Ref(), file)
}
