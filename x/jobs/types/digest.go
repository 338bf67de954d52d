package types

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const digestPrefix = "sha256:"

// Digest names content: sha256: and 64 lower-case hex digits.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return digestPrefix + hex.EncodeToString(sum[:])
}

// ParseDigest reads what Digest writes, and nothing else.
func ParseDigest(digest string) ([32]byte, error) {
	var sum [32]byte
	digits, ok := strings.CutPrefix(digest, digestPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(sum)) || digits != strings.ToLower(digits) {
		return sum, ErrInvalid.Wrapf("digest %.80q: want sha256: and 64 lower-case hex digits", digest)
	}
	if _, err := hex.Decode(sum[:], []byte(digits)); err != nil {
		return sum, ErrInvalid.Wrapf("digest %.80q: want sha256: and 64 lower-case hex digits", digest)
	}
	return sum, nil
}
