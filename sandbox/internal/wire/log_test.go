package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logFrames is a log's frames, without their nine bytes of lengths.
type logFrames struct{ bytes.Buffer }

// Write implements io.Writer.
func (l *logFrames) Write(p []byte) (int, error) {
	l.Buffer.Write(p[9:])
	return len(p), nil
}

func TestLogsKeepTheirBeginningAndTheirEnd(t *testing.T) {
	for _, piece := range []int{1, 7, 5000, 100_000} {
		frames := new(logFrames)
		l := &Log{Frames: frames}
		l.Begin(10_000)
		text := strings.Repeat("0123456789", 10_000)
		for at := 0; at < len(text); at += piece {
			_, err := l.Write([]byte(text[at:min(at+piece, len(text))]))
			require.NoError(t, err)
		}
		require.NoError(t, l.End())
		log := frames.String()
		assert.LessOrEqual(t, len(log), 10_000)
		head, tail, found := strings.Cut(log, "\n[")
		require.True(t, found)
		assert.True(t, strings.HasPrefix(text, head))
		note, tail, _ := strings.Cut(tail, "]\n")
		assert.Equal(t, text[len(text)-logTail:], tail)
		assert.Equal(t, "90064 bytes of log left out", note)
		assert.Equal(t, text[len(text)-logRecent:], string(l.Recent))
	}
}
