package storagetest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"

	"github.com/ain-network/aind/storage"
)

// Content returns n bytes that no compression shortens, the same for each seed.
func Content(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
	if _, err := r.Read(b); err != nil {
		panic(err) // it is documented never to fail
	}
	return b
}

// Stream returns the bytes of Content without holding them, as a reader that
// cannot be rewound.
func Stream(seed uint64, n int64) io.Reader {
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24)})
	return onlyReader{io.LimitReader(r, n)}
}

// onlyReader hides every method of a reader but Read.
type onlyReader struct{ io.Reader }

var errSource = errors.New("the source broke")

// brokenAfter returns a reader of b that fails after its last byte.
func brokenAfter(b []byte) io.Reader {
	return io.MultiReader(onlyReader{bytes.NewReader(b)}, failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errSource }

// gate is a reader of src that tells when the first half of n bytes has been
// taken and then waits.
type gate struct {
	src     io.Reader
	left    int64
	reached chan struct{}
	open    chan struct{}
}

// NewGate returns a reader of the n bytes of src that closes reached when half of
// them have been taken, and goes on when open is closed.
func NewGate(src io.Reader, n int64) (r io.Reader, reached <-chan struct{}, open chan<- struct{}) {
	g := &gate{src: src, left: n / 2, reached: make(chan struct{}), open: make(chan struct{})}
	return g, g.reached, g.open
}

func (g *gate) Read(p []byte) (int, error) {
	if g.left == 0 {
		close(g.reached)
		<-g.open
		g.left = -1
	}
	if g.left > 0 && int64(len(p)) > g.left {
		p = p[:g.left]
	}
	n, err := g.src.Read(p)
	if g.left > 0 {
		g.left -= int64(n)
	}
	return n, err
}

func infoOf(b []byte) storage.Info {
	return storage.Info{Digest: storage.DigestOf(b), Size: int64(len(b))}
}
