package chunk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/progress"
)

// PutFile stores the file at path; see Put. The file is read twice, once to learn the digests, and hashed once. It must not
// change meanwhile: a chunk that did is refused, with ErrDigestMismatch or ErrSizeMismatch.
func PutFile(ctx context.Context, store storage.Store, path string, opts Options) (Ref, error) {
	f, err := os.Open(path)
	if err != nil {
		return Ref{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Ref{}, err
	}
	if !info.Mode().IsRegular() {
		return Ref{}, fmt.Errorf("put %s: it is no regular file: give a file, or its content as a stream", path)
	}
	return PutAt(ctx, store, f, info.Size(), opts)
}

// Put stores the size bytes that src yields, as one object or, above Threshold, as chunks and a manifest, and returns how
// they are found. The size may be storage.UnknownSize. Every byte is hashed once. Chunks that the store says it has are not
// sent again, so trying again after any error, with the same or another process, goes on where the last try broke off.
//
// After an error nothing is found under the digest that there would have been, unless it was before. Errors are those of
// [storage.Store.Put]. Memory is that of a few chunks, and less for content that can be read at any place, as files can:
// use PutFile for those.
func Put(ctx context.Context, store storage.Store, src io.Reader, size int64, opts Options) (Ref, error) {
	opts = opts.withDefaults()
	if size > Threshold {
		return putStream(ctx, store, src, size, opts)
	}
	head := heads.Get().(*[inMemory + 1]byte)
	defer heads.Put(head)
	n, ended, err := fill(storage.ContextReader(ctx, src), head[:])
	switch {
	case err != nil:
		return Ref{}, fmt.Errorf("put: read content: %w", err)
	case ended && size != storage.UnknownSize && int64(n) != size:
		return Ref{}, wrongSize(size, int64(n))
	case ended:
		return PutAt(ctx, store, bytes.NewReader(head[:n]), int64(n), opts)
	}
	return putSpooled(ctx, store, io.MultiReader(bytes.NewReader(head[:]), src), size, opts)
}

// inMemory is how much of a stream is held in memory before it is known to be small.
const inMemory = 2 << 20

// heads are the beginnings of streams. They are used again: to allocate one costs more than to fill it.
var heads = sync.Pool{New: func() any { return new([inMemory + 1]byte) }}

// fill reads until buf is full or src has ended. A source that breaks off with io.ErrUnexpectedEOF, as a body does that was cut, has not ended:
// io.ReadFull would not tell.
func fill(src io.Reader, buf []byte) (n int, ended bool, err error) {
	for n < len(buf) && err == nil {
		var read int
		read, err = src.Read(buf[n:])
		n += read
	}
	if errors.Is(err, io.EOF) {
		return n, true, nil
	}
	return n, false, err
}

// putSpooled is Put for content that is not too large for one object, or may be so: what there is of it up to the threshold goes
// to a file, where it can be hashed before it is sent.
func putSpooled(ctx context.Context, store storage.Store, src io.Reader, size int64, opts Options) (Ref, error) {
	f, err := os.CreateTemp(opts.SpoolDir, "chunk-*.unverified")
	if err != nil {
		return Ref{}, fmt.Errorf("put: make spool file: %w", err)
	}
	defer func() {
		f.Close()
		os.Remove(f.Name())
	}()
	most := int64(Threshold)
	if size != storage.UnknownSize {
		most = size
	}
	n, err := io.Copy(f, io.LimitReader(storage.ContextReader(ctx, src), most+1))
	switch {
	case err != nil:
		return Ref{}, fmt.Errorf("put: spool content: %w", err)
	case size != storage.UnknownSize && n != size:
		return Ref{}, wrongSize(size, n)
	case n <= Threshold:
		return PutAt(ctx, store, f, n, opts)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Ref{}, fmt.Errorf("put: rewind spool file: %w", err)
	}
	return putStream(ctx, store, io.MultiReader(f, src), storage.UnknownSize, opts)
}

func wrongSize(want, got int64) error {
	if got > want {
		return fmt.Errorf("put: %w: want %d bytes, content has more", storage.ErrSizeMismatch, want)
	}
	return fmt.Errorf("put: %w: want %d bytes, content has %d", storage.ErrSizeMismatch, want, got)
}

// PutAt is PutFile for any content that can be read at several places at once.
func PutAt(ctx context.Context, store storage.Store, src io.ReaderAt, size int64, opts Options) (Ref, error) {
	opts = opts.withDefaults()
	up := &upload{store: store, opts: opts}
	opts.Progress.Expect(size)
	if size <= Threshold {
		info, err := up.send(ctx, src, 0, size, opts.AskFirst && !opts.Again)
		return Ref{Digest: info.Digest, Size: size}, err
	}
	if size > MaxContent {
		return Ref{}, fmt.Errorf("put: %w: content has %d bytes, chunks take %d", storage.ErrTooLarge, size, int64(MaxContent))
	}
	m := Manifest{Size: size, Chunks: make([]storage.Digest, chunksOf(size))}
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(opts.Parallel)
	for i := range m.Chunks {
		if all.Err() != nil {
			break
		}
		group.Go(func() error {
			info, err := up.send(all, src, offset(i), m.Len(i), !opts.Again)
			m.Chunks[i] = info.Digest
			return err
		})
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return Ref{}, first(ctx, err)
	}
	return up.finish(ctx, m)
}

// first is the caller's own error where that is why the transfer ended.
func first(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// upload is what the chunks of one Put share.
type upload struct {
	store storage.Store
	opts  Options
}

// send stores the length bytes of src that begin at from.
func (u *upload) send(ctx context.Context, src io.ReaderAt, from, length int64, askFirst bool) (storage.Info, error) {
	info, err := storage.DigestReader(storage.ContextReader(ctx, io.NewSectionReader(src, from, length)))
	if err != nil {
		return storage.Info{}, fmt.Errorf("put: %w", err)
	}
	if info.Size != length {
		return storage.Info{}, fmt.Errorf("put: %w: content became %d bytes shorter while it was read", storage.ErrSizeMismatch, length-info.Size)
	}
	if askFirst {
		has, err := u.has(ctx, info)
		if has {
			u.opts.Progress.Skip(length)
		}
		if has || err != nil {
			return info, err
		}
	}
	body := &counted{ReadSeeker: io.NewSectionReader(src, from, length), progress: u.opts.Progress}
	if _, err := u.store.Put(ctx, body, storage.ExpectDigest(info.Digest), storage.ExpectSize(length), storage.Measured()); err != nil {
		body.takeBack()
		return storage.Info{}, err
	}
	return info, nil
}

// has asks the store whether it has a chunk. A store that does not say is sent it.
func (u *upload) has(ctx context.Context, chunk storage.Info) (bool, error) {
	info, err := u.store.Stat(ctx, chunk.Digest)
	switch {
	case err == nil:
		return info.Size == chunk.Size, nil
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrDenied):
		return false, nil
	}
	return false, err
}

// finish stores the manifest, once all chunks were acknowledged.
func (u *upload) finish(ctx context.Context, m Manifest) (Ref, error) {
	info, err := storage.PutBytes(ctx, u.store, m.Bytes())
	if err != nil {
		return Ref{}, fmt.Errorf("manifest: %w", err)
	}
	return Ref{Digest: info.Digest, Size: m.Size, Chunked: true}, nil
}

// counted tells how far a body is read. When it is rewound, to be sent again, it takes back what it told.
type counted struct {
	io.ReadSeeker
	progress progress.Counter
	told     int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	c.told += int64(n)
	c.progress.Move(int64(n))
	return n, err
}

func (c *counted) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent {
		c.takeBack()
	}
	return c.ReadSeeker.Seek(offset, whence)
}

