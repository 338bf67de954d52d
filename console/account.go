package console

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func newAssignAddress(s *Session) *cobra.Command {
	return &cobra.Command{
		Use:   "assignAddress NAME",
		Short: "Make a key, and with it an address",
		Long: `Make a key in the keyring of --home, and with it an address. The words that restore the
key are shown this once. The address has no account on the chain until somebody sends it
a coin, or invites it.`,
		Example: "  aind assignAddress alice",
		Args:    cobra.ExactArgs(1),
		RunE:    runs(s.assignAddress),
	}
}

type addressOutput struct {
	Name     string `json:"name"`
	Address  string `json:"address"`
	Mnemonic string `json:"mnemonic"`
}

func (s *Session) assignAddress(_ context.Context, args []string) error {
	ring, err := s.keyring()
	if err != nil {
		return err
	}
	key, words, err := ring.Create(args[0])
	if err != nil {
		return badInputf("name: %w", err)
	}
	address := key.Address().String()
	s.progress("Write these words down: they alone restore the key, and are not shown again.\n\n  %s\n", words)
	return s.print(addressOutput{Name: args[0], Address: address, Mnemonic: words}, fmt.Sprintf("Address of %s is %s.", args[0], address))
}
