package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	dockerimage "github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"

	"github.com/ain-network/aind/sandbox"
)

// images are the programs whose images the engine holds, up to a number of bytes. When they are more, those that were used longest ago go
// first, but none that is in use. What is known of them is kept in a file, so that nothing is loaded twice.
type images struct {
	engine client.APIClient
	path   string // of the file
	limit  int64
	bounds bounds
	pulls  pulls
	log    *slog.Logger

	saving sync.Mutex
	mu     sync.Mutex
	loaded map[string]*loadedImage // by digest of the program
	busy   map[string]*sync.Mutex  // held by the one that loads it
}

// loadedImage is an image that the engine holds, checked.
type loadedImage struct {
	ID      string    // the engine's, by content
	Size    int64     // in the engine
	Command command   // the image's own
	LastUse time.Time // for the order of removal only
	users   int
}

func openImages(engine client.APIClient, cfg Config) (*images, error) {
	i := &images{
		engine: engine, path: filepath.Join(cfg.StateDir, "images.json"), limit: cfg.ImageCacheBytes, log: cfg.Log,
		bounds: bounds{bytes: cfg.ImageBytes, files: maxFiles},
		loaded: map[string]*loadedImage{}, busy: map[string]*sync.Mutex{},
	}
	var err error
	if i.pulls, err = openPulls(cfg); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(i.path)
	if errors.Is(err, fs.ErrNotExist) {
		return i, nil
	}
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	if err := json.Unmarshal(content, &i.loaded); err != nil {
		cfg.Log.Warn("the list of images cannot be read, loading them anew", "file", i.path, "error", err)
		i.loaded = map[string]*loadedImage{}
	}
	return i, nil
}

// use returns a program's image, which stays until it is given back. It is loaded where the engine does not hold it.
func (i *images) use(ctx context.Context, p sandbox.Program) (*loadedImage, func(), error) {
	lock := i.lock(p.Digest)
	lock.Lock()
	defer lock.Unlock()
	if found := i.take(p.Digest); found != nil {
		return found, func() { i.giveBack(found) }, nil
	}
	fresh, err := i.load(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	i.mu.Lock()
	fresh.users, fresh.LastUse = 1, time.Now()
	i.loaded[p.Digest] = fresh
	i.mu.Unlock()
	if err := i.makeRoom(ctx, i.limit); err != nil {
		i.log.Warn("could not remove images that are not used", "error", err)
	}
	return fresh, func() { i.giveBack(fresh) }, i.save()
}

func (i *images) lock(digest string) *sync.Mutex {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy[digest] == nil {
		i.busy[digest] = &sync.Mutex{}
	}
	return i.busy[digest]
}

func (i *images) take(digest string) *loadedImage {
	i.mu.Lock()
	defer i.mu.Unlock()
	found := i.loaded[digest]
	if found != nil {
		found.users++
		found.LastUse = time.Now()
	}
	return found
}

func (i *images) giveBack(used *loadedImage) {
	i.mu.Lock()
	defer i.mu.Unlock()
	used.users--
}

// forget drops an image that the engine turned out not to hold any more.
func (i *images) forget(digest string, gone *loadedImage) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.loaded[digest] == gone {
		delete(i.loaded, digest)
	}
}

// load checks everything about an image and hands it to the engine.
func (i *images) load(ctx context.Context, p sandbox.Program) (*loadedImage, error) {
	source, index, err := i.open(ctx, p)
	if err != nil {
		return nil, err
	}
	defer source.close()
	checked, err := inspect(ctx, source, index, p.EntryPoint, i.bounds)
	if err != nil {
		return nil, err
	}
	id, size, err := load(ctx, i.engine, source, checked, tagOf(p.Digest))
	if err != nil {
		return nil, err
	}
	i.log.Info("loaded an image", "program", p.Digest, "image", id, "bytes", size)
	return &loadedImage{ID: id, Size: size, Command: checked.command}, nil
}

// source is where the parts of an image come from.
type source interface {
	blobs
	close()
}

// open finds the parts of a program's image and the document that names them.
func (i *images) open(ctx context.Context, p sandbox.Program) (source, []byte, error) {
	address, is, err := readAddress(p.File, p.Digest)
	switch {
	case err != nil:
		return nil, nil, err
	case is:
		return i.pulls.start(ctx, p.Digest, address)
	}
	a, err := openArtifact(p.File, p.Digest)
	if err != nil {
		return nil, nil, err
	}
	return a, a.index, nil
}

// makeRoom removes images that nobody uses, the longest unused first, until the rest keeps to a number of bytes.
func (i *images) makeRoom(ctx context.Context, limit int64) error {
	var problems []error
	for {
		digest, oldest := i.oldestIdle(limit)
		if oldest == nil {
			return errors.Join(problems...)
		}
		_, err := i.engine.ImageRemove(ctx, tagOf(digest), dockerimage.RemoveOptions{PruneChildren: true})
		if err != nil && !errdefs.IsNotFound(err) {
			problems = append(problems, engineError("remove image "+oldest.ID, err))
		} else {
			i.log.Info("removed an image that was not used", "program", digest, "bytes", oldest.Size)
		}
	}
}

// oldestIdle takes the image that goes next off the list; nil where the rest may stay.
func (i *images) oldestIdle(limit int64) (string, *loadedImage) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var total int64
	var idle []string
	for digest, l := range i.loaded {
		total += l.Size
		if l.users == 0 {
			idle = append(idle, digest)
		}
	}
	if total <= limit || len(idle) == 0 {
		return "", nil
	}
	digest := slices.MinFunc(idle, func(a, b string) int { return i.loaded[a].LastUse.Compare(i.loaded[b].LastUse) })
	oldest := i.loaded[digest]
	delete(i.loaded, digest)
	return digest, oldest
}

// save writes the list, whole or not at all.
func (i *images) save() error {
	i.saving.Lock()
	defer i.saving.Unlock()
	i.mu.Lock()
	content, err := json.MarshalIndent(i.loaded, "", "  ")
	i.mu.Unlock()
	if err != nil {
		return fmt.Errorf("images: %w", err)
	}
	if err := os.WriteFile(i.path+".new", content, 0o600); err != nil {
		return fmt.Errorf("images: %w", err)
	}
	return os.Rename(i.path+".new", i.path)
}

// RemoveImages removes every image of this sandbox that is not in use from the engine. Containers that wait for a call are no use.
func (b *Box) RemoveImages(ctx context.Context) error {
	b.pool.drain()
	return errors.Join(b.images.makeRoom(ctx, -1), b.images.save())
}
