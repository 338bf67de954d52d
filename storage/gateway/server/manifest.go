package server

import (
	"errors"
	"slices"
	"sync"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/gateway"
)

// maxManifests is how many manifests are kept parsed; the largest takes some megabytes.
const maxManifests = 32

// manifests remembers the chunks of manifests, which are asked for once for each of them. A digest has one content, so
// nothing that is remembered grows old.
type manifests struct {
	mu     sync.Mutex
	chunks map[storage.Digest][]storage.Digest // sorted
}

func newManifests() *manifests { return &manifests{chunks: map[storage.Digest][]storage.Digest{}} }

func (m *manifests) find(root storage.Digest) ([]storage.Digest, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	chunks, ok := m.chunks[root]
	return chunks, ok
}

func (m *manifests) keep(root storage.Digest, chunks []storage.Digest) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for old := range m.chunks {
		if len(m.chunks) < maxManifests {
			break
		}
		delete(m.chunks, old)
	}
	m.chunks[root] = chunks
}

// within says whether content is a chunk of a manifest that the space has. A root that is no manifest has no chunks.
func (s *Server) within(c *call, req gateway.GetRequest) *gateway.Error {
	_, found, _, err := s.index.entry(c.space, req.Root, c.account)
	if err != nil {
		return s.internal("get", err)
	}
	if !found {
		return errNothing
	}
	if req.Digest == req.Root {
		return nil
	}
	chunks, known := s.manifests.find(req.Root)
	if !known {
		var refusal *gateway.Error
		if chunks, refusal = s.readManifest(c, req.Root); refusal != nil {
			return refusal
		}
		s.manifests.keep(req.Root, chunks)
	}
	if _, is := slices.BinarySearch(chunks, req.Digest); !is {
		return errNothing
	}
	return nil
}

func (s *Server) readManifest(c *call, root storage.Digest) ([]storage.Digest, *gateway.Error) {
	raw, err := storage.ReadAll(c.ctx(), shelf(s.cfg.Store, c.space), root, int64(chunk.MaxManifest))
	switch {
	case errors.Is(err, storage.ErrTooLarge), errors.Is(err, storage.ErrNotFound):
		return nil, errNothing
	case err != nil:
		return nil, s.storeError("read a manifest", err)
	}
	manifest, err := chunk.Parse(raw)
	if err != nil {
		return nil, nil // content like any other
	}
	chunks := slices.Clone(manifest.Chunks)
	slices.Sort(chunks)
	return chunks, nil
}
