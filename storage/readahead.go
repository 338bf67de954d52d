package storage

import (
	"io"
	"sync"
)

// readAhead reads its source in the background, a few pieces ahead of whoever
// reads from it, so that reading and hashing go on at the same time.
type readAhead struct {
	full chan piece    // read and not yet taken
	free chan *buffer  // taken, to be read into again
	quit chan struct{} // closed by stop
	all  [aheadBuffers]*buffer
	cur  piece
}

// piece is the outcome of one read.
type piece struct {
	in   *buffer // what data lies in; none when it is not to be read into again
	data []byte
	err  error
}

// aheadBuffers is how many pieces of copyBuffer bytes are on their way at most.
const aheadBuffers = 3

// buffer is what content is copied through, a piece at a time.
type buffer [copyBuffer]byte

// buffers are used again: to allocate them would cost more than to fill them.
var buffers = sync.Pool{New: func() any { return new(buffer) }}

// newReadAhead starts to read src. stop must be called.
func newReadAhead(src io.Reader) *readAhead {
	a := &readAhead{
		full: make(chan piece, aheadBuffers),
		free: make(chan *buffer, aheadBuffers),
		quit: make(chan struct{}),
	}
	for i := range a.all {
		a.all[i] = buffers.Get().(*buffer)
		a.free <- a.all[i]
	}
	go a.run(src)
	return a
}

// run reads until the source ends or fails, or stop is called. It closes full
// when it no longer touches the source.
func (a *readAhead) run(src io.Reader) {
	defer close(a.full)
	for {
		select {
		case <-a.quit:
			return
		case buf := <-a.free:
			n, err := src.Read(buf[:])
			a.full <- piece{in: buf, data: buf[:n], err: err} // there is room for every buffer
			if err != nil {
				return
			}
		}
	}
}

// peek returns the bytes that come next, which stay as they are until the next
// call after they were taken, or the error that ends the source.
func (a *readAhead) peek() ([]byte, error) {
	for len(a.cur.data) == 0 {
		if a.cur.err != nil {
			return nil, a.cur.err
		}
		if a.cur.in != nil {
			a.free <- a.cur.in
		}
		next, ok := <-a.full
		if !ok {
			return nil, io.ErrClosedPipe // read after stop
		}
		a.cur = next
	}
	return a.cur.data, nil
}

// take moves on by n of the bytes that peek has returned.
func (a *readAhead) take(n int) { a.cur.data = a.cur.data[n:] }

// keep makes the bytes that peek has returned stay as they are until stop.
func (a *readAhead) keep() { a.cur.in = nil }

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	data, err := a.peek()
	if err != nil {
		return 0, err
	}
	n := copy(p, data)
	a.take(n)
	return n, nil
}

// stop ends the reading and returns when the source is no longer touched.
func (a *readAhead) stop() {
	close(a.quit)
	for range a.full { // closed when the reader has left
	}
	for _, buf := range a.all {
		buffers.Put(buf)
	}
}
