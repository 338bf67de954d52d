package console

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"

	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// noOperator removes the operator.
const noOperator = "none"

func newSetOperator(s *Session) *cobra.Command {
	var owner string
	cmd := &cobra.Command{
		Use:   "setOperator [CONSENT | none]",
		Short: "Name the key that a daemon signs with for you",
		Long: `Name an operator: a hot key that signs for you and reaches your stake, and nothing beyond it.
The operator has to agree: on its machine, --consent-for prints a consent for your address,
which you give to this command where your own key is. "none" removes the operator.`,
		Example: "  aind setOperator --consent-for ain1… --from worker\n  aind setOperator A7x… --from owner\n  aind setOperator none --from owner",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case owner != "" && len(args) == 0:
				return s.consent(cmd.Context(), owner)
			case owner == "" && len(args) == 1:
				return s.setOperator(cmd.Context(), args[0])
			}
			return badInputf("setOperator: give a consent, none, or --consent-for with the owner's address")
		},
	}
	cmd.Flags().StringVar(&owner, "consent-for", "", "print this key's consent to serve the owner of an address")
	return cmd
}

// consent prints what the operator's key signed for an owner: its public key and the signature.
func (s *Session) consent(ctx context.Context, to string) error {
	owner, err := s.address("consent-for", to)
	if err != nil {
		return err
	}
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	signature, err := key.Sign(reputationtypes.OperatorConsent(connected.ChainID(), owner, key.Address()))
	if err != nil {
		return fmt.Errorf("sign the consent: %w", err)
	}
	word := base64.RawURLEncoding.EncodeToString(append(key.PubKey().Bytes(), signature...))
	return s.print(struct {
		Consent  string `json:"consent"`
		Operator string `json:"operator"`
		Owner    string `json:"owner"`
	}{word, key.Address().String(), owner.String()}, word)
}

// setOperator names the operator that gave its consent, or none. An operator that the chain does not know yet gets an
// account: without one it could sign nothing.
func (s *Session) setOperator(ctx context.Context, word string) error {
	connected, key, err := s.chainAndKey(ctx)
	if err != nil {
		return err
	}
	msg := &reputationtypes.MsgSetOperator{Owner: key.Address().String()}
	said := fmt.Sprintf("%s has no operator.", msg.Owner)
	if word != noOperator {
		if err := readConsent(connected.ChainID(), key.Address(), word, msg); err != nil {
			return err
		}
		said = fmt.Sprintf("%s signs for %s.", msg.Operator, msg.Owner)
	}
	if _, err := connected.Do(ctx, key, msg); err != nil {
		return err
	}
	if msg.Operator != "" {
		if err := connected.OpenAccount(ctx, key, sdk.MustAccAddressFromBech32(msg.Operator)); err != nil {
			return err
		}
	}
	return s.print(struct {
		Owner    string `json:"owner"`
		Operator string `json:"operator"`
	}{msg.Owner, msg.Operator}, said)
}

// readConsent puts a consent into the message, if it is one for this owner on this chain.
func readConsent(chainID string, owner sdk.AccAddress, word string, msg *reputationtypes.MsgSetOperator) error {
	content, err := base64.RawURLEncoding.DecodeString(word)
	if err != nil || len(content) <= secp256k1.PubKeySize {
		return badInputf("consent: %q is not what `aind setOperator --consent-for %s` prints on the operator's machine", word, owner)
	}
	msg.OperatorPublicKey, msg.OperatorSignature = content[:secp256k1.PubKeySize], content[secp256k1.PubKeySize:]
	operator := sdk.AccAddress((&secp256k1.PubKey{Key: msg.OperatorPublicKey}).Address())
	msg.Operator = operator.String()
	if err := reputationtypes.VerifyOperatorConsent(chainID, owner, operator, msg.OperatorPublicKey, msg.OperatorSignature); err != nil {
		return badInputf("consent: it is not for owner %s on chain %s: have the operator print one with --consent-for %s", owner, chainID, owner)
	}
	return nil
}
