package warden

import (
	"io"
	"os"
	"syscall"
	"time"
)

// voice is what a program that serves calls writes to its standard output and error. It belongs to the call during which it was written:
// what comes between two calls is lost; what comes before the first belongs to the first.
type voice struct {
	pipe   *os.File
	change chan change
	quiet  chan struct{} // closed when nobody can say anything any more
}

// change names the one who listens from now on.
type change struct {
	to   io.Writer // nil: nobody
	done chan struct{}
}

// listen passes on what comes out of the pipe, from its first byte.
func listen(pipe *os.File, to io.Writer) *voice {
	v := &voice{pipe: pipe, change: make(chan change, 1), quiet: make(chan struct{})}
	go v.read(to)
	return v
}

// tell passes on what the program says to another one, from here on. All that was said before has gone to the one before.
func (v *voice) tell(to io.Writer) {
	c := change{to, make(chan struct{})}
	v.change <- c
	_ = v.pipe.SetReadDeadline(time.Unix(1, 0)) // wakes the reader, where there is one
	select {
	case <-c.done:
	case <-v.quiet:
		select {
		case <-v.change:
		default:
		}
	}
}

func (v *voice) read(to io.Writer) {
	defer close(v.quiet)
	defer v.pipe.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := v.pipe.Read(buf)
		_, _ = to.Write(buf[:n]) // a daemon that is gone ends the warden
		switch {
		case err == nil:
		case !os.IsTimeout(err):
			return
		default:
			_ = v.pipe.SetReadDeadline(time.Time{})
			c := <-v.change
			v.drain(to, buf)
			if to = c.to; to == nil {
				to = io.Discard
			}
			close(c.done)
		}
	}
}

// drain reads what is there, and does not wait for more.
func (v *voice) drain(to io.Writer, buf []byte) {
	raw, err := v.pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		for {
			n, err := syscall.Read(int(fd), buf)
			if n <= 0 || err != nil {
				return true
			}
			_, _ = to.Write(buf[:n])
		}
	})
}
