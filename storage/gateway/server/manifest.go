package server

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.etcd.io/bbolt"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/gateway"
)

const sumBytes = 32

// manifestHead is how every chunk manifest begins: nothing else is read as a whole to learn whether it is one.
var manifestHead = []byte(`{"ain":"chunks/`)

// chunksOf reads which chunks content of a space names; none if it is no manifest.
func (s *Server) chunksOf(ctx context.Context, space uint64, info storage.Info) ([]storage.Digest, error) {
	if info.Size < int64(len(manifestHead)) || info.Size > chunk.MaxManifest {
		return nil, nil
	}
	body, _, err := shelf(s.cfg.Store, space).Get(ctx, info.Digest)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw := make([]byte, len(manifestHead), info.Size)
	if _, err := io.ReadFull(body, raw); err != nil {
		return nil, err
	}
	if !bytes.Equal(raw, manifestHead) {
		return nil, nil
	}
	rest, err := io.ReadAll(io.LimitReader(body, chunk.MaxManifest))
	if err != nil {
		return nil, err
	}
	manifest, err := chunk.Parse(append(raw, rest...))
	if err != nil {
		return nil, nil // content like any other
	}
	return manifest.Chunks, nil
}

// learn notes the chunks of a manifest that a space has.
func learn(tx *bbolt.Tx, key []byte, chunks []storage.Digest) error {
	if len(chunks) == 0 {
		return nil
	}
	space, root := content(key)
	sums := make([]byte, 0, len(chunks)*sumBytes)
	for _, c := range chunks {
		part := contentKey(space, c)
		sums = append(sums, part[spaceBytes:]...)
		if err := tx.Bucket(partsBucket).Put(partKey(space, c, root), []byte{1}); err != nil {
			return err
		}
	}
	return tx.Bucket(manifestsBucket).Put(key, sums)
}

// forget takes away what learn noted.
func forget(tx *bbolt.Tx, key []byte) error {
	sums := tx.Bucket(manifestsBucket).Get(key)
	if sums == nil {
		return nil
	}
	for sum := range slices.Chunk(bytes.Clone(sums), sumBytes) {
		part := slices.Concat(key[:spaceBytes], sum, key[spaceBytes:])
		if err := tx.Bucket(partsBucket).Delete(part); err != nil {
			return err
		}
	}
	return tx.Bucket(manifestsBucket).Delete(key)
}

func partKey(space uint64, d, root storage.Digest) []byte {
	return append(contentKey(space, d), contentKey(space, root)[spaceBytes:]...)
}

// isPart says whether content is a chunk of a manifest that the space has, or the manifest itself.
func (x *index) isPart(space uint64, d, root storage.Digest) (is bool, err error) {
	err = x.db.View(func(tx *bbolt.Tx) error {
		if d == root {
			is = tx.Bucket(entriesBucket).Get(contentKey(space, d)) != nil
			return nil
		}
		is = tx.Bucket(partsBucket).Get(partKey(space, d, root)) != nil
		return nil
	})
	return is, err
}

// roots lists the manifests of a space that name a chunk, up to limit.
func (x *index) roots(space uint64, d storage.Digest, limit int) (roots []storage.Digest, err error) {
	prefix := contentKey(space, d)
	err = x.db.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(partsBucket).Cursor()
		for key, _ := cursor.Seek(prefix); len(roots) < limit && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
			roots = append(roots, storage.Digest("sha256:"+hex.EncodeToString(key[keyBytes:])))
		}
		return nil
	})
	return roots, err
}

// learnAll notes the chunks of all manifests that spaces have: for an index that was lost, or knew nothing of them.
func (s *Server) learnAll(ctx context.Context) error {
	ids, err := s.index.spaces()
	if err != nil {
		return err
	}
	for _, space := range ids {
		after := storage.Digest("")
		for more := true; more; {
			var items []item
			if items, more, err = s.index.list(space, after, batch); err != nil {
				return err
			}
			for _, one := range items {
				if err := s.learnOne(ctx, space, one); err != nil {
					return fmt.Errorf("space %d: %w", space, err)
				}
				after = one.digest
			}
		}
	}
	return nil
}

func (s *Server) learnOne(ctx context.Context, space uint64, one item) error {
	chunks, err := s.chunksOf(ctx, space, storage.Info{Digest: one.digest, Size: one.size})
	if errors.Is(err, storage.ErrDigestMismatch) || errors.Is(err, storage.ErrSizeMismatch) || errors.Is(err, storage.ErrNotFound) {
		s.cfg.Log.Warn("content is damaged", "space", space, "digest", one.digest, "error", err)
		return nil
	}
	if err != nil || len(chunks) == 0 {
		return err
	}
	return s.index.db.Update(func(tx *bbolt.Tx) error { return learn(tx, contentKey(space, one.digest), chunks) })
}

// maxRoots is of how many manifests a chunk may be to be taken away while requests need anything in the space: each of
// them is asked for.
const maxRoots = 64

// needed refuses what requests need: content that one names, and the chunks of a manifest that one names.
func (s *Server) needed(c *call, d storage.Digest, access gateway.Access) *gateway.Error {
	if access.KeepUntilMs == 0 {
		return nil
	}
	if access.Needed {
		return gateway.Errorf(gateway.CodeKept, "%s is kept until %d at the latest, the chain's time is %d: requests need it", d, access.KeepUntilMs, access.NowMs)
	}
	roots, err := s.index.roots(c.space, d, maxRoots+1)
	if err != nil {
		return s.internal("delete", err)
	}
	if len(roots) > maxRoots {
		return gateway.Errorf(gateway.CodeKept, "%s is a chunk of more than %d contents, and requests need something in space %d (delete those that nobody needs first)", d, maxRoots, c.space)
	}
	for _, root := range roots {
		access, refusal := s.rights.ask(c.ctx(), c.space, c.account, root)
		if refusal != nil {
			return refusal
		}
		if access.Needed {
			return gateway.Errorf(gateway.CodeKept, "%s is kept until %d at the latest, the chain's time is %d: it is a chunk of %s, which requests need",
				d, access.KeepUntilMs, access.NowMs, root)
		}
	}
	return nil
}
