package types

import (
	"fmt"
	"slices"
)

// DefaultGenesis is a chain without providers and spaces.
func DefaultGenesis() *GenesisState {
	return &GenesisState{Params: DefaultParams(), NextSpaceId: FirstSpaceID}
}

// Validate checks the state on its own: nothing appears twice, and what providers have reserved is the sum of their
// spaces. What the holds have is checked when the state is imported.
func (g GenesisState) Validate() error {
	if err := g.Params.Validate(); err != nil {
		return ErrInvalidGenesis.Wrapf("params: %v", err)
	}
	reserved, err := g.validateSpaces()
	if err != nil {
		return ErrInvalidGenesis.Wrapf("spaces: %v", err)
	}
	if err := g.validateProviders(reserved); err != nil {
		return ErrInvalidGenesis.Wrapf("providers: %v", err)
	}
	return nil
}

// validateSpaces returns what every provider has reserved in all.
func (g GenesisState) validateSpaces() (map[string]uint64, error) {
	if g.NextSpaceId < FirstSpaceID {
		return nil, fmt.Errorf("next_space_id: %d; ids start at %d", g.NextSpaceId, FirstSpaceID)
	}
	reserved := make(map[string]uint64)
	ids := make(map[uint64]struct{}, len(g.Spaces))
	holds := make(map[uint64]struct{}, len(g.Spaces))
	for _, s := range g.Spaces {
		if _, ok := ids[s.Id]; ok || s.Id < FirstSpaceID || s.Id >= g.NextSpaceId {
			return nil, fmt.Errorf("space %d appears twice, or is not between %d and next_space_id %d", s.Id, FirstSpaceID, g.NextSpaceId)
		}
		ids[s.Id] = struct{}{}
		if _, ok := holds[s.HoldId]; ok && s.HoldId != 0 {
			return nil, fmt.Errorf("space %d: hold_id %d is that of another space", s.Id, s.HoldId)
		}
		holds[s.HoldId] = struct{}{}
		if err := s.validate(); err != nil {
			return nil, fmt.Errorf("space %d: %w", s.Id, err)
		}
		reserved[s.Provider] += s.SizeBytes // both at most mostBytes, which validateProviders sees to
		if reserved[s.Provider] > mostBytes {
			return nil, fmt.Errorf("space %d: provider %s has more than %d bytes reserved", s.Id, s.Provider, uint64(mostBytes))
		}
	}
	return reserved, nil
}

func (s Space) validate() error {
	if _, err := ParseAddress("owner", s.Owner); err != nil {
		return err
	}
	if _, err := ParseAddress("provider", s.Provider); err != nil {
		return err
	}
	if s.SizeBytes == 0 || s.SizeBytes > mostBytes {
		return fmt.Errorf("size_bytes: %d is not between 1 and %d", s.SizeBytes, uint64(mostBytes))
	}
	if s.ReservedMs < 0 || s.ExpiresMs < s.ReservedMs || s.KeepUntilMs < 0 || s.DueMs < 0 {
		return fmt.Errorf("times: reserved_ms %d, expires_ms %d, keep_until_ms %d, due_ms %d contradict each other",
			s.ReservedMs, s.ExpiresMs, s.KeepUntilMs, s.DueMs)
	}
	wide := Params{MaxRuleAccounts: 1000} // the params may have had other limits when the rules were set
	for i, rule := range []AccessRule{s.Read, s.Write} {
		if err := rule.Validate([]string{"read", "write"}[i], i == 1, wide); err != nil {
			return err
		}
		if !rule.Equal(rule.Normal()) {
			return fmt.Errorf("%s: is not as rules are kept; say its kind and sort its accounts", []string{"read", "write"}[i])
		}
	}
	return s.validateRest()
}

func (s Space) validateRest() error {
	if s.Folder.Version == 0 {
		if s.Folder != (Folder{}) {
			return fmt.Errorf("folder: has content, but version 0")
		}
	} else if err := ValidateDigest("folder.digest", s.Folder.Digest); err != nil {
		return err
	}
	if (s.HoldId == 0) != (len(s.Terms) == 0) {
		return fmt.Errorf("hold_id: %d with %d terms; a space has both until it expires", s.HoldId, len(s.Terms))
	}
	from := int64(0)
	for i, t := range s.Terms {
		if t.FromMs < 0 || t.UntilMs <= t.FromMs || i > 0 && t.FromMs != from {
			return fmt.Errorf("terms[%d]: from_ms %d, until_ms %d; terms follow each other", i, t.FromMs, t.UntilMs)
		}
		from = t.UntilMs
		if t.Paid.IsNil() || t.Paid.IsNegative() || t.Paid.GT(t.Earned(s.SizeBytes, t.UntilMs)) {
			return fmt.Errorf("terms[%d].paid: %s is not between 0 and its worth", i, t.Paid)
		}
	}
	if len(s.Terms) > 0 && from != s.ExpiresMs {
		return fmt.Errorf("terms end at %d, the space at expires_ms %d", from, s.ExpiresMs)
	}
	return nil
}

func (g GenesisState) validateProviders(reserved map[string]uint64) error {
	owners := make(map[string]struct{}, len(g.Providers))
	for _, p := range g.Providers {
		if _, err := ParseAddress("owner", p.Owner); err != nil {
			return err
		}
		if _, ok := owners[p.Owner]; ok {
			return fmt.Errorf("%s appears twice", p.Owner)
		}
		owners[p.Owner] = struct{}{}
		if err := ValidateEndpoint(p.Endpoint, Params{MaxEndpointBytes: 1024}); err != nil {
			return fmt.Errorf("%s: %w", p.Owner, err)
		}
		if p.ReservedBytes != reserved[p.Owner] {
			return fmt.Errorf("%s: reserved_bytes %d, its spaces have %d", p.Owner, p.ReservedBytes, reserved[p.Owner])
		}
		if p.CapacityBytes < p.ReservedBytes || p.CapacityBytes > mostBytes {
			return fmt.Errorf("%s: capacity_bytes %d is not between reserved_bytes %d and %d", p.Owner, p.CapacityBytes, p.ReservedBytes, uint64(mostBytes))
		}
	}
	i := slices.IndexFunc(g.Spaces, func(s Space) bool { _, ok := owners[s.Provider]; return !ok })
	if i >= 0 {
		return fmt.Errorf("%s, of space %d, is not among them", g.Spaces[i].Provider, g.Spaces[i].Id)
	}
	return nil
}
