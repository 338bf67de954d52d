package wire

import (
	"fmt"
	"io"
	"strings"
)

const (
	logTail   = 4 << 10 // of a long log's budget, kept for its end
	logRecent = 2 << 10 // of the log, quoted when a run fails
	logNote   = 64      // room for the line that says how much was left out
)

// Log sends a program's standard error to the parent as it is written, so that the log of a killed run is there. Of a log beyond
// the limit it keeps the beginning and the end.
type Log struct {
	Frames  io.Writer
	Recent  []byte // the last that was written
	head    int64  // still to be sent at once
	tailCap int
	tail    []byte
	skipped int64
}

// Begin sets how much of the log may be sent from here on.
func (l *Log) Begin(limit int64) {
	l.tail, l.skipped, l.Recent = nil, 0, nil
	l.head, l.tailCap = limit, 0
	if limit >= 2*logTail {
		l.head, l.tailCap = limit-logTail-logNote, logTail
	}
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	n := len(p)
	l.Recent = keepLast(l.Recent, p, logRecent)
	if now := p[:min(int64(len(p)), l.head)]; len(now) > 0 {
		l.head -= int64(len(now))
		if err := Write(l.Frames, KindLog, nil, now); err != nil {
			return 0, err
		}
		p = p[len(now):]
	}
	before := int64(len(l.tail)) + int64(len(p))
	l.tail = keepLast(l.tail, p, l.tailCap)
	l.skipped += before - int64(len(l.tail))
	return n, nil
}

// LastWords are the end of the log, for an error's message.
func (l *Log) LastWords() string {
	words := strings.TrimSpace(strings.ToValidUTF8(string(l.Recent), "?"))
	if words == "" {
		return "it said nothing on standard error"
	}
	return words
}

// End sends the rest of the log.
func (l *Log) End() error {
	if l.skipped > 0 && l.tailCap > 0 {
		note := fmt.Sprintf("\n[%d bytes of log left out]\n", l.skipped)
		l.tail = append([]byte(note), l.tail...)
	}
	if len(l.tail) == 0 {
		return nil
	}
	return Write(l.Frames, KindLog, nil, l.tail)
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
