package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
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
	src, info, release, err := s.prepare(ctx, src, spec)
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	defer release()
	if err := s.ensureBucket(ctx); err != nil {
		return storage.Info{}, fmt.Errorf("put %s: %w", info.Digest, err)
	}
	if err := s.upload(ctx, src, info); err != nil {
		return storage.Info{}, fmt.Errorf("put %s: %w", info.Digest, err)
	}
	return info, nil
}

// prepare finds out digest and size of src and returns a reader of it, at its
// start. release must be called when the reader is no longer used.
func (s *Store) prepare(ctx context.Context, src io.Reader, spec storage.PutSpec) (_ io.Reader, _ storage.Info, release func(), err error) {
	if info, ok := spec.Known(); ok {
		return src, info, func() {}, nil
	}
	if seeker, ok := src.(io.ReadSeeker); ok && seekable(seeker) {
		info, err := measure(ctx, seeker, spec)
		return seeker, info, func() {}, err
	}
	dir := s.cfg.SpoolDir
	if dir == "" {
		dir = os.TempDir()
	}
	f, info, err := storage.Spool(ctx, dir, src, spec)
	if err != nil {
		return nil, storage.Info{}, nil, err
	}
	return f, info, func() {
		f.Close()
		os.Remove(f.Name())
	}, nil
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

// upload sends src under info's key, several times if that may help and src can
// be rewound.
func (s *Store) upload(ctx context.Context, src io.Reader, info storage.Info) error {
	rewind := rewinder(src)
	for attempt := 1; ; attempt++ {
		err := s.uploadOnce(ctx, src, info, rewind != nil)
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

// uploadOnce sends src once. wait says that a read of src does not block for
// long, so that it can be waited for.
func (s *Store) uploadOnce(ctx context.Context, src io.Reader, info storage.Info, wait bool) error {
	body := &body{src: storage.NewVerifier(storage.ContextReader(ctx, src), info)}
	defer body.stop(wait)

	var err error
	if info.Size > s.cfg.MultipartThreshold {
		err = s.putParts(ctx, body, info)
	} else {
		err = s.putWhole(ctx, body, info)
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
		sum, err := hex.DecodeString(info.Digest.Hex())
		if err != nil {
			return fmt.Errorf("digest %s: %w", info.Digest, err)
		}
		opts.UserMetadata = map[string]string{minio.ChecksumSHA256.Key(): base64.StdEncoding.EncodeToString(sum)}
	}
	_, err := s.client.PutObject(ctx, s.cfg.Bucket, key(info.Digest), body, info.Size, "", info.Digest.Hex(), opts)
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
	_, err := s.client.Client.PutObject(ctx, s.cfg.Bucket, key(info.Digest), body, info.Size,
		minio.PutObjectOptions{PartSize: uint64(partSize)})
	return err
}
