package chunk_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/chunk"
)

const (
	hexA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hexB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

	two = `{"ain":"chunks/v1","size":16777217,"chunk":16777216,"chunks":["sha256:` + hexA + `","sha256:` + hexB + `"]}`
)

func TestManifest(t *testing.T) {
	m, err := chunk.Parse([]byte(two))
	require.NoError(t, err)
	require.Equal(t, chunk.Manifest{Size: 16777217, Chunks: []storage.Digest{"sha256:" + hexA, "sha256:" + hexB}}, m)
	require.Equal(t, two, string(m.Bytes()))
	require.Equal(t, storage.DigestOf([]byte(two)), m.Digest())
	require.Equal(t, []int64{16777216, 1}, []int64{m.Len(0), m.Len(1)})
	require.True(t, m.Has("sha256:"+hexB))
	require.False(t, m.Has(storage.DigestOf(nil)))
}

func TestTheLargestManifestFits(t *testing.T) {
	m := chunk.Manifest{Size: chunk.MaxContent, Chunks: make([]storage.Digest, chunk.MaxChunks)}
	for i := range m.Chunks {
		m.Chunks[i] = "sha256:" + hexA
	}
	require.LessOrEqual(t, len(m.Bytes()), chunk.MaxManifest)
	got, err := chunk.Parse(m.Bytes())
	require.NoError(t, err)
	require.Equal(t, m, got)

	m.Size++
	_, err = chunk.Parse(m.Bytes())
	require.EqualError(t, err, "not a chunk manifest: size is 1099511627777 bytes, want 1 to 1099511627776")
}

func TestManifestsThatAreNone(t *testing.T) {
	for name, c := range map[string]struct{ text, err string }{
		"nothing":                  {"", "EOF"},
		"no JSON":                  {"chunks", "invalid character 'c' looking for beginning of value"},
		"a list":                   {"[]", "json: cannot unmarshal array into Go value of type chunk.document"},
		"another kind":             {strings.Replace(two, "chunks/v1", "chunks/v2", 1), `ain is "chunks/v2", want "chunks/v1"`},
		"no kind":                  {strings.Replace(two, `"ain":"chunks/v1",`, "", 1), `ain is "", want "chunks/v1"`},
		"another chunk size":       {strings.Replace(two, "16777216,", "16777215,", 1), "chunk is 16777215 bytes, want 16777216"},
		"no size":                  {strings.Replace(two, "16777217", "0", 1), "size is 0 bytes, want 1 to 1099511627776"},
		"a negative size":          {strings.Replace(two, "16777217", "-1", 1), "size is -1 bytes, want 1 to 1099511627776"},
		"a size beyond 64 bits":    {strings.Replace(two, "16777217", "16777217000000000000000", 1), "json: cannot unmarshal number 16777217000000000000000 into Go struct field document.size of type int64"},
		"a chunk too few":          {strings.Replace(two, "16777217", "33554433", 1), "2 chunks are named, 33554433 bytes have 3"},
		"a chunk too many":         {strings.Replace(two, "16777217", "16777216", 1), "2 chunks are named, 16777216 bytes have 1"},
		"a digest in upper case":   {strings.Replace(two, hexB, strings.ToUpper(hexB), 1), `chunk 1: digest "sha256:` + strings.ToUpper(hexB) + `": 'B' is not a lower-case hex digit`},
		"an empty digest":          {strings.Replace(two, "sha256:"+hexA, "", 1), "chunk 0: digest is empty, want sha256: and 64 lower-case hex digits"},
		"a field that is unknown":  {strings.Replace(two, `"size"`, `"note":"","size"`, 1), `json: unknown field "note"`},
		"a field twice":            {strings.Replace(two, `"size"`, `"size":1,"size"`, 1), notCanonical},
		"fields in another order":  {strings.Replace(two, `"size":16777217,"chunk":16777216`, `"chunk":16777216,"size":16777217`, 1), notCanonical},
		"a field in other letters": {strings.Replace(two, `"size"`, `"Size"`, 1), notCanonical},
		"a space":                  {strings.Replace(two, `:1`, `: 1`, 1), notCanonical},
		"a line end":               {two + "\n", notCanonical},
		"more after it":            {two + two, notCanonical},
		"an escaped letter":        {strings.Replace(two, `"sha`, `"\u0073ha`, 1), notCanonical},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chunk.Parse([]byte(c.text))
			require.ErrorIs(t, err, chunk.ErrManifest)
			require.EqualError(t, err, "not a chunk manifest: "+c.err)
		})
	}
	_, err := chunk.Parse(bytes.Repeat([]byte{' '}, chunk.MaxManifest+1))
	require.EqualError(t, err, fmt.Sprintf("not a chunk manifest: it has %d bytes, at most %d are possible", chunk.MaxManifest+1, chunk.MaxManifest))
}

const notCanonical = "it is not written in canonical form (no spaces, fields in order, each once)"

// FuzzParse: whatever a store gives for a manifest is refused, or written in just one way and adds up.
func FuzzParse(f *testing.F) {
	f.Add([]byte(two))
	f.Add([]byte(strings.Replace(two, `:1`, `: 1`, 1)))
	f.Add([]byte(`{"ain":"chunks/v1","size":1,"chunk":16777216,"chunks":["sha256:` + hexA + `"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := chunk.Parse(b)
		if err != nil {
			require.ErrorIs(t, err, chunk.ErrManifest)
			return
		}
		require.Equal(t, b, m.Bytes())
		sum := int64(0)
		for i := range m.Chunks {
			require.Positive(t, m.Len(i))
			require.LessOrEqual(t, m.Len(i), int64(chunk.Size))
			sum += m.Len(i)
		}
		require.Equal(t, m.Size, sum)
	})
}
