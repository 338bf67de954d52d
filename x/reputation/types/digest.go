package types

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
)

// Domains keep a digest made for one purpose from standing for another.
const (
	qualificationSeedDomain   = "ain/qualify-seed/v1"
	qualificationDigestDomain = "ain/qualify/v1"
	operatorConsentDomain     = "ain/operator/v1"
)

const digestPrefix = "sha256:"

// QualificationSeed is the seed of an applicant's qualification input for a role:
// the sha256 of domain, chain, job, applicant, role and the application's nonce.
func QualificationSeed(chainID string, jobID uint64, applicant sdk.AccAddress, role program.Role, nonce []byte) [32]byte {
	return sha256.Sum256(join(qualificationSeedDomain,
		[]byte(chainID), number(jobID), applicant, number(uint64(role)), nonce))
}

// QualificationDigest binds a result on the qualification input to its job and
// applicant, so that nobody can use another's: "sha256:<hex>".
func QualificationDigest(chainID string, jobID uint64, applicant sdk.AccAddress, role program.Role, nonce, result []byte) string {
	sum := sha256.Sum256(join(qualificationDigestDomain,
		[]byte(chainID), number(jobID), applicant, number(uint64(role)), nonce, result))
	return digestPrefix + hex.EncodeToString(sum[:])
}

// OperatorConsent is what an operator signs to serve an owner.
func OperatorConsent(chainID string, owner, operator sdk.AccAddress) []byte {
	return join(operatorConsentDomain, []byte(chainID), owner, operator)
}

// join puts every part behind its length as 8 bytes, big endian, so that no two
// lists of parts give the same bytes.
func join(domain string, parts ...[]byte) []byte {
	joined := binary.BigEndian.AppendUint64(nil, uint64(len(domain)))
	joined = append(joined, domain...)
	for _, part := range parts {
		joined = binary.BigEndian.AppendUint64(joined, uint64(len(part)))
		joined = append(joined, part...)
	}
	return joined
}

func number(n uint64) []byte {
	return binary.BigEndian.AppendUint64(nil, n)
}

// validateDigest checks the form "sha256:<64 lower-case hex>".
func validateDigest(digest string) error {
	text, ok := strings.CutPrefix(digest, digestPrefix)
	if !ok || len(text) != 2*sha256.Size || strings.ToLower(text) != text {
		return fmt.Errorf("%q is not %s and 64 lower-case hex digits", digest, digestPrefix)
	}
	if _, err := hex.DecodeString(text); err != nil {
		return fmt.Errorf("%q is not hex", digest)
	}
	return nil
}
