package types

import (
	"slices"

	"github.com/ain-network/aind/program"
)

const (
	minNonceBytes = 16
	maxNonceBytes = 32
)

// validateAskedRoles refuses what an application cannot ask for in this version.
func validateAskedRoles(roles []program.Role) error {
	if err := ValidateRoles("roles", roles); err != nil {
		return err
	}
	if slices.Contains(roles, program.ROLE_ADMIN) {
		return ErrNotEnabled.Wrap("roles: only the root is admin; ask for evaluator or worker")
	}
	return nil
}

// validateQualifications wants a nonce and exactly one proof for each role asked.
func validateQualifications(roles []program.Role, nonce []byte, qualifications []Qualification) error {
	if n := len(nonce); n < minNonceBytes || n > maxNonceBytes {
		return ErrInvalidQualification.Wrapf("nonce: %d bytes, not %d to %d", n, minNonceBytes, maxNonceBytes)
	}
	if len(qualifications) != len(roles) {
		return ErrInvalidQualification.Wrapf("qualifications: %d for %d roles; give one for each", len(qualifications), len(roles))
	}
	for i, q := range qualifications {
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
