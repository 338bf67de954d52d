package chunk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/internal/filelock"
	"github.com/ain-network/aind/storage/progress"
)

// ErrBusy: another transfer writes to the same file.
var ErrBusy = errors.New("another transfer to the same file is under way")

// Get downloads ref from the store to the file at path (mode 0600), replacing what is there. Chunks come several at a time,
// and each is hashed on its way. Until all are right and on disk the bytes lie beside path, under a name that holds the
// digest and ends in ".unverified"; only then is the file renamed, so a file at path is always right.
//
// After an error path is as it was. The file beside it stays if any chunk of it is right: the next Get of the same content to
// the same path checks what is there and fetches only the rest. [storage.RemoveUnverified] removes what nobody came back for.
//
// Errors are those of [storage.Store.Get], ErrManifest, ErrSizeMismatch when the content is not of ref's size, ErrBusy, and
// those of the disk.
func Get(ctx context.Context, store storage.Store, ref Ref, path string, opts Options) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("get %s: %w", ref.Digest, err)
	}
	defer root.Close()
	return GetIn(ctx, store, ref, root, filepath.Base(path), opts)
}

// GetIn is Get to a file in root, which no link leads out of. name may lie in a folder, which must be there.
func GetIn(ctx context.Context, store storage.Store, ref Ref, root *os.Root, name string, opts Options) error {
	opts = opts.withDefaults()
	parts, store, err := partsOf(ctx, store, ref)
	if err != nil {
		return err
	}
	opts.Progress.Expect(ref.Size)
	d := &download{store: store, opts: opts, root: root, name: fmt.Sprintf("%s.%.16s.unverified", name, ref.Digest.Hex())}
	if err := d.open(); err != nil {
		return fmt.Errorf("get %s: %w", ref.Digest, err)
	}
	err = d.run(ctx, ref.Size, parts)
	if err == nil {
		err = d.publish(name)
	} else {
		d.giveUp()
	}
	if err != nil {
		return fmt.Errorf("get %s: %w", ref.Digest, first(ctx, err))
	}
	return nil
}

// Rooted is a store that lets a chunk be read by whoever may read the content that it is of. Chunks are fetched from Under.
type Rooted interface {
	// Under returns the store for the chunks of the manifest root.
	Under(root storage.Digest) storage.Store
}

// part is an object that lies within the content.
type part struct {
	storage.Info
	from int64
}

// partsOf are the objects that make up a content, itself or its chunks, and the store that has them.
func partsOf(ctx context.Context, store storage.Store, ref Ref) ([]part, storage.Store, error) {
	if err := ref.Validate(); err != nil {
		return nil, nil, fmt.Errorf("get: %w", err)
	}
	if !ref.Chunked {
		return []part{{Info: storage.Info{Digest: ref.Digest, Size: ref.Size}}}, store, nil
	}
	b, err := storage.ReadAll(ctx, store, ref.Digest, MaxManifest)
	if err != nil {
		return nil, nil, fmt.Errorf("manifest: %w", err)
	}
	m, err := Parse(b)
	if err != nil {
		return nil, nil, fmt.Errorf("get %s: %w", ref.Digest, err)
	}
	if m.Size != ref.Size {
		return nil, nil, fmt.Errorf("get %s: %w: want %d bytes, its manifest says %d", ref.Digest, storage.ErrSizeMismatch, ref.Size, m.Size)
	}
	parts := make([]part, len(m.Chunks))
	for i, digest := range m.Chunks {
		parts[i] = part{storage.Info{Digest: digest, Size: m.Len(i)}, offset(i)}
	}
	if rooted, ok := store.(Rooted); ok {
		store = rooted.Under(ref.Digest)
	}
	return parts, store, nil
}

// isIn says whether src has the part where it belongs.
func (p part) isIn(ctx context.Context, src io.ReaderAt) (bool, error) {
	there, err := storage.DigestReader(storage.ContextReader(ctx, io.NewSectionReader(src, p.from, p.Size)))
	return there == p.Info, err
}

// Verify says whether src has the content of ref at its start. Only a manifest is fetched.
func Verify(ctx context.Context, store storage.Store, ref Ref, src io.ReaderAt) (bool, error) {
	parts, _, err := partsOf(ctx, store, ref)
	if err != nil {
		return false, err
	}
	for _, p := range parts {
		if right, err := p.isIn(ctx, src); !right || err != nil {
			return false, err
		}
	}
	return true, nil
}

