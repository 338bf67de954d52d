package release

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/cache"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Cache keeps verified programs in a folder, by digest, up to a number of bytes. When it is full the programs that were
// used longest ago go first. What this process fetched is in use, and stays, until Release. Several processes may share a
// folder.
type Cache struct {
	files *cache.Cache

	mu   sync.Mutex
	used map[storage.Digest]*use
}

// use is what this process holds of a content.
type use struct {
	program *cache.Held   // until Release
	held    []*cache.Held // until as many calls of Free
}

// OpenCache opens a cache of at most maxBytes, making its folder where there is none, and throws away what an earlier
// process did not finish.
func OpenCache(dir string, maxBytes int64) (*Cache, error) {
	files, err := cache.Open(dir, maxBytes)
	if err != nil {
		return nil, fmt.Errorf("program cache: %w", err)
	}
	return &Cache{files: files, used: map[storage.Digest]*use{}}, nil
}

// Fetch returns the path of one of a release's programs, which is then in use. The signature of the job's admin is checked before
// anything is downloaded, digest and size before the file gets its name. It may be called any number of times, and by
// several goroutines; a program that is there is not downloaded again.
//
// Errors are ErrSignature, ErrSigner, ErrCacheFull, storage.ErrSizeMismatch and those of [storage.Store.Get].
func (c *Cache) Fetch(ctx context.Context, store storage.Store, spec jobstypes.ReleaseSpec, one program.Program, schemaDigest string, admin sdk.AccAddress) (string, error) {
	if err := Verify(spec, schemaDigest, admin); err != nil {
		return "", err
	}
	if !slices.ContainsFunc(spec.Programs(), func(p program.Program) bool { return p.Equal(one) }) {
		return "", fmt.Errorf("%w: release %s has no program of digest %s", ErrProgram, spec.Version, one.Digest)
	}
	held, err := c.hold(ctx, store, one.Digest, one.Size_)
	if errors.Is(err, storage.ErrDigestMismatch) {
		err = fmt.Errorf("%w (the store's copy was changed: ask the job's admin to publish the program again)", err)
	}
	if err != nil {
		return "", fmt.Errorf("release %s of digest %s: %w", spec.Version, one.Digest, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.use(one.Digest)
	if u.program != nil {
		return held.Path, held.Close() // one is enough
	}
	u.program = held
	return held.Path, nil
}

// Hold returns the path of a content that nobody has signed, once its digest and size were checked. It stays until Free was called as often. It
// errs as Fetch does, apart from signatures, and then nothing is held.
func (c *Cache) Hold(ctx context.Context, store storage.Store, digest string, size uint64) (string, error) {
	held, err := c.hold(ctx, store, digest, size)
	if err != nil {
		return "", fmt.Errorf("content of digest %s: %w", digest, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.use(digest)
	u.held = append(u.held, held)
	return held.Path, nil
}

func (c *Cache) hold(ctx context.Context, store storage.Store, digest string, size uint64) (*cache.Held, error) {
	d, err := storage.ParseDigest(digest)
	if err != nil {
		return nil, err
	}
	held, err := c.files.Hold(ctx, store, d, int64(min(size, math.MaxInt64)))
	if errors.Is(err, cache.ErrFull) {
		err = fmt.Errorf("%w: %w (give it more, or serve fewer jobs)", ErrCacheFull, err)
	}
	return held, err
}

// use returns what is held of a content. The caller has mu.
func (c *Cache) use(digest string) *use {
	u, ok := c.used[storage.Digest(digest)]
	if !ok {
		u = &use{}
		c.used[storage.Digest(digest)] = u
	}
	return u
}

// Free takes back one Hold.
func (c *Cache) Free(digest string) {
	c.letGo(digest, func(u *use) *cache.Held {
		if len(u.held) == 0 {
			return nil
		}
		last := u.held[len(u.held)-1]
		u.held = u.held[:len(u.held)-1]
		return last
	})
}

// Release says that a program is no longer run, so that it may go when room is needed.
func (c *Cache) Release(digest string) {
	c.letGo(digest, func(u *use) *cache.Held {
		held := u.program
		u.program = nil
		return held
	})
}

// letGo closes what take takes out of a content's use.
func (c *Cache) letGo(digest string, take func(u *use) *cache.Held) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u, ok := c.used[storage.Digest(digest)]
	if !ok {
		return
	}
	if held := take(u); held != nil {
		_ = held.Close() // it was only read
	}
	if u.program == nil && len(u.held) == 0 {
		delete(c.used, storage.Digest(digest))
	}
}
