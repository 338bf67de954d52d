package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/ain-network/aind/storage"
)

// Put implements storage.Store.
//
// A source of known digest and size is streamed as it is. A source that can be
// rewound (a file, a byte slice) is read twice, once to learn its digest. Any
// other is spooled to a file in SpoolDir and hashed on the way: the key of an
// object is its digest, S3 wants the length before the body, and an upload under
// a passing name would have to be copied, which S3 does not do atomically.
func (s *Store) Put(ctx context.Context, src io.Reader, opts ...storage.PutOption) (storage.Info, error) {
	spec, err := storage.NewPutSpec(opts...)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	c, err := prepare(ctx, s.cfg.SpoolDir, src, spec)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	defer c.release()
	if err := s.ensureBucket(ctx); err != nil {
		return storage.Info{}, fmt.Errorf("put %s: %w", c.info.Digest, err)
	}
	if err := s.upload(ctx, c); err != nil {
		return storage.Info{}, fmt.Errorf("put %s: %w", c.info.Digest, err)
	}
	return c.info, nil
}

// content is what is to be uploaded, at its start.
type content struct {
	src  io.Reader
	info storage.Info
	// measured says that info was computed from these bytes, here or by the caller, and not only claimed.
	measured bool
	// release must be called when src is no longer used.
	release func()
}

// body is the content as the body of a request. signed says that the request is signed over its digest.
func (c content) body(ctx context.Context, signed bool) *body {
	src := storage.ContextReader(ctx, c.src)
	if c.measured && signed {
		return &body{src: &counted{src: src, left: c.info.Size}}
	}
	return &body{src: storage.NewVerifier(src, c.info)}
}

// prepare finds out digest and size of src, reading it to its end if it must.
func prepare(ctx context.Context, dir string, src io.Reader, spec storage.PutSpec) (content, error) {
	if info, ok := spec.Known(); ok {
		return content{src: src, info: info, measured: spec.Measured(), release: func() {}}, nil
	}
	if seeker, ok := src.(io.ReadSeeker); ok && seekable(seeker) {
		info, err := measure(ctx, seeker, spec)
		return content{src: seeker, info: info, measured: true, release: func() {}}, err
	}
	if dir == "" {
		dir = os.TempDir()
	}
	f, info, err := storage.Spool(ctx, dir, src, spec)
	if err != nil {
		return content{}, err
	}
	return content{src: f, info: info, measured: true, release: func() {
		f.Close()
		os.Remove(f.Name())
	}}, nil
}

// measure reads src to its end, checks it against spec and rewinds it.
func measure(ctx context.Context, src io.ReadSeeker, spec storage.PutSpec) (storage.Info, error) {
	start, err := src.Seek(0, io.SeekCurrent)
	if err != nil {
		return storage.Info{}, fmt.Errorf("find position of content: %w", err)
	}
	info, err := storage.DigestReader(storage.ContextReader(ctx, src))
	if err != nil {
		return storage.Info{}, err
	}
	if err := spec.Check(info); err != nil {
		return storage.Info{}, err
	}
	if _, err := src.Seek(start, io.SeekStart); err != nil {
		return storage.Info{}, fmt.Errorf("rewind content: %w", err)
	}
	return info, nil
}

// seekable reports whether src can really be rewound: a pipe is an *os.File too.
func seekable(src io.Seeker) bool {
	_, err := src.Seek(0, io.SeekCurrent)
	return err == nil
}

// upload sends c under its key, several times if that may help and its source can
// be rewound.
func (s *Store) upload(ctx context.Context, c content) error {
	return repeat(ctx, c, func(wait bool) error { return s.uploadOnce(ctx, c, wait) })
}

// repeat calls once until it succeeds or cannot. once is told whether reads of the source can be waited for.
func repeat(ctx context.Context, c content, once func(wait bool) error) error {
	rewind := rewinder(c.src)
	for attempt := 1; ; attempt++ {
		err := once(rewind != nil)
		if err == nil || rewind == nil || attempt == attempts || !errors.Is(err, storage.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(attempt) * 100 * time.Millisecond):
		}
		if err := rewind(); err != nil {
			return fmt.Errorf("rewind content: %w", err)
		}
	}
}

// rewinder returns a function that takes src back to where it is now, or nil.
func rewinder(src io.Reader) func() error {
	seeker, ok := src.(io.Seeker)
	if !ok {
		return nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil
	}
	return func() error {
		_, err := seeker.Seek(start, io.SeekStart)
		return err
	}
}

// uploadOnce sends c once. wait says that a read of its source does not block for
// long, so that it can be waited for.
func (s *Store) uploadOnce(ctx context.Context, c content, wait bool) error {
	inParts := c.info.Size > s.cfg.MultipartThreshold
	body := c.body(ctx, !inParts) // only a request for the whole is signed over its digest
	defer body.stop(wait)

	var err error
	if inParts {
		err = s.putParts(ctx, body, c.info)
	} else {
		err = s.putWhole(ctx, body, c.info)
	}
	// Content that failed its check, or a source that failed, is the reason for
	// whatever the HTTP client made of it.
	whole, srcErr := body.outcome()
	if srcErr != nil {
		return srcErr
	}
	if err == nil && !whole {
		err = errors.New("answers that all is well before it has all of the content")
	}
	if minio.ToErrorResponse(err).Code == minio.NoSuchBucket {
		s.forgetBucket()
		err = &storage.UnavailableError{Endpoint: s.cfg.endpointURL(), Err: errors.New("the bucket has gone, it is made anew at the next try")}
	}
	return s.classify(ctx, err)
}

// putWhole sends the object in one request that is signed over its digest, so
// that a store that gets other bytes refuses them. With TLS the digest is also
// given as the object's checksum, which the store keeps beside it.
func (s *Store) putWhole(ctx context.Context, body io.Reader, info storage.Info) error {
	if info.Size == 0 {
		// No byte is read of an empty body, so it is checked here.
		if _, err := body.Read(make([]byte, 1)); err != io.EOF {
			return err
		}
	}
	opts := minio.PutObjectOptions{
		// Signing the whole payload takes the place of signing it in pieces.
		DisableContentSha256: true,
	}
	if s.cfg.Secure {
		checksum, err := checksumOf(info.Digest)
		if err != nil {
			return err
		}
		opts.UserMetadata = map[string]string{minio.ChecksumSHA256.Key(): checksum}
	}
	_, err := s.client.PutObject(ctx, s.cfg.Bucket, s.key(info.Digest), body, info.Size, "", info.Digest.Hex(), opts)
	return err
}

const (
	minPartSize int64 = 8 << 20 // S3 wants 5 MiB at least; a part is held in memory
	maxParts    int64 = 10_000  // S3's limit
)

// putParts sends an object that is too large for one request. The last part is
// not sent before the digest of the whole is found right.
func (s *Store) putParts(ctx context.Context, body io.Reader, info storage.Info) error {
	partSize := max(minPartSize, (info.Size/maxParts/minPartSize+1)*minPartSize)
	_, err := s.client.Client.PutObject(ctx, s.cfg.Bucket, s.key(info.Digest), body, info.Size,
		minio.PutObjectOptions{PartSize: uint64(partSize)})
	return err
}
