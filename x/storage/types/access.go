package types

import (
	"bytes"
	"slices"
)

// Validate checks a rule of the named field. Who may write is somebody one can name: everybody's or participants'
// writing would fill what the owner pays for.
func (r AccessRule) Validate(field string, writes bool, p Params) error {
	switch r.Kind {
	case ACCESS_KIND_UNSPECIFIED, ACCESS_KIND_OWNER, ACCESS_KIND_JOB, ACCESS_KIND_LISTED:
	case ACCESS_KIND_EVERYBODY, ACCESS_KIND_PARTICIPANTS:
		if writes {
			return ErrInvalid.Wrapf("%s.kind: %s; only the owner, a job's nodes or listed accounts write", field, r.Kind)
		}
	default:
		return ErrInvalid.Wrapf("%s.kind: %d is no kind of access", field, r.Kind)
	}
	if (r.Kind == ACCESS_KIND_JOB) != (r.JobId != 0) {
		return ErrInvalid.Wrapf("%s.job_id: %#x with %s; give a job with %s and with nothing else", field, r.JobId, r.Kind, ACCESS_KIND_JOB)
	}
	if (r.Kind == ACCESS_KIND_LISTED) != (len(r.Accounts) > 0) {
		return ErrInvalid.Wrapf("%s.accounts: %d with %s; give accounts with %s and with nothing else", field, len(r.Accounts), r.Kind, ACCESS_KIND_LISTED)
	}
	return r.validateAccounts(field, p)
}

func (r AccessRule) validateAccounts(field string, p Params) error {
	if len(r.Accounts) > int(p.MaxRuleAccounts) {
		return ErrLimit.Wrapf("%s.accounts: %d of at most %d", field, len(r.Accounts), p.MaxRuleAccounts)
	}
	seen := make(map[string]struct{}, len(r.Accounts))
	for _, account := range r.Accounts {
		address, err := ParseAddress(field+".accounts", account)
		if err != nil {
			return err
		}
		if _, ok := seen[string(address)]; ok {
			return ErrInvalid.Wrapf("%s.accounts: %s appears twice", field, address)
		}
		seen[string(address)] = struct{}{}
	}
	return nil
}

// Normal is the rule as it is kept: the kind is said, and the list is sorted. The rule must be valid.
func (r AccessRule) Normal() AccessRule {
	if r.Kind == ACCESS_KIND_UNSPECIFIED {
		r.Kind = ACCESS_KIND_OWNER
	}
	sorted := make([][]byte, len(r.Accounts))
	for i, account := range r.Accounts {
		address, err := ParseAddress("accounts", account)
		if err != nil {
			return r
		}
		sorted[i] = address
	}
	slices.SortFunc(sorted, bytes.Compare)
	r.Accounts = nil
	for _, address := range sorted {
		r.Accounts = append(r.Accounts, formatAddress(address))
	}
	return r
}

// ReadByParticipants says that who takes part in a request of a job may read what the request names.
func (r AccessRule) ReadByParticipants(jobID uint64) bool {
	switch r.Kind {
	case ACCESS_KIND_EVERYBODY, ACCESS_KIND_PARTICIPANTS:
		return true
	case ACCESS_KIND_JOB:
		return r.JobId == jobID
	default:
		return false
	}
}
