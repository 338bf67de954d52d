package embedded_test

import (
	"context"
	"io"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/s3"
)

// carried is a store whose bytes travel by presigned requests alone.
type carried struct {
	carrier *s3.Carrier
	shelf   *s3.Store
}

func (c carried) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	return c.carrier.Put(ctx, src, opts, func(ctx context.Context, info storage.Info, upload func(s3.Presigned) error) error {
		p, err := c.shelf.PresignPut(ctx, info, time.Minute, "word")
		if err != nil {
			return err
		}
		return upload(p)
	})
}

func (c carried) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	p, err := c.shelf.PresignGet(ctx, d, time.Minute)
	if err != nil {
		return nil, storage.Info{}, err
	}
	return c.carrier.Get(ctx, p, d)
}

func (c carried) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	return c.shelf.Stat(ctx, d)
}
func (c carried) Delete(ctx context.Context, d storage.Digest) error { return c.shelf.Delete(ctx, d) }