func (c *counted) takeBack() {
	c.progress.Move(-c.told)
	c.told = 0
}

// putStream stores chunks of content that can be read only once, in order. Each is in memory until it is acknowledged.
func putStream(ctx context.Context, store storage.Store, src io.Reader, size int64, opts Options) (Ref, error) {
	if size > MaxContent {
		return Ref{}, fmt.Errorf("put: %w: content has %d bytes, chunks take %d", storage.ErrTooLarge, size, int64(MaxContent))
	}
	s := &stream{upload: upload{store: store, opts: opts}, src: src, size: size, free: make(chan []byte, held)}
	for range min(held, opts.Parallel) {
		s.free <- nil // memory is taken when it is first used
	}
	group, all := errgroup.WithContext(ctx)
	m, err := s.run(all, group)
	if sendErr := group.Wait(); sendErr != nil {
		err = sendErr // that is why reading ended
	}
	if err != nil {
		return Ref{}, first(ctx, err)
	}
	for i, digest := range s.sent {
		m.Chunks[i] = *digest
	}
	return s.finish(ctx, m)
}

// stream is a Put of content that can be read only once.
type stream struct {
	upload
	src  io.Reader
	size int64
	free chan []byte
	sent []*storage.Digest // by chunk, each written by the one that sends it
}

// run reads to the end, and has each chunk sent.
func (s *stream) run(ctx context.Context, group *errgroup.Group) (Manifest, error) {
	if s.size != storage.UnknownSize {
		s.opts.Progress.Expect(s.size)
	}
	total := int64(0)
	for {
		var buf []byte
		select {
		case <-ctx.Done():
			return Manifest{}, ctx.Err()
		case buf = <-s.free:
		}
		if buf == nil {
			buf = make([]byte, Size)
		}
		n, ended, err := fill(storage.ContextReader(ctx, s.src), buf)
		total += int64(n)
		switch {
		case err != nil:
			return Manifest{}, fmt.Errorf("put: %w", err)
		case total > MaxContent:
			return Manifest{}, fmt.Errorf("put: %w: content has more than the %d bytes that chunks take", storage.ErrTooLarge, int64(MaxContent))
		case s.size != storage.UnknownSize && (total > s.size || ended && total < s.size):
			return Manifest{}, wrongSize(s.size, total)
		}
		if n > 0 {
			s.launch(ctx, group, buf, n)
		}
		if ended {
			return Manifest{Size: total, Chunks: make([]storage.Digest, len(s.sent))}, nil
		}
	}
}

func (s *stream) launch(ctx context.Context, group *errgroup.Group, buf []byte, n int) {
	if s.size == storage.UnknownSize {
		s.opts.Progress.Expect(int64(n))
	}
	digest := new(storage.Digest)
	s.sent = append(s.sent, digest)
	group.Go(func() error {
		info, err := s.send(ctx, bytes.NewReader(buf[:n]), 0, int64(n), !s.opts.Again)
		*digest = info.Digest
		s.free <- buf
		return err
	})
}
