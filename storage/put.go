package storage

import (
	"errors"
	"fmt"
)

// UnknownSize is the size of content that has not been counted yet.
const UnknownSize int64 = -1

// PutOption tells Put what the caller knows or demands of the content.
type PutOption func(*PutSpec)

// ExpectDigest makes Put refuse content of another digest. With ExpectSize it
// also spares the store a spool file.
func ExpectDigest(d Digest) PutOption { return func(s *PutSpec) { s.digest = &d } }

// ExpectSize makes Put refuse content of another size, in bytes.
func ExpectSize(n int64) PutOption { return func(s *PutSpec) { s.size = &n } }

// Limit makes Put refuse content of more than n bytes.
func Limit(n int64) PutOption { return func(s *PutSpec) { s.limit = &n } }

// Measured says that the caller has just computed ExpectDigest and ExpectSize from the very bytes that it gives, so that a
// store whose server checks what arrives need not hash them again on their way. It is refused without both.
func Measured() PutOption { return func(s *PutSpec) { s.measured = true } }

// PutSpec is the sum of the options of one Put, for implementations of Store.
type PutSpec struct {
	digest *Digest
	size   *int64
	limit  *int64

	measured bool
}

// NewPutSpec collects opts. It errs when they are invalid or contradict each
// other, with ErrTooLarge when the expected size exceeds the limit.
func NewPutSpec(opts ...PutOption) (PutSpec, error) {
	var s PutSpec
	for _, opt := range opts {
		opt(&s)
	}
	if s.digest != nil {
		if err := s.digest.Validate(); err != nil {
			return PutSpec{}, fmt.Errorf("expected digest: %w", err)
		}
	}
	if s.size != nil && *s.size < 0 {
		return PutSpec{}, fmt.Errorf("expected size %d: want 0 or more bytes", *s.size)
	}
	if s.measured && (s.digest == nil || s.size == nil) {
		return PutSpec{}, errors.New("measured content: give the digest and the size that were found")
	}
	if s.limit != nil && *s.limit < 0 {
		return PutSpec{}, fmt.Errorf("limit %d: want 0 or more bytes", *s.limit)
	}
	if s.size != nil {
		if err := s.checkLimit(*s.size); err != nil {
			return PutSpec{}, err
		}
	}
	return s, nil
}

// Known returns digest and size, and true, when the caller gave both.
func (s PutSpec) Known() (Info, bool) {
	if s.digest == nil || s.size == nil {
		return Info{}, false
	}
	return Info{Digest: *s.digest, Size: *s.size}, true
}

// Measured says whether the caller has just computed digest and size itself.
func (s PutSpec) Measured() bool { return s.measured }

// Check returns an error when got is not what the caller asked for.
func (s PutSpec) Check(got Info) error {
	if err := s.checkLimit(got.Size); err != nil {
		return err
	}
	if s.size != nil && got.Size != *s.size {
		return fmt.Errorf("%w: want %d bytes, content has %d", ErrSizeMismatch, *s.size, got.Size)
	}
	if s.digest != nil && got.Digest != *s.digest {
		return digestMismatch(*s.digest, got.Digest)
	}
	return nil
}

func (s PutSpec) checkLimit(size int64) error {
	if s.limit != nil && size > *s.limit {
		return fmt.Errorf("%w: content has more than the allowed %d bytes", ErrTooLarge, *s.limit)
	}
	return nil
}

// most returns the number of bytes after which reading on is pointless, since
// Check will refuse the content, or UnknownSize.
func (s PutSpec) most() int64 {
	switch {
	case s.size != nil:
		return *s.size
	case s.limit != nil:
		return *s.limit
	default:
		return UnknownSize
	}
}
