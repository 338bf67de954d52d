package storage

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Verifier reads content and holds it to a digest and a size. It ends in io.EOF
// only when the source gave exactly the announced bytes; otherwise it ends in
// ErrDigestMismatch, ErrSizeMismatch or the source's error, and says the same
// again when asked again.
//
// The read that completes the content hands out its bytes only after the digest
// has been found right. So a consumer that wants Size bytes and then stops, as
// an HTTP upload does, can not get them all unless they are right.
//
// A Verifier is for one goroutine.
type Verifier struct {
	src  io.Reader
	want Info
	hash hash.Hash
	left int64
	err  error
}

// NewVerifier returns a reader of src that holds it to want. want.Digest must be
// valid and want.Size known.
func NewVerifier(src io.Reader, want Info) *Verifier {
	v := &Verifier{want: want, hash: sha256.New()}
	v.Reset(src)
	return v
}

// Reset makes v start anew on src, which must be at the start of the same content.
func (v *Verifier) Reset(src io.Reader) {
	v.src = src
	v.hash.Reset()
	v.left = v.want.Size
	v.err = nil
	if v.want.Size < 0 {
		v.err = fmt.Errorf("verify %s: size %d is not known", v.want.Digest, v.want.Size)
	}
}

// Err returns what ended the content: nil while it goes on, io.EOF when it was
// right.
func (v *Verifier) Err() error { return v.err }

// Read implements io.Reader.
func (v *Verifier) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	if v.left == 0 { // only empty content gets here
		v.err = v.finish()
		return 0, v.err
	}
	if int64(len(p)) > v.left {
		p = p[:v.left]
	}
	n, err := v.src.Read(p)
	return v.take(p[:n], err)
}

// take is told what the source has given, no more than was left. It returns how
// much of it may be handed out.
func (v *Verifier) take(data []byte, err error) (int, error) {
	n := len(data)
	v.hash.Write(data)
	v.left -= int64(n)
	switch {
	case v.left == 0:
		if v.err = v.finish(); !errors.Is(v.err, io.EOF) {
			return 0, v.err
		}
		return n, nil
	case errors.Is(err, io.EOF):
		v.err = fmt.Errorf("%w: want %d bytes of %s, content ends after %d",
			ErrSizeMismatch, v.want.Size, v.want.Digest, v.want.Size-v.left)
		return n, v.err
	default:
		v.err = err
		return n, err
	}
}

// WriteTo implements io.WriterTo, so that io.Copy reads the source of large
// content while it hashes what it has. When w fails it waits for the read that is
// under way.
func (v *Verifier) WriteTo(w io.Writer) (int64, error) {
	if v.err == nil && v.left > copyBuffer {
		return v.writeAhead(w)
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	return io.CopyBuffer(onlyWriter{w}, onlyReader{v}, buf[:])
}

// writeAhead is WriteTo with a source that is read in the background. Bytes go
// from where they were read to w without being copied.
func (v *Verifier) writeAhead(w io.Writer) (total int64, _ error) {
	ahead := newReadAhead(v.src)
	defer ahead.stop()
	v.src = ahead
	for v.err == nil {
		data, err := ahead.peek()
		if int64(len(data)) >= v.left {
			data = data[:v.left]
			ahead.keep() // to find out whether there is more, it is read on before these are written
		}
		ahead.take(len(data))
		n, err := v.take(data, err)
		written, writeErr := w.Write(data[:n])
		total += int64(written)
		if writeErr == nil && written < n {
			writeErr = io.ErrShortWrite
		}
		if writeErr != nil {
			return total, writeErr
		}
		if err != nil {
			return total, err
		}
	}
	if errors.Is(v.err, io.EOF) {
		return total, nil
	}
	return total, v.err
}

// finish decides about content whose last announced byte has been read.
func (v *Verifier) finish() error {
	if got := digestFromSum(v.hash.Sum(nil)); got != v.want.Digest {
		return digestMismatch(v.want.Digest, got)
	}
	var extra [1]byte
	if n, _ := io.ReadFull(v.src, extra[:]); n > 0 {
		return fmt.Errorf("%w: want %d bytes of %s, content has more", ErrSizeMismatch, v.want.Size, v.want.Digest)
	}
	return io.EOF
}
