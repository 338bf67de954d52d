package types

import (
	"crypto/sha256"
	"encoding/binary"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// SaltSize is the size of a commitment's salt in bytes.
const SaltSize = 32

const (
	commitDomain = "ain/commit/v1"
	seedDomain   = "ain/seed/v1"
)

// Commitment is what a worker submits before anybody may see its result. It binds
// the result to the chain, the request and the worker's owner, so that a copy is
// worth nothing to anybody else. Files are bound by what they are, not by where they lie: a worker may move them.
func Commitment(chainID string, requestID uint64, worker sdk.AccAddress, resultDigest [32]byte, salt []byte, files ...NamedReference) [32]byte {
	parts := [][]byte{[]byte(commitDomain), []byte(chainID), number(requestID), worker, resultDigest[:], salt}
	for _, file := range files {
		chunked := []byte{0}
		if file.Reference.Chunked {
			chunked[0] = 1
		}
		parts = append(parts, []byte(file.Name), []byte(file.Reference.Digest), number(file.Reference.Size_), chunked)
	}
	return hashParts(parts...)
}

// Seed is the randomness that a program gets for a request. Each worker has its
// own where results are checked as solutions; with worker nil all share one.
func Seed(chainID string, requestID uint64, worker sdk.AccAddress) [32]byte {
	return hashParts([]byte(seedDomain), []byte(chainID), number(requestID), worker)
}

// SeedOf is the seed of a worker's run: its own where results are checked as solutions, the same for all where they are
// compared.
func (t TermsSpec) SeedOf(chainID string, requestID uint64, worker string) ([32]byte, error) {
	if t.ByExecution() {
		return Seed(chainID, requestID, nil), nil
	}
	account, err := ParseAddress("worker", worker)
	return Seed(chainID, requestID, account), err
}

// ResultDigest is the sha256 of a result's content, wherever that lies, without its files.
func ResultDigest(result Result) ([32]byte, error) {
	if result.Reference == nil {
		return sha256.Sum256(result.Inline), nil
	}
	if len(result.Inline) > 0 {
		return [32]byte{}, ErrInvalid.Wrap("result: both inline and reference are set; leave one out")
	}
	return ParseDigest(result.Reference.Digest)
}

// hashParts hashes parts, each after its length, so that no two lists of parts
// have the same input.
func hashParts(parts ...[]byte) [32]byte {
	hash := sha256.New()
	for _, part := range parts {
		hash.Write(number(uint64(len(part))))
		hash.Write(part)
	}
	return [32]byte(hash.Sum(nil))
}

func number(n uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, n)
}
