package chunk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ain-network/aind/storage"
)

const (
	// Size is the number of bytes of every chunk but the last, which may be shorter.
	Size = 16 << 20
	// Threshold is the size in bytes above which content goes as chunks.
	Threshold = 64 << 20
	// MaxChunks is the most that a manifest names.
	MaxChunks = 65536
	// MaxContent is the most bytes that one manifest can stand for: 1 TiB.
	MaxContent = MaxChunks * Size
	// MaxManifest is the most bytes that a manifest itself can have.
	MaxManifest = MaxChunks*entrySize + 128

	// kind says what the JSON is, and in which version.
	kind = "chunks/v1"
	// entrySize is what a digest takes in JSON: "sha256:", 64 digits, two quotes, a comma.
	entrySize = 7 + 64 + 3
)

// ErrManifest: bytes are not a manifest in the one form that it can have.
var ErrManifest = errors.New("not a chunk manifest")

// Manifest names the chunks of a content, in order. Its own digest stands for the
// content: who has checked the manifest against it can check each chunk by itself.
type Manifest struct {
	Size   int64 // of the content, in bytes
	Chunks []storage.Digest
}

// document is a manifest as JSON has it.
type document struct {
	Ain    string           `json:"ain"`
	Size   int64            `json:"size"`
	Chunk  int64            `json:"chunk"`
	Chunks []storage.Digest `json:"chunks"`
}

// Parse reads a manifest. There is one way to write it, and anything else is ErrManifest: other spacing, order, fields or
// chunk size, and chunks that do not add up to the size. So equal contents have equal digests as long as they go as chunks.
func Parse(b []byte) (Manifest, error) {
	if len(b) > MaxManifest {
		return Manifest{}, fmt.Errorf("%w: it has %d bytes, at most %d are possible", ErrManifest, len(b), MaxManifest)
	}
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	var d document
	if err := decoder.Decode(&d); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	if d.Ain != kind {
		return Manifest{}, fmt.Errorf("%w: ain is %q, want %q", ErrManifest, d.Ain, kind)
	}
	if d.Chunk != Size {
		return Manifest{}, fmt.Errorf("%w: chunk is %d bytes, want %d", ErrManifest, d.Chunk, Size)
	}
	m := Manifest{Size: d.Size, Chunks: d.Chunks}
	if err := m.Validate(); err != nil {
		return Manifest{}, err
	}
	if !bytes.Equal(b, m.Bytes()) {
		return Manifest{}, fmt.Errorf("%w: it is not written in canonical form (no spaces, fields in order, each once)", ErrManifest)
	}
	return m, nil
}

// Validate reports the first thing about m that cannot be right.
func (m Manifest) Validate() error {
	if m.Size < 1 || m.Size > MaxContent {
		return fmt.Errorf("%w: size is %d bytes, want 1 to %d", ErrManifest, m.Size, int64(MaxContent))
	}
	if want := chunksOf(m.Size); len(m.Chunks) != want {
		return fmt.Errorf("%w: %d chunks are named, %d bytes have %d", ErrManifest, len(m.Chunks), m.Size, want)
	}
	for i, d := range m.Chunks {
		if err := d.Validate(); err != nil {
			return fmt.Errorf("%w: chunk %d: %w", ErrManifest, i, err)
		}
	}
	return nil
}

// Bytes returns a valid m in its one form.
func (m Manifest) Bytes() []byte {
	b, err := json.Marshal(document{Ain: kind, Size: m.Size, Chunk: Size, Chunks: m.Chunks})
	if err != nil {
		panic(err) // integers and strings always have a JSON form
	}
	return b
}

// Digest is that of the manifest, and stands for the content.
func (m Manifest) Digest() storage.Digest { return storage.DigestOf(m.Bytes()) }

// Len is the number of bytes of chunk i.
func (m Manifest) Len(i int) int64 { return min(Size, m.Size-offset(i)) }

// Has says whether d is one of the chunks.
func (m Manifest) Has(d storage.Digest) bool {
	for _, chunk := range m.Chunks {
		if chunk == d {
			return true
		}
	}
	return false
}

// offset is where chunk i begins in the content.
func offset(i int) int64 { return int64(i) * Size }

// chunksOf is the number of chunks of a content.
func chunksOf(size int64) int { return int((size + Size - 1) / Size) }
