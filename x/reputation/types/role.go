package types

import (
	"slices"

	"github.com/ain-network/aind/program"
)

// ValidateRoles checks a set of roles: not empty, known, none twice.
func ValidateRoles(field string, roles []program.Role) error {
	if len(roles) == 0 {
		return ErrInvalidRoles.Wrapf("%s: empty; name at least one role", field)
	}
	for i, role := range roles {
		if err := validateRole(field, role); err != nil {
			return err
		}
		if slices.Contains(roles[:i], role) {
			return ErrInvalidRoles.Wrapf("%s: %s appears twice", field, role)
		}
	}
	return nil
}

func validateRole(field string, role program.Role) error {
	switch role {
	case program.ROLE_ADMIN, program.ROLE_EVALUATOR, program.ROLE_WORKER:
		return nil
	}
	return ErrInvalidRoles.Wrapf("%s: %d is no role; name admin, evaluator or worker", field, role)
}

// MergeRoles returns the union of both sets in the order of their numbers.
func MergeRoles(held, asked []program.Role) []program.Role {
	merged := append(slices.Clone(held), asked...)
	slices.Sort(merged)
	return slices.Compact(merged)
}
