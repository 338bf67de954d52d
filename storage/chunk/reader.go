package chunk

import (
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
	r := &reader{cancel: cancel, store: store, opts: opts, ref: ref, coming: make(chan chan piece, held+1), free: make(chan []byte, held)}
	for range min(held, opts.Parallel) {
		r.free <- nil // memory is taken when it is first used
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

	coming chan chan piece // in order, closed after the last part
	free   chan []byte     // to fetch into
	now    piece
}

// piece is a part that was fetched, or why it was not.
type piece struct {
	buf  []byte
	left []byte // of buf, not handed out yet
	err  error
}

// feed has parts fetched as buffers become free.
func (r *reader) feed(ctx context.Context, parts []part) {
	defer close(r.coming)
	for _, p := range parts {
		var buf []byte
		select {
		case <-ctx.Done():
			r.coming <- failed(ctx.Err())
			return
		case buf = <-r.free:
		}
		fetched := make(chan piece, 1)
		r.running.Go(func() {
			if buf == nil {
				buf = make([]byte, Size)
			}
			content := buf[:p.Size]
			err := again(ctx, func() error { return fetchInto(ctx, r.store, p.Info, content, r.opts.Progress) })
			fetched <- piece{buf, content, err}
		})
		r.coming <- fetched // there is room for every buffer, and for the end
	}
}

// atOnce is how much is read before it is hashed: so little that a processor still has it in its cache.
const atOnce = 256 << 10

// fetchInto fills content with an object, which hashes it on the way. After an error what is there does not count.
func fetchInto(ctx context.Context, store storage.Store, want storage.Info, content []byte, told progress.Counter) (err error) {
	body, err := get(ctx, store, want)
	if err != nil {
		return err
	}
	defer body.Close()
	filled := 0
	defer func() {
		if err != nil {
			told.Move(-int64(filled))
		}
	}()
	for filled < len(content) {
		n, err := body.Read(content[filled:min(filled+atOnce, len(content))])
		filled += n
		told.Move(int64(n))
		if err != nil && filled < len(content) {
			return whole(err)
		}
	}
	var more [1]byte
	if n, err := io.ReadFull(body, more[:]); n > 0 {
		return fmt.Errorf("%w: want %d bytes of %s, the store has more", storage.ErrSizeMismatch, want.Size, want.Digest)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// whole is the error of content that ends too early.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF // no store says so of content that is not right
	}
	return err
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
		r.now = piece{}
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
	for len(r.now.left) == 0 || r.now.err != nil {
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.now.left)
	r.now.left = r.now.left[n:]
	return n, nil
}

// WriteTo implements io.WriterTo, so that io.Copy writes whole chunks.
func (r *reader) WriteTo(w io.Writer) (int64, error) {
	total := int64(0)
	for {
		if r.now.err == nil && len(r.now.left) > 0 {
			n, err := w.Write(r.now.left)
			total += int64(n)
			r.now.left = r.now.left[n:]
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
