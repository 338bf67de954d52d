// Package baseline is minio-go as anybody would use it, with its defaults and without a check of what comes back: what
// benchmarks put beside ours. Nothing else uses it.
package baseline

import (
	"context"
	"io"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/ain-network/aind/storage/s3"
)

// Client stores objects under names.
type Client struct {
	core   *minio.Core
	bucket string
}

// New returns a client of the store that cfg describes.
func New(cfg s3.Config) (*Client, error) {
	core, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: cfg.Region, Secure: cfg.Secure,
	})
	return &Client{core, cfg.Bucket}, err
}

// Put stores size bytes of src.
func (c *Client) Put(ctx context.Context, name string, src io.Reader, size int64) error {
	_, err := c.core.Client.PutObject(ctx, c.bucket, name, src, size, minio.PutObjectOptions{})
	return err
}

// Get opens an object.
func (c *Client) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	body, _, _, err := c.core.GetObject(ctx, c.bucket, name, minio.GetObjectOptions{})
	return body, err
}
