package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// atOnce is how many images are pulled at the same time. Each may take as much of the disk as an image may have.
const atOnce = 2

// How often people are told how far a pull is.
const (
	tellEvery = time.Second      // the owner's program
	logEvery  = 10 * time.Second // the log
)

// Pull is how far an image has come from its registry.
type Pull struct {
	Program string `json:"program"` // digest
	From    string `json:"from"`    // the address
	Bytes   int64  `json:"bytes"`
	Total   int64  `json:"total"` // of its layers; 0: not known yet
	Done    bool   `json:"done"`  // there is nothing more to come, whether it went well or not
}

// pulls are what is fetched from registries: into a folder of this machine first, where it is checked like every program's artifact.
type pulls struct {
	dir        string
	registries []string
	timeout    time.Duration
	pace       pace
	tell       func(Pull)
	log        *slog.Logger
	slots      chan struct{}
}

// openPulls removes what an earlier process had not finished.
func openPulls(cfg Config) (pulls, error) {
	p := pulls{
		dir: filepath.Join(cfg.StateDir, "pulls"), registries: cfg.Registries, timeout: cfg.PullTimeout, pace: usualPace, tell: cfg.Progress,
		log: cfg.Log, slots: make(chan struct{}, atOnce),
	}
	if err := os.RemoveAll(p.dir); err != nil {
		return p, fmt.Errorf("pulled images: %w", err)
	}
	return p, nil
}

// start opens an image in a registry. Its parts are fetched as they are asked for, once.
func (p pulls) start(ctx context.Context, program string, address name.Digest) (_ source, index []byte, err error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ended(ctx)
	}
	late := fmt.Errorf("%w %s: %w: the image was not here within %s", ErrRegistry, address.Context().Name(), ErrSlow, p.timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, p.timeout, late)
	s := &pull{
		pulls: p, ctx: ctx, cancel: cancel, program: program, from: address.Name(), manifests: map[string]bool{},
		dir: filepath.Join(p.dir, strings.TrimPrefix(program, "sha256:")),
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("pulled images: %w", err)
	}
	if s.remote, err = openRemote(ctx, address, p.registries, p.pace); err != nil {
		return nil, nil, err
	}
	s.telling.Go(s.tellProgress)
	index, err = s.root(address.DigestStr())
	return s, index, err
}

// pull is one image on its way.
type pull struct {
	pulls
	ctx       context.Context
	cancel    context.CancelFunc
	remote    *remote
	dir       string
	manifests map[string]bool // which of the parts are manifests, by digest: a registry has them apart
	program   string
	from      string
	bytes     atomic.Int64
	total     atomic.Int64
	telling   sync.WaitGroup
}

// root fetches what the address names, and returns an index of it: what a layout has at its top.
func (s *pull) root(id string) ([]byte, error) {
	content, err := s.manifest(id)
	if err != nil {
		return nil, err
	}
	return json.Marshal(ocispec.Index{Manifests: []ocispec.Descriptor{
		{MediaType: typeOf(content), Digest: digest.Digest(id), Size: int64(len(content))},
	}})
}

// typeOf tells an index from a manifest by what is in it: what a registry says of it is in no digest.
func typeOf(content []byte) string {
	var found struct {
		Manifests []json.RawMessage `json:"manifests"`
	}
	if json.Unmarshal(content, &found) == nil && found.Manifests != nil {
		return ocispec.MediaTypeImageIndex
	}
	return ocispec.MediaTypeImageManifest
}

// manifest fetches a manifest or an index, and learns from it what else there is.
func (s *pull) manifest(id string) ([]byte, error) {
	content, err := s.remote.manifest(s.ctx, id)
	if err != nil {
		return nil, err
	}
	s.manifests[id] = true
	var found struct {
		Manifests []ocispec.Descriptor `json:"manifests"`
		Layers    []ocispec.Descriptor `json:"layers"`
	}
	if json.Unmarshal(content, &found) == nil { // what is wrong with it is said by those who check it
		for _, m := range found.Manifests {
			s.manifests[m.Digest.String()] = true
		}
		if len(found.Layers) > 0 {
			s.total.Store(image{layers: found.Layers}.packedSize())
		}
	}
	return content, os.WriteFile(s.path(id), content, 0o600)
}

// open implements blobs.
func (s *pull) open(id string, size int64) (io.ReadCloser, error) {
	if !digestPattern.MatchString(id) || size < 0 {
		return nil, refuse(ErrLayout, "part %q of %d bytes", id, size)
	}
	f, err := os.Open(s.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.fetch(id, size); err != nil {
			return nil, err
		}
		f, err = os.Open(s.path(id))
	}
	if err != nil {
		return nil, fmt.Errorf("pulled image: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.Size() != size {
		err = refuse(ErrDigest, "blob %s has %d bytes, its descriptor says %d", id, info.Size(), size)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// fetch brings a part into the folder.
func (s *pull) fetch(id string, size int64) error {
	if s.manifests[id] {
		_, err := s.manifest(id)
		return err
	}
	f, err := os.Create(s.path(id))
	if err != nil {
		return fmt.Errorf("pulled image: %w", err)
	}
	err = s.remote.blob(s.ctx, id, size, f, func(n int64) { s.bytes.Add(n) })
	return errors.Join(err, f.Close())
}

func (s *pull) path(id string) string {
	return filepath.Join(s.dir, strings.TrimPrefix(id, "sha256:"))
}

// close implements source.
func (s *pull) close() {
	s.cancel()
	s.telling.Wait()
	if err := os.RemoveAll(s.dir); err != nil {
		s.log.Warn("could not remove what was pulled, it goes at the next start", "folder", s.dir, "error", err)
	}
	<-s.slots
}

// tellProgress says how far it is, until it ends.
func (s *pull) tellProgress() {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	begin, logged := time.Now(), time.Now()
	for done := false; !done; {
		select {
		case <-ticker.C:
		case <-s.ctx.Done():
			done = true
		}
		now := Pull{Program: s.program, From: s.from, Bytes: s.bytes.Load(), Total: s.total.Load(), Done: done}
		if s.tell != nil {
			s.tell(now)
		}
		if !done && time.Since(logged) >= logEvery {
			logged = time.Now()
			s.log.Info("pulling an image", "program", now.Program, "from", now.From, "bytes", now.Bytes, "of", now.Total, "for", logged.Sub(begin).Round(time.Second))
		}
	}
}
