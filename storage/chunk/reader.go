package chunk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/progress"
)

// Open returns the content of ref as a stream, for pipes and programs. Chunks are fetched ahead, two at once, and none of
// their bytes are handed out before all of them are right; a single object is held back as [storage.Store.Get] does. The
// caller closes the reader; closing it early is not an error. The reader stops when ctx ends.
//
// Errors, of Open and of reading, are those of Get. What was read before one is the right beginning of the content.
func Open(ctx context.Context, store storage.Store, ref Ref, opts Options) (io.ReadCloser, error) {
	opts = opts.withDefaults()
	parts, store, err := partsOf(ctx, store, ref)
	if err != nil {
		return nil, err
	}
	opts.Progress.Expect(ref.Size)
	if !ref.Chunked {
		body, err := get(ctx, store, parts[0].Info)
		if err != nil {
			return nil, fmt.Errorf("get: %w", err)
		}
		return single{body, opts.Progress}, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &reader{cancel: cancel, store: store, opts: opts, ref: ref, coming: make(chan chan piece, held), free: make(chan *bytes.Buffer, held)}
	for range min(held, opts.Parallel) {
		r.free <- new(bytes.Buffer)
	}
	r.running.Go(func() { r.feed(ctx, parts) })
	return r, nil
}

// single is the content of one object, which may be larger than memory.
type single struct {
	io.ReadCloser
	progress progress.Counter
}

func (s single) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.progress.Move(int64(n))
	return n, err
}

// WriteTo implements io.WriterTo, so that io.Copy reads large content while it hashes what it has.
func (s single) WriteTo(w io.Writer) (int64, error) {
	return copyAll(w, s.ReadCloser, s.progress)
}

// reader hands out parts in their order.
type reader struct {
	store   storage.Store
	opts    Options
	ref     Ref
	cancel  context.CancelFunc
	running sync.WaitGroup

	coming chan chan piece    // in order, closed after the last part
	free   chan *bytes.Buffer // to fetch into
	now    piece
}

// piece is a part that was fetched, or why it was not.
type piece struct {
	buf *bytes.Buffer
	err error
}

// feed has parts fetched as buffers become free.
func (r *reader) feed(ctx context.Context, parts []part) {
	defer close(r.coming)
	for _, p := range parts {
		var buf *bytes.Buffer
		select {
		case <-ctx.Done():
			r.coming <- failed(ctx.Err())
			return
		case buf = <-r.free:
		}
		fetched := make(chan piece, 1)
		r.running.Go(func() {
			fetched <- piece{buf, again(ctx, func() error {
				buf.Reset()
				buf.Grow(int(p.Size))
				return fetch(ctx, r.store, p.Info, buf, r.opts.Progress)
			})}
		})
		r.coming <- fetched // there is room for every buffer
	}
}

func failed(err error) chan piece {
	c := make(chan piece, 1)
	c <- piece{err: err}
	return c
}

// next waits for the next part.
func (r *reader) next() error {
	if r.now.err != nil {
		return r.now.err
	}
	if r.now.buf != nil {
		r.free <- r.now.buf
		r.now.buf = nil
	}
	fetched, ok := <-r.coming
	if !ok {
		r.now.err = io.EOF
		return io.EOF
	}
	if r.now = <-fetched; r.now.err != nil {
		r.now.err = fmt.Errorf("get %s: %w", r.ref.Digest, r.now.err)
	}
	return r.now.err
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	for r.now.buf == nil || r.now.buf.Len() == 0 || r.now.err != nil {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	return r.now.buf.Read(p)
}

// WriteTo implements io.WriterTo, so that io.Copy writes whole chunks.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	total := int64(0)
	for {
		if r.now.buf != nil && r.now.err == nil {
			n, err := w.Write(r.now.buf.Bytes())
			total += int64(n)
			r.now.buf.Next(n)
			if err != nil {
				return total, err
			}
		}
		if err := r.next(); errors.Is(err, io.EOF) {
			return total, nil
		} else if err != nil {
			return total, err
		}
	}
}

// Close ends what is under way and waits for its end.
func (r *reader) Close() error {
	r.cancel()
	r.running.Wait()
	r.now = piece{err: io.ErrClosedPipe}
	return nil
}

var (
	_ io.ReadCloser = (*reader)(nil)
	_ io.WriterTo   = (*reader)(nil)
)
