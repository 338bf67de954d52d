package wasm

import (
	"errors"
	"fmt"
	"io"

	"github.com/ain-network/aind/sandbox/internal/wire"
)

// errOutputLimit is thrown through the engine to stop a program at once: one told of a failed write might try for ever.
var errOutputLimit = errors.New("output limit reached")

// output collects what a program writes to standard output.
type output struct {
	buf   []byte
	limit int64
}

// Write implements io.Writer. It panics with errOutputLimit when the limit is passed; the engine turns that into the run's error.
func (o *output) Write(p []byte) (int, error) {
	if int64(len(o.buf))+int64(len(p)) > o.limit {
		panic(errOutputLimit)
	}
	o.buf = append(o.buf, p...)
	return len(p), nil
}

const (
	logTail   = 4 << 10 // of a long log's budget, kept for its end
	logRecent = 2 << 10 // of the log, quoted when a run fails
	logNote   = 64      // room for the line that says how much was left out
)

// logWriter sends a program's standard error to the parent as it is written, so that the log of a killed run is there. Of a log beyond
// the limit it keeps the beginning and the end.
type logWriter struct {
	frames  io.Writer
	head    int64 // still to be sent at once
	tailCap int
	tail    []byte
	skipped int64
	recent  []byte
}

func (l *logWriter) begin(limit int64) {
	l.tail, l.skipped, l.recent = nil, 0, nil
	l.head, l.tailCap = limit, 0
	if limit >= 2*logTail {
		l.head, l.tailCap = limit-logTail-logNote, logTail
	}
}

// Write implements io.Writer.
func (l *logWriter) Write(p []byte) (int, error) {
	n := len(p)
	l.recent = keepLast(l.recent, p, logRecent)
	if now := p[:min(int64(len(p)), l.head)]; len(now) > 0 {
		l.head -= int64(len(now))
		if err := wire.Write(l.frames, wire.KindLog, nil, now); err != nil {
			return 0, err
		}
		p = p[len(now):]
	}
	before := int64(len(l.tail)) + int64(len(p))
	l.tail = keepLast(l.tail, p, l.tailCap)
	l.skipped += before - int64(len(l.tail))
	return n, nil
}

// end sends the rest of the log.
func (l *logWriter) end() error {
	if l.skipped > 0 && l.tailCap > 0 {
		note := fmt.Sprintf("\n[%d bytes of log left out]\n", l.skipped)
		l.tail = append([]byte(note), l.tail...)
	}
	if len(l.tail) == 0 {
		return nil
	}
	return wire.Write(l.frames, wire.KindLog, nil, l.tail)
}

// keepLast appends p to buf and keeps the last n bytes.
func keepLast(buf, p []byte, n int) []byte {
	if len(p) >= n {
		return append(buf[:0], p[len(p)-n:]...)
	}
	if over := len(buf) + len(p) - n; over > 0 {
		buf = append(buf[:0], buf[over:]...)
	}
	return append(buf, p...)
}
