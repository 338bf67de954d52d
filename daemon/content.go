package daemon

import (
	"context"
	"fmt"
	"io"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
	"github.com/ain-network/aind/storage/seal"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ReadInput returns an input's message of at most limit bytes, verified by digest where it lies in the store.
func ReadInput(ctx context.Context, from Source, input jobstypes.Input, limit int64) ([]byte, error) {
	return OpenInput(ctx, from, input, limit, nil)
}

// OpenInput is ReadInput for an input that is sealed to a key; nil: it is not. It errs with seal.ErrSealed where the key does not open it.
func OpenInput(ctx context.Context, from Source, input jobstypes.Input, limit int64, key *seal.Key) ([]byte, error) {
	return readContent(ctx, from, input.Inline, input.Reference, limit, key)
}

// OpenResult returns a result's message of at most limit bytes, verified by digest where it lies in the store, and opened with a key
// where results are sealed to one; nil: they are not. An inline result is never sealed: a worker whose key opens nothing has no other.
func OpenResult(ctx context.Context, from Source, result jobstypes.Result, limit int64, key *seal.Key) ([]byte, error) {
	return readContent(ctx, from, result.Inline, result.Reference, limit, key)
}

func readContent(ctx context.Context, from Source, inline []byte, ref *jobstypes.Reference, limit int64, key *seal.Key) ([]byte, error) {
	if ref == nil {
		return inline, nil
	}
	if ref.Size_ > uint64(limit) {
		return nil, fmt.Errorf("%w: %s has %d bytes, the owner's limit is %d", storage.ErrTooLarge, ref.Digest, ref.Size_, limit)
	}
	digest, err := storage.ParseDigest(ref.Digest)
	if err != nil {
		return nil, fmt.Errorf("reference: %w", err)
	}
	store, err := from.At(ctx, ref.Space)
	if err != nil {
		return nil, err
	}
	content, err := readAll(ctx, store, chunk.Ref{Digest: digest, Size: int64(ref.Size_), Chunked: ref.Chunked}, limit)
	if err != nil {
		return nil, err
	}
	if key != nil {
		return key.Open(content)
	}
	return content, nil
}

// readAll reads a content of exactly the size that its reference says.
func readAll(ctx context.Context, store storage.Store, ref chunk.Ref, limit int64) ([]byte, error) {
	if !ref.Chunked {
		content, err := storage.ReadAll(ctx, store, ref.Digest, limit)
		if err == nil && int64(len(content)) != ref.Size {
			err = fmt.Errorf("%w: %s has %d bytes, the reference says %d", storage.ErrSizeMismatch, ref.Digest, len(content), ref.Size)
		}
		return content, err
	}
	body, err := chunk.Open(ctx, store, ref, chunk.Options{})
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body) // as many as the reference says, which the caller has compared with the limit
}
