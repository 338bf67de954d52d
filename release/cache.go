package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// unverified ends the name of every file that was not checked yet.
const unverified = ".unverified"

// Cache keeps verified programs in a folder, by digest, up to a number of bytes. When it is full the programs that were
// used longest ago go first. What this process fetched is in use, and stays, until Release. The folder belongs to one
// process at a time.
type Cache struct {
	dir      string
	maxBytes int64

	mu      sync.Mutex
	entries map[storage.Digest]*entry
	used    int64
}

type entry struct {
	size     int64
	lastUse  time.Time
	inUse    bool       // until Release
	held     int        // until as many calls of Free
	fetching sync.Mutex // held by the one that downloads
	verified bool       // by this process
	present  bool
}

// OpenCache opens a cache of at most maxBytes, making its folder where there is none, and throws away what an earlier
// process did not finish.
func OpenCache(dir string, maxBytes int64) (*Cache, error) {
	if maxBytes <= 0 {
		return nil, fmt.Errorf("program cache: a size of %d bytes holds nothing (give more)", maxBytes)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("program cache: %w", err)
	}
	c := &Cache{dir: dir, maxBytes: maxBytes, entries: map[storage.Digest]*entry{}}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("program cache: %w", err)
	}
	for _, file := range files {
		if err := c.adopt(file); err != nil {
			return nil, fmt.Errorf("program cache: %w", err)
		}
	}
	return c, c.makeRoom(0)
}

// adopt takes a file of an earlier process. Its bytes are checked again before they are used.
func (c *Cache) adopt(file fs.DirEntry) error {
	if strings.HasSuffix(file.Name(), unverified) {
		return os.Remove(filepath.Join(c.dir, file.Name()))
	}
	digest, err := storage.ParseDigest("sha256:" + file.Name())
	if err != nil || !file.Type().IsRegular() {
		return nil // not ours
	}
	info, err := file.Info()
	if err != nil {
		return err
	}
	c.entries[digest] = &entry{size: info.Size(), lastUse: info.ModTime(), present: true}
	c.used += info.Size()
	return nil
}

// Fetch returns the path of one of a release's programs, which is then in use. The signature of the job's admin is checked before
// anything is downloaded, digest and size before the file gets its name. It may be called any number of times, and by
// several goroutines; a program that is there is not downloaded again.
//
// Errors are ErrSignature, ErrSigner, ErrCacheFull, storage.ErrSizeMismatch and those of [storage.Fetch].
func (c *Cache) Fetch(ctx context.Context, store storage.Store, spec jobstypes.ReleaseSpec, one program.Program, schemaDigest string, admin sdk.AccAddress) (string, error) {
	if err := Verify(spec, schemaDigest, admin); err != nil {
		return "", err
	}
	if !slices.ContainsFunc(spec.Programs(), func(p program.Program) bool { return p.Equal(one) }) {
		return "", fmt.Errorf("%w: release %s has no program of digest %s", ErrProgram, spec.Version, one.Digest)
	}
	path, err := c.fetch(ctx, store, one.Digest, one.Size_, func(e *entry) { e.inUse = true })
	if errors.Is(err, storage.ErrDigestMismatch) {
		err = fmt.Errorf("%w (the store's copy was changed: ask the job's admin to publish the program again)", err)
	}
	if err != nil {
		return "", fmt.Errorf("release %s of digest %s: %w", spec.Version, one.Digest, err)
	}
	return path, nil
}

// Hold returns the path of a content that nobody has signed, once its digest and size were checked. It stays until Free was called as often. It
// errs as Fetch does, apart from signatures, and then nothing is held.
func (c *Cache) Hold(ctx context.Context, store storage.Store, digest string, size uint64) (string, error) {
	path, err := c.fetch(ctx, store, digest, size, func(e *entry) { e.held++ })
	if err != nil {
		c.Free(digest)
		return "", fmt.Errorf("content of digest %s: %w", digest, err)
	}
	return path, nil
}

