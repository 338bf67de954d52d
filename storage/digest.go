package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// digestPrefix names the only algorithm in use. It is part of every digest so
// that another one can be added without guessing what old digests mean.
const digestPrefix = "sha256:"

// Digest names content: "sha256:" and 64 lower-case hex digits. The same string
// stands on the chain, on the command line and in Go. The zero value names
// nothing and is invalid.
type Digest string

// ParseDigest returns s as a Digest, or an error saying what is wrong with it.
func ParseDigest(s string) (Digest, error) {
	d := Digest(s)
	if err := d.Validate(); err != nil {
		return "", err
	}
	return d, nil
}

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest {
	sum := sha256.Sum256(b)
	return digestFromSum(sum[:])
}

// DigestReader reads r to its end and returns the digest and the number of
// bytes read. It errs when r does.
func DigestReader(r io.Reader) (Info, error) {
	h := sha256.New()
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(onlyWriter{h}, onlyReader{r}, buf[:])
	if err != nil {
		return Info{}, fmt.Errorf("compute digest: %w", err)
	}
	return Info{Digest: digestFromSum(h.Sum(nil)), Size: n}, nil
}

// Validate reports whether d has the one form that a digest can have.
func (d Digest) Validate() error {
	s := string(d)
	if s == "" {
		return fmt.Errorf("digest is empty, want %s and 64 lower-case hex digits", digestPrefix)
	}
	digits, ok := strings.CutPrefix(s, digestPrefix)
	if !ok {
		return fmt.Errorf("digest %q: want it to start with %q", s, digestPrefix)
	}
	if len(digits) != hex.EncodedLen(sha256.Size) {
		return fmt.Errorf("digest %q: has %d hex digits, want %d", s, len(digits), hex.EncodedLen(sha256.Size))
	}
	for _, c := range digits {
		if !strings.ContainsRune("0123456789abcdef", c) {
			return fmt.Errorf("digest %q: %q is not a lower-case hex digit", s, c)
		}
	}
	return nil
}

// Hex returns the 64 hex digits of a valid digest, without the algorithm.
func (d Digest) Hex() string { return strings.TrimPrefix(string(d), digestPrefix) }

// String returns d as it is written everywhere.
func (d Digest) String() string { return string(d) }

func digestFromSum(sum []byte) Digest {
	return Digest(digestPrefix + hex.EncodeToString(sum))
}
