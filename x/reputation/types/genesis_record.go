package types

import (
	"fmt"
	"slices"
)

func (g GenesisState) validateApplications() error {
	if g.NextApplicationId < FirstApplicationID {
		return fmt.Errorf("next_application_id: %d; ids start at %d", g.NextApplicationId, FirstApplicationID)
	}
	jobs := make(map[uint64]struct{}, len(g.Trees))
	for _, tree := range g.Trees {
		jobs[tree.JobId] = struct{}{}
	}
	ids := make(map[uint64]struct{}, len(g.Applications))
	places := make(map[place]struct{}, len(g.Applications))
	for _, a := range g.Applications {
		if a.Id < FirstApplicationID || a.Id >= g.NextApplicationId {
			return fmt.Errorf("id %d is not between %d and next_application_id %d", a.Id, FirstApplicationID, g.NextApplicationId)
		}
		if _, ok := ids[a.Id]; ok {
			return fmt.Errorf("id %d appears twice", a.Id)
		}
		if _, ok := jobs[a.JobId]; !ok {
			return fmt.Errorf("application %d: job %#x has no tree", a.Id, a.JobId)
		}
		at := place{a.JobId, a.Applicant}
		if _, ok := places[at]; ok {
			return fmt.Errorf("application %d: %s has another one for job %#x", a.Id, a.Applicant, a.JobId)
		}
		if err := a.validate(); err != nil {
			return fmt.Errorf("application %d: %w", a.Id, err)
		}
		ids[a.Id], places[at] = struct{}{}, struct{}{}
	}
	return nil
}

func (a Application) validate() error {
	if _, err := ParseAddress("applicant", a.Applicant); err != nil {
		return err
	}
	if _, err := ParseAddress("admin", a.Admin); err != nil {
		return err
	}
	if err := ValidateRoles("roles", a.Roles); err != nil {
		return err
	}
	if !slices.IsSorted(a.Roles) {
		return fmt.Errorf("roles: %v are not in the order of their numbers", a.Roles)
	}
	if err := ValidateEncryptionKey(a.EncryptionKey); err != nil {
		return err
	}
	if err := validateQualifications(a.Roles, a.Nonce, a.Qualifications); err != nil {
		return err
	}
	return ValidateCapability(a.Capability, widest())
}

func (g GenesisState) validateLastSeen() error {
	owners := make(map[string]struct{}, len(g.LastSeen))
	for _, seen := range g.LastSeen {
		if _, err := ParseAddress("owner", seen.Owner); err != nil {
			return err
		}
		if _, ok := owners[seen.Owner]; ok {
			return fmt.Errorf("%s appears twice", seen.Owner)
		}
		owners[seen.Owner] = struct{}{}
	}
	return nil
}

func (g GenesisState) validateApprovals() error {
	admins := make(map[string]struct{}, len(g.Approvals))
	for _, approvals := range g.Approvals {
		if _, err := ParseAddress("admin", approvals.Admin); err != nil {
			return err
		}
		if _, ok := admins[approvals.Admin]; ok {
			return fmt.Errorf("%s appears twice", approvals.Admin)
		}
		admins[approvals.Admin] = struct{}{}
	}
	return nil
}
