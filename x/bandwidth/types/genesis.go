package types

import (
	"fmt"

	"cosmossdk.io/math"
)

// DefaultGenesis is a chain on which nobody has used anything.
func DefaultGenesis() *GenesisState { return &GenesisState{Params: DefaultParams()} }

// NewAccount returns an owner's record before anything was used.
func NewAccount(owner string) Account { return Account{Owner: owner, Allocated: math.ZeroInt()} }

// Validate checks the state on its own: nothing appears twice, and what owners have
// allocated is the sum of their jobs' allocations.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return ErrInvalidGenesis.Wrapf("params: %v", err)
	}
	allocated, err := g.validateAllocations()
	if err != nil {
		return ErrInvalidGenesis.Wrapf("allocations: %v", err)
	}
	if err := g.validateAccounts(allocated); err != nil {
		return ErrInvalidGenesis.Wrapf("accounts: %v", err)
	}
	if err := g.validateShares(); err != nil {
		return ErrInvalidGenesis.Wrapf("shares: %v", err)
	}
	return nil
}

// validateAllocations returns what every root has allocated in all.
func (g GenesisState) validateAllocations() (map[string]math.Int, error) {
	jobs := make(map[uint64]struct{}, len(g.Allocations))
	allocated := make(map[string]math.Int, len(g.Allocations))
	for _, a := range g.Allocations {
		if _, ok := jobs[a.JobId]; ok || a.JobId == 0 {
			return nil, fmt.Errorf("job %#x appears twice, or is no job", a.JobId)
		}
		jobs[a.JobId] = struct{}{}
		if _, err := ParseAddress("root", a.Root); err != nil {
			return nil, err
		}
		if err := ValidateAmount("amount", a.Amount); err != nil {
			return nil, fmt.Errorf("job %#x: %w", a.JobId, err)
		}
		for _, meter := range []Meter{a.Meter, a.Applicants} {
			if err := meter.validate(); err != nil {
				return nil, fmt.Errorf("job %#x: %w", a.JobId, err)
			}
		}
		sum, ok := allocated[a.Root]
		if !ok {
			sum = math.ZeroInt()
		}
		total, err := sum.SafeAdd(a.Amount)
		if err != nil {
			return nil, fmt.Errorf("job %#x: its amount and those of the other jobs of %s are more coins than there can be: %w", a.JobId, a.Root, err)
		}
		allocated[a.Root] = total
	}
	return allocated, nil
}

func (g GenesisState) validateAccounts(allocated map[string]math.Int) error {
	owners := make(map[string]struct{}, len(g.Accounts))
	for _, a := range g.Accounts {
		if _, err := ParseAddress("owner", a.Owner); err != nil {
			return err
		}
		if _, ok := owners[a.Owner]; ok {
			return fmt.Errorf("%s appears twice", a.Owner)
		}
		owners[a.Owner] = struct{}{}
		if err := ValidateAmount("allocated", a.Allocated); err != nil {
			return fmt.Errorf("%s: %w", a.Owner, err)
		}
		if err := a.Meter.validate(); err != nil {
			return fmt.Errorf("%s: %w", a.Owner, err)
		}
		sum, ok := allocated[a.Owner]
		if !ok {
			sum = math.ZeroInt()
		}
		if !a.Allocated.Equal(sum) {
			return fmt.Errorf("%s: allocated %s, its jobs have %s", a.Owner, a.Allocated, sum)
		}
	}
	for _, a := range g.Allocations {
		if _, ok := owners[a.Root]; !ok && a.Amount.IsPositive() {
			return fmt.Errorf("%s, root of job %#x, is not among them", a.Root, a.JobId)
		}
	}
	return nil
}

func (g GenesisState) validateShares() error {
	type place struct {
		job     uint64
		account string
	}
	places := make(map[place]struct{}, len(g.Shares))
	for _, s := range g.Shares {
		if _, err := ParseAddress("account", s.Account); err != nil {
			return err
		}
		at := place{s.JobId, s.Account}
		if _, ok := places[at]; ok || s.JobId == 0 {
			return fmt.Errorf("%s of job %#x appears twice, or it is no job", s.Account, s.JobId)
		}
		places[at] = struct{}{}
		if err := s.Meter.validate(); err != nil {
			return fmt.Errorf("%s of job %#x: %w", s.Account, s.JobId, err)
		}
	}
	return nil
}

func (m Meter) validate() error {
	for _, room := range []Room{m.Used, m.Full} {
		if room.Bytes > MaxRoom || room.Gas > MaxRoom {
			return fmt.Errorf("meter: %d bytes, %d gas; at most %d of each", room.Bytes, room.Gas, MaxRoom)
		}
	}
	if m.AtMs < 0 {
		return fmt.Errorf("meter: at_ms %d is negative", m.AtMs)
	}
	return nil
}
