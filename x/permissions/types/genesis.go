package types

// DefaultGenesis has no rules: everybody may send everything.
func DefaultGenesis() *GenesisState { return &GenesisState{} }

// Validate checks every rule by itself, and that there is one about a message at most.
func (g GenesisState) Validate() error {
	seen := make(map[string]struct{}, len(g.Rules))
	for i, rule := range g.Rules {
		if err := rule.Validate(); err != nil {
			return ErrInvalidGenesis.Wrapf("rules[%d]: %v", i, err)
		}
		if _, ok := seen[rule.TypeUrl]; ok {
			return ErrInvalidGenesis.Wrapf("rules[%d].type_url: %s appears twice", i, rule.TypeUrl)
		}
		seen[rule.TypeUrl] = struct{}{}
	}
	return nil
}

// Allow adds an account to the list of those that may send a message. A rule that lets everybody stays as it is.
func (g *GenesisState) Allow(typeURL, account string) {
	for i := range g.Rules {
		rule := &g.Rules[i]
		if rule.TypeUrl != typeURL || rule.Access == ACCESS_EVERYBODY {
			continue
		}
		rule.Access = ACCESS_LISTED
		rule.Accounts = append(rule.Accounts, account)
	}
}
