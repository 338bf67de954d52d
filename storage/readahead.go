package storage

import "io"

// readAhead reads its source in the background, a few pieces ahead of whoever
// reads from it, so that reading and hashing go on at the same time.
type readAhead struct {
	full chan piece    // read and not yet taken
	free chan []byte   // taken, to be read into again
	quit chan struct{} // closed by stop
	cur  piece
	buf  []byte // the buffer that cur lies in
}

// piece is the outcome of one read.
type piece struct {
	data []byte
	err  error
}

// aheadBuffers is how many pieces of copyBuffer bytes are on their way at most.
const aheadBuffers = 3

// newReadAhead starts to read src. stop must be called.
func newReadAhead(src io.Reader) *readAhead {
	a := &readAhead{
		full: make(chan piece, aheadBuffers),
		free: make(chan []byte, aheadBuffers),
		quit: make(chan struct{}),
	}
	for range aheadBuffers {
		a.free <- make([]byte, copyBuffer)
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
			n, err := src.Read(buf)
			a.full <- piece{data: buf[:n], err: err} // there is room for every buffer
			if err != nil {
				return
			}
		}
	}
}

// Read implements io.Reader.
func (a *readAhead) Read(p []byte) (int, error) {
	for len(a.cur.data) == 0 {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.buf != nil {
			a.free <- a.buf
		}
		next, ok := <-a.full
		if !ok {
			return 0, io.ErrClosedPipe // read after stop
		}
		a.cur, a.buf = next, next.data[:cap(next.data)]
	}
	n := copy(p, a.cur.data)
	a.cur.data = a.cur.data[n:]
	return n, nil
}

// stop ends the reading and returns when the source is no longer touched.
func (a *readAhead) stop() {
	close(a.quit)
	for range a.full { // closed when the reader has left
	}
}
