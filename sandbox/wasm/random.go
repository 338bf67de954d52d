package wasm

import (
	"crypto/sha256"
	"math/rand/v2"
)

// random is the only source of randomness that a program has: ChaCha8 keyed by the SHA-256 of the run's seed.
type random struct{ stream *rand.ChaCha8 }

func (r *random) reseed(seed []byte) { r.stream = rand.NewChaCha8(sha256.Sum256(seed)) }

// Read implements io.Reader; it never errs.
func (r *random) Read(p []byte) (int, error) { return r.stream.Read(p) }
