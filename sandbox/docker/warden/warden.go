// Package warden is the first process of a container: it starts the program when its request is known, bounds what it writes, and ends
// everything in the container when the program has ended, its time is up or the daemon is gone.
//
// A program that speaks gRPC stays for more than one request. The warden calls it, over a Unix socket, stops it between two calls, and then
// clears away the files that it can write; after anything out of order it ends the container instead.
//
// It runs as the same unprivileged user as the program, behind the same limits, and holds nothing that the program may not have. The
// daemon trusts no byte of what it says. What holds the program is the container; the warden only makes a run precise.
package warden

import (
	"fmt"
	"io"
	"sync"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// Argument makes ain-sandbox the warden.
const Argument = "warden"

// OutFolder is where a program puts its output files, and InFolder where it finds its inputs.
const (
	OutFolder = "/ain/out"
	InFolder  = "/ain/in"
)

// A program that serves calls finds in the variable SocketVariable the path of the Unix socket that it has to listen on, a file in RunFolder.
const (
	SocketVariable = "AIN_PROGRAM_SOCKET"
	RunFolder      = "/ain/run"
	SocketPath     = RunFolder + "/program.sock"
)

// ScratchFolder can be written by a program.
const ScratchFolder = "/tmp"

// filePiece is how much of an output file goes into one frame.
const filePiece = 256 << 10

// reply collects the standard output of a program, which is ended when it writes too much.
type reply struct {
	buf   []byte
	limit int64
	full  func() // called once
	once  sync.Once
}

// Write implements io.Writer. It takes everything, so that the program is ended by the warden and not by a broken pipe.
func (r *reply) Write(p []byte) (int, error) {
	room := r.limit - int64(len(r.buf))
	if int64(len(p)) > room {
		r.once.Do(r.full)
	} else {
		r.buf = append(r.buf, p...)
	}
	return len(p), nil
}

// frames is the way to the daemon, for several goroutines.
type frames struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements io.Writer.
func (f *frames) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.w.Write(p)
}

// outcome is how a program ended.
type outcome struct {
	exited     bool // by itself, with the code
	code       int
	signal     string // that ended it otherwise
	number     int    // of the signal
	outOfTime  bool
	outputFull bool
	outOfMem   bool // the kernel ended a process of the container for want of memory
}

// done puts an outcome into the words of the conversation. The most particular reason comes first: a program that is ended for what it did
// wrong has been killed as well.
func (o outcome) done(x wire.Bounds, lastWords string) wire.Done {
	switch {
	case o.outputFull:
		return wire.Done{Status: wire.StatusOutput, Message: fmt.Sprintf("more than %d bytes", x.OutputBytes)}
	case o.outOfTime:
		return wire.Done{Status: wire.StatusTimeout}
	case o.exited && o.code == 0:
		return wire.Done{Status: wire.StatusOK}
	case o.outOfMem:
		return wire.Done{Status: wire.StatusMemory, Message: "the kernel ended it at the container's limit"}
	case x.Plain && o.exited:
		return wire.Done{Status: wire.StatusOK, ExitStatus: o.code}
	case x.Plain:
		return wire.Done{Status: wire.StatusOK, ExitStatus: 128 + o.number}
	case o.exited:
		return wire.Done{Status: wire.StatusCrashed, Message: fmt.Sprintf("exit status %d: %s", o.code, lastWords)}
	}
	return wire.Done{Status: wire.StatusCrashed, Message: fmt.Sprintf("ended by signal %s: %s", o.signal, lastWords)}
}
