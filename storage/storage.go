// Package storage keeps content under its own digest.
//
// A [Store] holds immutable objects named by the sha256 of their bytes, so an
// object can be fetched from anybody: whoever asks for a digest either gets
// exactly those bytes or an error. Implementations are in s3 (any S3 store, and
// the one that `aind store` runs from embedded) and local (a directory). All of
// them pass the one suite in storagetest.
//
// Invariants, for every implementation:
//
//   - Bytes become visible under a digest only when they hash to it; a Put that
//     is cut off, cancelled or lied to leaves nothing to be found.
//   - A reader from Get never reports io.EOF for bytes that do not match.
//   - A Put that returned nil survives a crash of the store.
//
// Nothing that a store says is trusted but the bytes themselves: sizes and
// presence reported by Stat are claims, and every Get is hashed here, on the
// reader's side.
package storage

import (
	"context"
	"io"
)

// Info describes an object.
type Info struct {
	Digest Digest
	Size   int64 // bytes
}

// Store keeps objects by digest. Its methods may be called concurrently.
//
// Besides the errors named below, every method returns the context's error
// (test with errors.Is) when ctx ends, [ErrUnavailable] when the store cannot be
// reached or cannot serve now, and [ErrDenied] when it refuses our credentials.
type Store interface {
	// Put stores what src yields and returns its digest and size. Content that is
	// there already is stored again, which is harmless and repairs a damaged copy.
	// The content is streamed, never held in memory as a whole; when its digest or
	// size is not given by an option it may be spooled to a file first, for an
	// object's name is its digest and must be known before the first byte is sent.
	//
	// It errs with ErrDigestMismatch or ErrSizeMismatch when src yields other
	// content than ExpectDigest or ExpectSize said, with ErrTooLarge when it yields
	// more than Limit, and with src's own error. After these the object is not
	// visible, unless it was there before. After ErrUnavailable and the context's
	// error it is either not visible or whole, when only the answer was lost.
	// Trying again is safe. After the context's error a read of src that was blocked
	// may still be under way.
	Put(ctx context.Context, src io.Reader, opts ...PutOption) (Info, error)

	// Get opens an object. The size in Info is what the store claims, and the
	// reader holds it to that: it returns ErrDigestMismatch or ErrSizeMismatch in
	// place of io.EOF when the bytes are not those of d, and the last bytes are not
	// handed out before they have been checked. What was read before such an error
	// must be thrown away ([Fetch] does). The caller closes the reader; closing it
	// early is not an error. The reader stops when ctx ends.
	//
	// It errs with ErrNotFound when there is no such object.
	Get(ctx context.Context, d Digest) (io.ReadCloser, Info, error)

	// Stat says whether the store claims to have an object, and its size, without
	// reading it. It errs with ErrNotFound when there is no such object.
	Stat(ctx context.Context, d Digest) (Info, error)

	// Delete removes an object. Removing what is not there is not an error.
	Delete(ctx context.Context, d Digest) error
}
