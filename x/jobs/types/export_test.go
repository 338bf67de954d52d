package types

// ValidateSpaces checks one part of a genesis state.
func ValidateSpaces(g GenesisState) error { return g.validateSpaces() }
