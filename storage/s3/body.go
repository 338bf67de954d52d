package s3

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/ain-network/aind/storage"
)

var errStopped = errors.New("the upload is over")

// body is the body of one upload. It remembers how reading it failed, which the
// HTTP client may hide, and can be cut off from its source: the client may read
// on in the background after it has returned, and then the source is somebody
// else's again.
type body struct {
	reading sync.Mutex // held while src is read
	src     source

	mu      sync.Mutex // guards what follows
	stopped bool
	whole   bool // the content has been read to its end and is right
	err     error
}

// source is what a body is read from.
type source interface {
	io.Reader
	// Err returns what ended it: nil while it goes on, io.EOF when all was well.
	Err() error
}

// counted is a source of content whose digest we have computed ourselves, just
// before: only its length is checked while it is sent. Should it have changed in
// between, the store refuses it, since the request is signed over the digest.
type counted struct {
	src  io.Reader
	left int64
	err  error
}

func (c *counted) Err() error { return c.err }

// Read implements io.Reader. It never reads past the announced length.
func (c *counted) Read(p []byte) (int, error) {
	if c.err == nil && c.left == 0 {
		c.err = io.EOF
	}
	if c.err != nil {
		return 0, c.err
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.src.Read(p)
	c.left -= int64(n)
	switch {
	case c.left == 0:
		c.err = io.EOF
	case errors.Is(err, io.EOF):
		c.err = fmt.Errorf("%w: content became %d bytes shorter while it was sent", storage.ErrSizeMismatch, c.left)
	default:
		c.err = err
	}
	if errors.Is(c.err, io.EOF) {
		return n, nil
	}
	return n, c.err
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.mu.Lock()
	stopped := b.stopped
	b.mu.Unlock()
	if stopped {
		return 0, errStopped
	}
	n, err := b.src.Read(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	if end := b.src.Err(); errors.Is(end, io.EOF) {
		b.whole = true
	} else {
		b.err = end
	}
	return n, err
}

// outcome returns whether the content was read to its end and found right, and
// the error that reading it ended in otherwise.
func (b *body) outcome() (whole bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.whole, b.err
}

// stop makes every further Read fail. With wait, no read of the source is under
// way when it returns.
func (b *body) stop(wait bool) {
	b.mu.Lock()
	b.stopped = true
	b.mu.Unlock()
	if wait {
		b.reading.Lock()
		b.reading.Unlock() //nolint:staticcheck // only waiting for the reader to leave
	}
}