// Free takes back one Hold.
func (c *Cache) Free(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[storage.Digest(digest)]; ok && e.held > 0 {
		e.held--
	}
}

// fetch downloads a content unless it is there. use marks it as in use before that.
func (c *Cache) fetch(ctx context.Context, store storage.Store, of string, bytes uint64, use func(*entry)) (string, error) {
	digest, err := storage.ParseDigest(of)
	if err != nil {
		return "", err
	}
	size := int64(bytes)
	e := c.hold(digest, use)
	e.fetching.Lock()
	defer e.fetching.Unlock()

	path := c.path(digest)
	if e.verified {
		if e.size != size {
			return "", fmt.Errorf("%w: named with %d bytes, it has %d", storage.ErrSizeMismatch, size, e.size)
		}
		return path, nil
	}
	if e.present && e.size == size && c.stillGood(path, digest) {
		e.verified = true
		return path, os.Chtimes(path, time.Now(), time.Now())
	}
	if err := c.download(ctx, store, digest, size, e); err != nil {
		c.drop(e)
		return "", err
	}
	return path, nil
}

// hold marks a program as in use.
func (c *Cache) hold(digest storage.Digest, use func(*entry)) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[digest]
	if !ok {
		e = &entry{}
		c.entries[digest] = e
	}
	use(e)
	e.lastUse = time.Now()
	return e
}

// Release says that a program is no longer run, so that it may go when room is needed.
func (c *Cache) Release(digest string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[storage.Digest(digest)]; ok {
		e.inUse = false
	}
}

// stillGood reads the file: nobody may have changed it since it was verified.
func (c *Cache) stillGood(path string, digest storage.Digest) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	info, err := storage.DigestReader(f)
	return err == nil && info.Digest == digest
}

func (c *Cache) download(ctx context.Context, store storage.Store, digest storage.Digest, size int64, e *entry) error {
	c.drop(e) // a file that turned out bad
	if err := c.reserve(e, size); err != nil {
		return err
	}
	info, err := storage.Fetch(ctx, store, digest, c.path(digest), size)
	if err != nil {
		return err
	}
	if info.Size != size {
		err := fmt.Errorf("%w: named with %d bytes, it has %d", storage.ErrSizeMismatch, size, info.Size)
		return errors.Join(err, os.Remove(c.path(digest)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e.present, e.verified = true, true
	return nil
}

// reserve makes room for a program before it is downloaded, so that two downloads do not count on the same room.
func (c *Cache) reserve(e *entry, size int64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.makeRoom(size); err != nil {
		return err
	}
	e.size = size
	c.used += size
	return nil
}

// drop gives the room of a program back. Its file, if any, is replaced by the next download.
func (c *Cache) drop(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used -= e.size
	e.size, e.present, e.verified = 0, false, false
}

// makeRoom removes programs that are not in use, the longest unused first, until size more bytes fit. The caller holds mu.
func (c *Cache) makeRoom(size int64) error {
	var idle []storage.Digest
	for digest, e := range c.entries {
		if e.present && !e.inUse && e.held == 0 {
			idle = append(idle, digest)
		}
	}
	slices.SortFunc(idle, func(a, b storage.Digest) int { return c.entries[a].lastUse.Compare(c.entries[b].lastUse) })
	for _, digest := range idle {
		if c.used+size <= c.maxBytes {
			return nil
		}
		if err := os.Remove(c.path(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("program cache: %w", err)
		}
		c.used -= c.entries[digest].size
		delete(c.entries, digest)
	}
	if c.used+size > c.maxBytes {
		return fmt.Errorf("%w: %d bytes of %d are in use, %d more are needed (give it more, or serve fewer jobs)", ErrCacheFull, c.used, c.maxBytes, size)
	}
	return nil
}

// path of a verified program; the extension is not part of it, as the release says how to run it.
func (c *Cache) path(digest storage.Digest) string { return filepath.Join(c.dir, digest.Hex()) }
