package storage

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// copyBuffer is the size in bytes of the pieces in which content is copied.
const copyBuffer = 256 << 10

// Spool copies src to a new file in dir, hashing it once on the way, and returns
// the file, at its start, with the content's digest and size, after checking
// them against spec. The file's name ends in ".unverified" while nobody has
// checked it; the caller closes and removes or renames it. After an error there
// is no file. Implementations of Store use it for content whose digest they must
// know before they can name it.
func Spool(ctx context.Context, dir string, src io.Reader, spec PutSpec) (_ *os.File, _ Info, err error) {
	f, err := os.CreateTemp(dir, "put-*"+unverified)
	if err != nil {
		return nil, Info{}, fmt.Errorf("make spool file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(f.Name()))
		}
	}()
	h := sha256.New()
	n, err := copyHashing(ctx, f, src, h, spec.most())
	if err != nil {
		return nil, Info{}, fmt.Errorf("spool content: %w", err)
	}
	info := Info{Digest: digestFromSum(h.Sum(nil)), Size: n}
	if err := spec.Check(info); err != nil {
		return nil, Info{}, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, Info{}, fmt.Errorf("rewind spool file: %w", err)
	}
	return f, info, nil
}

// copyHashing copies src to dst and h until its end, ctx's end, or one byte past
// most, and returns the number of bytes read.
func copyHashing(ctx context.Context, dst io.Writer, src io.Reader, h hash.Hash, most int64) (int64, error) {
	r := ContextReader(ctx, src)
	if most != UnknownSize && most+1 > 0 {
		r = io.LimitReader(r, most+1)
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	return io.CopyBuffer(onlyWriter{io.MultiWriter(dst, h)}, r, buf[:])
}

// onlyWriter and onlyReader hide ReadFrom and WriteTo, so that io.CopyBuffer uses
// our buffer.
type (
	onlyWriter struct{ io.Writer }
	onlyReader struct{ io.Reader }
)

// ContextReader returns a reader of r that returns ctx's error once ctx has
// ended. A read that is already blocked in r is not interrupted.
func ContextReader(ctx context.Context, r io.Reader) io.Reader {
	return &contextReader{ctx: ctx, r: r}
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
