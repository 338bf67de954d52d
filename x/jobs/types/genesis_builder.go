package types

import "fmt"

// validateBuilders checks that builders are accounts, each once.
func (g GenesisState) validateBuilders() error {
	seen := map[string]bool{}
	for _, builder := range g.Builders {
		address, err := ParseAddress("builder", builder.Address)
		if err != nil {
			return fmt.Errorf("genesis: %w", err)
		}
		if address.String() != builder.Address || seen[builder.Address] {
			return fmt.Errorf("genesis: builder %s: twice, or not in lower case", builder.Address)
		}
		if builder.Name == "" {
			return fmt.Errorf("genesis: builder %s: no name", builder.Address)
		}
		seen[builder.Address] = true
	}
	return nil
}
