package types

// DefaultGenesis is an escrow that holds nothing.
func DefaultGenesis() *GenesisState {
	return &GenesisState{NextHoldId: FirstHoldID}
}

// Validate checks what can be checked without the bank's balances.
func (g GenesisState) Validate() error {
	owners := make(map[string]struct{}, len(g.Accounts))
	for i, account := range g.Accounts {
		if err := account.Validate(); err != nil {
			return ErrInvalidGenesis.Wrapf("accounts[%d]: %v", i, err)
		}
		if _, ok := owners[account.Owner]; ok {
			return ErrInvalidGenesis.Wrapf("accounts[%d].owner: %s appears twice", i, account.Owner)
		}
		owners[account.Owner] = struct{}{}
	}
	return g.validateHolds()
}

func (g GenesisState) validateHolds() error {
	if g.NextHoldId < FirstHoldID {
		return ErrInvalidGenesis.Wrapf("next_hold_id: %d; ids start at %d", g.NextHoldId, FirstHoldID)
	}
	ids := make(map[uint64]struct{}, len(g.Holds))
	for i, hold := range g.Holds {
		if hold.Id < FirstHoldID || hold.Id >= g.NextHoldId {
			return ErrInvalidGenesis.Wrapf("holds[%d].id: %d is not between %d and next_hold_id %d", i, hold.Id, FirstHoldID, g.NextHoldId)
		}
		if _, ok := ids[hold.Id]; ok {
			return ErrInvalidGenesis.Wrapf("holds[%d].id: %d appears twice", i, hold.Id)
		}
		ids[hold.Id] = struct{}{}
		if err := ValidateAmount("balance", hold.Balance); err != nil {
			return ErrInvalidGenesis.Wrapf("holds[%d]: %v", i, err)
		}
	}
	return nil
}