// download is one Get.
type download struct {
	store   storage.Store
	opts    Options
	root    *os.Root
	name    string // within root, until all is right
	file    *os.File
	resumed bool         // an earlier Get has left something in it
	right   atomic.Int64 // parts
}

// open opens the unverified file for this transfer alone.
func (d *download) open() error {
	for {
		f, err := d.root.OpenFile(d.name, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return err
		}
		err = filelock.Try(f)
		if errors.Is(err, filelock.ErrLocked) {
			err = fmt.Errorf("%w: %s", ErrBusy, f.Name())
		}
		var opened, named os.FileInfo
		if err == nil {
			opened, err = f.Stat()
		}
		if err != nil {
			return errors.Join(err, f.Close())
		}
		// Whoever had it may have finished in between, and then this file has a name that speaks for its bytes.
		named, err = d.root.Stat(d.name)
		if err == nil && os.SameFile(opened, named) {
			d.file, d.resumed = f, opened.Size() > 0
			return nil
		}
		f.Close()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
}

func (d *download) run(ctx context.Context, size int64, parts []part) error {
	if d.resumed || len(parts) > 1 {
		if err := d.file.Truncate(size); err != nil {
			return err
		}
	}
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(d.opts.Parallel)
	for _, p := range parts {
		if all.Err() != nil {
			break
		}
		group.Go(func() error {
			err := d.bring(all, p)
			if err == nil {
				d.right.Add(1)
			}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// bring makes a part of the file right, unless it is.
func (d *download) bring(ctx context.Context, p part) error {
	if d.resumed {
		right, err := p.isIn(ctx, d.file)
		if right {
			d.opts.Progress.Skip(p.Size)
		}
		if right || err != nil {
			return err
		}
	}
	return again(ctx, func() error {
		return fetch(ctx, d.store, p.Info, io.NewOffsetWriter(d.file, p.from), d.opts.Progress)
	})
}

// again does something that may be repeated while the store is unavailable, a few times.
func again(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if err == nil || attempt == attempts || !errors.Is(err, storage.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 100 * time.Millisecond):
		}
	}
}

// get opens an object of known size.
func get(ctx context.Context, store storage.Store, want storage.Info) (io.ReadCloser, error) {
	body, info, err := store.Get(ctx, want.Digest)
	if err != nil {
		return nil, err
	}
	if info.Size != want.Size {
		body.Close()
		return nil, fmt.Errorf("%w: want %d bytes of %s, the store has %d", storage.ErrSizeMismatch, want.Size, want.Digest, info.Size)
	}
	return body, nil
}

// fetch writes an object of known size to w, hashing it on the way. After an error what was written does not count.
func fetch(ctx context.Context, store storage.Store, want storage.Info, w io.Writer, told progress.Counter) error {
	body, err := get(ctx, store, want)
	if err != nil {
		return err
	}
	defer body.Close()
	if moved, err := copyAll(w, body, told); err != nil {
		told.Move(-moved)
		return err
	}
	return nil
}

// copyAll copies src to its end. What it says to told is what it returns.
func copyAll(w io.Writer, src io.Reader, told progress.Counter) (int64, error) {
	to := &telling{w: w, told: told}
	_, err := io.Copy(to, src)
	return to.moved, err
}

// telling is a writer that tells how much was written.
type telling struct {
	w     io.Writer
	told  progress.Counter
	moved int64
}

func (t *telling) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.moved += int64(n)
	t.told.Move(int64(n))
	return n, err
}

// publish gives the file its name, once it is right and on disk.
func (d *download) publish(name string) error {
	if err := d.file.Sync(); err != nil {
		return errors.Join(err, d.file.Close())
	}
	if err := d.file.Close(); err != nil {
		return err
	}
	if err := d.root.Rename(d.name, name); err != nil {
		return err
	}
	return storage.SyncDir(filepath.Join(d.root.Name(), filepath.Dir(name)))
}

// giveUp leaves the file to the next Get where that saves it something.
func (d *download) giveUp() {
	if d.right.Load() == 0 {
		_ = d.root.Remove(d.name) // what made the transfer fail matters more
	}
	d.file.Close()
}
