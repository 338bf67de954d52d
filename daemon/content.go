package daemon

import (
	"context"
	"fmt"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ReadInput returns an input's message of at most limit bytes, verified by digest where it lies in the store.
func ReadInput(ctx context.Context, store storage.Store, input jobstypes.Input, limit int64) ([]byte, error) {
	return OpenInput(ctx, store, input, limit, nil)
}

// OpenInput is ReadInput for an input that is sealed to a key; nil: it is not. It errs with seal.ErrSealed where the key does not open it.
func OpenInput(ctx context.Context, store storage.Store, input jobstypes.Input, limit int64, key *seal.Key) ([]byte, error) {
	return readContent(ctx, store, input.Inline, input.Reference, limit, key)
}

// OpenResult returns a result's message of at most limit bytes, verified by digest where it lies in the store, and opened with a key
// where results are sealed to one; nil: they are not. An inline result is never sealed: a worker whose key opens nothing has no other.
func OpenResult(ctx context.Context, store storage.Store, result jobstypes.Result, limit int64, key *seal.Key) ([]byte, error) {
	return readContent(ctx, store, result.Inline, result.Reference, limit, key)
}

func readContent(ctx context.Context, store storage.Store, inline []byte, ref *jobstypes.Reference, limit int64, key *seal.Key) ([]byte, error) {
	if ref == nil {
		return inline, nil
	}
	if ref.Space != 0 || ref.Chunked {
		return nil, fmt.Errorf("reference to %s in space %d: spaces and chunks cannot be read by this version", ref.Digest, ref.Space)
	}
	if ref.Size_ > uint64(limit) {
		return nil, fmt.Errorf("%w: %s has %d bytes, the owner's limit is %d", storage.ErrTooLarge, ref.Digest, ref.Size_, limit)
	}
	digest, err := storage.ParseDigest(ref.Digest)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	content, err := storage.ReadAll(ctx, store, digest, limit)
	if err != nil {
		return nil, err
	}
	if uint64(len(content)) != ref.Size_ {
		return nil, fmt.Errorf("%w: %s has %d bytes, the reference says %d", storage.ErrSizeMismatch, digest, len(content), ref.Size_)
	}
	if key != nil {
		return key.Open(content)
	}
	return content, nil
}
