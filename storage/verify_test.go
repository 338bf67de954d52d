package storage_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
)

var content = []byte("the content that was asked for")

func TestVerifier(t *testing.T) {
	broken := errors.New("broken")
	want := storage.Info{Digest: storage.DigestOf(content), Size: int64(len(content))}
	flipped := bytes.Clone(content)
	flipped[0] ^= 1
	for name, c := range map[string]struct {
		src io.Reader
		err error
	}{
		"the right bytes":                    {bytes.NewReader(content), nil},
		"the right bytes one by one":         {iotest.OneByteReader(bytes.NewReader(content)), nil},
		"the right bytes, the end with them": {iotest.DataErrReader(bytes.NewReader(content)), nil},
		"a flipped bit":                      {bytes.NewReader(flipped), storage.ErrDigestMismatch},
		"a flipped bit, one by one":          {iotest.OneByteReader(bytes.NewReader(flipped)), storage.ErrDigestMismatch},
		"a byte less":                        {bytes.NewReader(content[:len(content)-1]), storage.ErrSizeMismatch},
		"nothing":                            {bytes.NewReader(nil), storage.ErrSizeMismatch},
		"a byte more":                        {bytes.NewReader(append(bytes.Clone(content), 0)), storage.ErrSizeMismatch},
		"the right bytes twice":              {bytes.NewReader(append(bytes.Clone(content), content...)), storage.ErrSizeMismatch},
		"a source that breaks":               {io.MultiReader(bytes.NewReader(content[:9]), iotest.ErrReader(broken)), broken},
		"a source that is cut off": {
			io.MultiReader(bytes.NewReader(content[:9]), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF,
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := storage.NewVerifier(c.src, want)
			got, err := io.ReadAll(v)
			if c.err == nil {
				require.NoError(t, err)
				require.Equal(t, content, got)
				require.Equal(t, io.EOF, v.Err())
				return
			}
			require.ErrorIs(t, err, c.err)
			require.Less(t, len(got), len(content), "never all of the bytes")
			n, again := v.Read(make([]byte, 1))
			require.Zero(t, n)
			require.Equal(t, err, again, "it stays with what it said")

			v.Reset(bytes.NewReader(content))
			got, err = io.ReadAll(v)
			require.NoError(t, err, "after a reset it starts anew")
			require.Equal(t, content, got)
		})
	}
}

// Large content takes another way through io.Copy, ahead of the hashing.
func TestVerifierCopied(t *testing.T) {
	large := bytes.Repeat(content, 100_000)
	want := storage.Info{Digest: storage.DigestOf(large), Size: int64(len(large))}
	flipped := bytes.Clone(large)
	flipped[len(large)-1] ^= 1
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		src io.Reader
		err error
	}{
		"the right bytes":                    {bytes.NewReader(large), nil},
		"the right bytes in halves":          {iotest.HalfReader(bytes.NewReader(large)), nil},
		"the right bytes, the end with them": {iotest.DataErrReader(bytes.NewReader(large)), nil},
		"a flipped bit at the end":           {bytes.NewReader(flipped), storage.ErrDigestMismatch},
		"a byte less":                        {bytes.NewReader(large[1:]), storage.ErrSizeMismatch},
		"a byte more":                        {bytes.NewReader(append(bytes.Clone(large), 0)), storage.ErrSizeMismatch},
		"a source that breaks":               {io.MultiReader(bytes.NewReader(large[:1<<20]), iotest.ErrReader(broken)), broken},
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			n, err := io.Copy(&got, storage.NewVerifier(c.src, want))
			require.EqualValues(t, got.Len(), n)
			require.ErrorIs(t, err, c.err)
			if c.err == nil {
				require.Equal(t, want.Digest, storage.DigestOf(got.Bytes()))
			} else {
				require.Less(t, got.Len(), len(large), "never all of the bytes")
			}
		})
	}
	t.Run("a destination that fails ends it, and the source is left alone", func(t *testing.T) {
		src := bytes.NewReader(large)
		_, err := io.Copy(failAfter{n: new(int)}, storage.NewVerifier(src, want))
		require.ErrorIs(t, err, io.ErrShortBuffer)
		left := src.Len()
		require.Positive(t, left)
		_, err = src.ReadByte() // the race detector would see a reader that is still there
		require.NoError(t, err)
		require.Equal(t, left-1, src.Len())
	})
}

// failAfter is a writer that takes one piece and then fails.
type failAfter struct{ n *int }

func (f failAfter) Write(p []byte) (int, error) {
	if *f.n++; *f.n > 1 {
		return 0, io.ErrShortBuffer
	}
	return len(p), nil
}

func TestVerifierOfNothing(t *testing.T) {
	empty := storage.Info{Digest: storage.DigestOf(nil)}
	_, err := io.ReadAll(storage.NewVerifier(bytes.NewReader(nil), empty))
	require.NoError(t, err)
	_, err = io.ReadAll(storage.NewVerifier(bytes.NewReader([]byte{0}), empty))
	require.ErrorIs(t, err, storage.ErrSizeMismatch)
	_, err = io.ReadAll(storage.NewVerifier(bytes.NewReader(nil), storage.Info{Digest: storage.DigestOf(content)}))
	require.ErrorIs(t, err, storage.ErrDigestMismatch)
	_, err = io.ReadAll(storage.NewVerifier(bytes.NewReader(nil), storage.Info{Digest: empty.Digest, Size: storage.UnknownSize}))
	require.ErrorContains(t, err, "not known")
}

// scribbler is a source that uses all of the buffer it is given, as a reader may.
type scribbler struct{ src io.Reader }

func (s scribbler) Read(p []byte) (int, error) {
	n, err := s.src.Read(p)
	for i := n; i < len(p); i++ {
		p[i] = 0xff
	}
	return n, err
}

// What is read ahead goes from the buffer to the writer: the last of it must not be read over by the look for more.
func TestContentThatIsReadAheadArrivesAsItWas(t *testing.T) {
	for _, size := range []int{256<<10 + 1, 1 << 20, 3<<20 + 5} {
		large := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
		want := storage.Info{Digest: storage.DigestOf(large), Size: int64(size)}
		for name, src := range map[string]io.Reader{
			"at once":              scribbler{bytes.NewReader(large)},
			"in small pieces":      scribbler{iotest.HalfReader(bytes.NewReader(large))},
			"with the end in them": scribbler{iotest.DataErrReader(bytes.NewReader(large))},
		} {
			var got bytes.Buffer
			_, err := storage.NewVerifier(src, want).WriteTo(&got)
			require.NoError(t, err, name)
			require.True(t, bytes.Equal(large, got.Bytes()), name)
		}
		for name, c := range map[string]struct {
			content []byte
			err     error
		}{
			"a byte more":   {append(bytes.Clone(large), 0), storage.ErrSizeMismatch},
			"a byte less":   {large[1:], storage.ErrSizeMismatch},
			"a flipped bit": {append(bytes.Clone(large[:size-1]), large[size-1]^1), storage.ErrDigestMismatch},
		} {
			var got bytes.Buffer
			_, err := storage.NewVerifier(scribbler{bytes.NewReader(c.content)}, want).WriteTo(&got)
			require.ErrorIs(t, err, c.err, name)
			require.Less(t, got.Len(), size, "the last bytes are kept back")
		}
		_, err := storage.NewVerifier(bytes.NewReader(large), want).WriteTo(full{})
		require.ErrorIs(t, err, errFull)
	}
}

var errFull = errors.New("no room")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }
