package types

import (
	"slices"

	"github.com/ain-network/aind/program"
)

const (
	minNonceBytes = 16
	maxNonceBytes = 32
)

// validateQualifications wants a nonce and exactly one proof for each role asked but
// admin: what an admin is for, nobody can compute.
func validateQualifications(roles []program.Role, nonce []byte, qualifications []Qualification) error {
	tested := len(roles)
	if slices.Contains(roles, program.ROLE_ADMIN) {
		tested--
	}
	if n := len(nonce); n > maxNonceBytes || n < minNonceBytes && (tested > 0 || n > 0) {
		return ErrInvalidQualification.Wrapf("nonce: %d bytes, not %d to %d", n, minNonceBytes, maxNonceBytes)
	}
	if len(qualifications) != tested {
		return ErrInvalidQualification.Wrapf("qualifications: %d for %d roles; give one for each but admin", len(qualifications), len(roles))
	}
	for i, q := range qualifications {
		if q.Role == program.ROLE_ADMIN {
			return ErrInvalidQualification.Wrapf("qualifications[%d].role: an admin is not tested; leave it out", i)
		}
		if !slices.Contains(roles, q.Role) {
			return ErrInvalidQualification.Wrapf("qualifications[%d].role: %s is not asked for", i, q.Role)
		}
		if slices.ContainsFunc(qualifications[:i], func(other Qualification) bool { return other.Role == q.Role }) {
			return ErrInvalidQualification.Wrapf("qualifications[%d].role: %s appears twice", i, q.Role)
		}
		if err := validateDigest(q.Digest); err != nil {
			return ErrInvalidQualification.Wrapf("qualifications[%d].digest: %v", i, err)
		}
	}
	return nil
}

// HasExpired says that nobody decided in time. In time is before expires_ms.
func (a Application) HasExpired(nowMs int64) bool { return nowMs >= a.ExpiresMs }
