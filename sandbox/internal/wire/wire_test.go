package wire

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func atMost(n int64) func() int64 { return func() int64 { return n } }

func TestFramesComeOutAsTheyWentIn(t *testing.T) {
	var stream bytes.Buffer
	require.NoError(t, Write(&stream, KindRun, Run{MemoryBytes: 7, Seed: []byte{1}}, []byte("body")))
	require.NoError(t, Write(&stream, KindReady, nil, nil))

	f, err := Read(&stream, atMost(4))
	require.NoError(t, err)
	assert.Equal(t, KindRun, f.Kind)
	assert.Equal(t, "body", string(f.Body))
	var r Run
	require.NoError(t, f.Decode(&r))
	assert.Equal(t, Run{MemoryBytes: 7, Seed: []byte{1}}, r)

	f, err = Read(&stream, atMost(0))
	require.NoError(t, err)
	assert.Equal(t, KindReady, f.Kind)
	require.Error(t, f.Decode(&r), "a frame without a header has nothing to decode")

	_, err = Read(&stream, atMost(0))
	require.ErrorIs(t, err, io.EOF)
}

func TestFramesThatCannotBeTrusted(t *testing.T) {
	var stream bytes.Buffer
	require.NoError(t, Write(&stream, KindDone, nil, []byte("12345")))
	whole := stream.Bytes()
	_, err := Read(bytes.NewReader(whole), atMost(4))
	require.ErrorContains(t, err, "5 bytes, at most 4")
	for n := 1; n < len(whole); n++ {
		_, err := Read(bytes.NewReader(whole[:n]), atMost(5))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
	}
	_, err = Read(bytes.NewReader([]byte("\x01\xff\xff\xff\xff\x00\x00\x00\x00")), atMost(0))
	require.ErrorContains(t, err, "header")
}

// FuzzRead: no stream makes the reader take more than it may, or panic.
func FuzzRead(f *testing.F) {
	f.Add([]byte("\x06\x00\x00\x00\x02\x00\x00\x00\x01{}x"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		frame, err := Read(bytes.NewReader(stream), atMost(16))
		if err == nil && len(frame.Body) > 16 {
			t.Fatalf("body of %d bytes", len(frame.Body))
		}
	})
}
