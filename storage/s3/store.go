// Package s3 is a storage.Store on any S3 store: `aind store`, or another one
// given by configuration. The object of digest sha256:<hex> has the key
// sha256/<hex> in one bucket.
//
// Trust: neither the network nor the store. What is read is hashed here. What is
// written is hashed here too, once: content of unknown digest before it is sent,
// content of a claimed digest while it is sent, and then its last bytes are kept
// back until the claim is found right. The request is signed over the digest, so
// that the store refuses a body that was damaged on the way.
package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/ain-network/aind/storage"
)

// attempts is how often a call that can be repeated is tried in all: a blip is
// bridged within about a second, and a store that is down is reported as fast.
const attempts = 3

// Store is a storage.Store in one bucket.
type Store struct {
	cfg    Config
	client minio.Core
	prefix string // of every key
	bucket *bucketState
}

// bucketState is what is known of the bucket.
type bucketState struct {
	gate  chan struct{} // held while the bucket is looked for
	known atomic.Bool   // it was found
}

var _ storage.Store = (*Store)(nil)

// New returns the store that cfg describes. It does not connect: a store that is
// down shows at the first call.
func New(cfg Config) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("s3 store: %w", err)
	}
	cfg = cfg.withDefaults()
	transport, err := newTransport(cfg)
	if err != nil {
		return nil, fmt.Errorf("s3 store: %w", err)
	}
	client, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds:      credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure:     cfg.Secure,
		Region:     cfg.Region, // spares a request for the bucket's region
		Transport:  transport,
		MaxRetries: attempts,
		// Trailing checksums are of no use here, since the digest is known before
		// the body is sent, and not every store takes them over plain HTTP.
		TrailingHeaders: false,
	})
	if err != nil {
		return nil, fmt.Errorf("s3 store: endpoint %q: %w", cfg.Endpoint, err)
	}
	return &Store{cfg: cfg, client: *client, bucket: &bucketState{gate: make(chan struct{}, 1)}}, nil
}

// Open returns the store that a URL describes; see ParseURL for its form.
func Open(rawURL string) (*Store, error) {
	cfg, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	return New(cfg)
}

// Get implements storage.Store.
func (s *Store) Get(ctx context.Context, d storage.Digest) (io.ReadCloser, storage.Info, error) {
	if err := d.Validate(); err != nil {
		return nil, storage.Info{}, fmt.Errorf("get: %w", err)
	}
	body, obj, _, err := s.client.GetObject(ctx, s.cfg.Bucket, s.key(d), minio.GetObjectOptions{})
	if err != nil {
		return nil, storage.Info{}, fmt.Errorf("get %s: %w", d, s.classify(ctx, err))
	}
	info := storage.Info{Digest: d, Size: obj.Size}
	if info.Size < 0 {
		err := fmt.Errorf("get %s: %s does not say how many bytes it sends", d, s.cfg.endpointURL())
		return nil, storage.Info{}, errors.Join(err, body.Close())
	}
	reader := &bodyReader{ctx: ctx, store: s, body: body}
	return &object{Verifier: storage.NewVerifier(reader, info), Closer: body}, info, nil
}

type object struct {
	*storage.Verifier
	io.Closer
}

// bodyReader gives the errors of a broken transfer their meaning.
type bodyReader struct {
	ctx   context.Context
	store *Store
	body  io.Reader
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.store.classify(b.ctx, err)
	}
	return n, err
}

// Stat implements storage.Store.
func (s *Store) Stat(ctx context.Context, d storage.Digest) (storage.Info, error) {
	if err := d.Validate(); err != nil {
		return storage.Info{}, fmt.Errorf("stat: %w", err)
	}
	obj, err := s.client.StatObject(ctx, s.cfg.Bucket, s.key(d), minio.StatObjectOptions{})
	if err != nil {
		return storage.Info{}, fmt.Errorf("stat %s: %w", d, s.classify(ctx, err))
	}
	return storage.Info{Digest: d, Size: obj.Size}, nil
}

// Delete implements storage.Store.
func (s *Store) Delete(ctx context.Context, d storage.Digest) error {
	if err := d.Validate(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	err := s.classify(ctx, s.client.RemoveObject(ctx, s.cfg.Bucket, s.key(d), minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("delete %s: %w", d, err)
	}
	return nil
}

// key returns the object key of a valid digest.
func (s *Store) key(d storage.Digest) string { return s.prefix + "sha256/" + d.Hex() }

// ensureBucket makes the bucket unless it is known to be there. An account that
// may not look or may not make buckets is taken to have been given one.
func (s *Store) ensureBucket(ctx context.Context) error {
	if s.bucket.known.Load() {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case s.bucket.gate <- struct{}{}:
		defer func() { <-s.bucket.gate }()
	}
	if s.bucket.known.Load() {
		return nil
	}
	exists, err := s.client.BucketExists(ctx, s.cfg.Bucket)
	if err == nil && !exists {
		err = s.client.MakeBucket(ctx, s.cfg.Bucket, minio.MakeBucketOptions{Region: s.cfg.Region})
	}
	switch minio.ToErrorResponse(err).Code {
	case minio.BucketAlreadyOwnedByYou, minio.BucketAlreadyExists:
		err = nil // somebody was quicker
	}
	if err = s.classify(ctx, err); err != nil && !errors.Is(err, storage.ErrDenied) {
		return fmt.Errorf("bucket %q: %w", s.cfg.Bucket, err)
	}
	s.bucket.known.Store(true)
	return nil
}

func (s *Store) forgetBucket() { s.bucket.known.Store(false) }
