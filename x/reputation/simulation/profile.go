package simulation

import (
	"crypto/ecdh"
	"crypto/sha256"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/bech32"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/reputation/types"
)

// setOperator names an account that is nobody's operator and no node, takes an operator's office away, or tries with a
// consent that is another's.
func setOperator(v *view) (*types.MsgSetOperator, error) {
	owner := *simulation.Pick(v.Draw, v.owners())
	profile := v.profile(owner)
	if !v.Sign(owner) {
		return nil, nil
	}
	if profile.Operator != "" && v.Bool() {
		return &types.MsgSetOperator{Owner: owner}, nil
	}
	free := simulation.Filter(v.owners(), func(a string) bool {
		return a != owner && v.profile(a).Operator == "" && !v.isMember(a) && !v.hasApplied(a)
	})
	operator := simulation.Pick(v.Draw, free)
	if operator == nil || len(v.state.Profiles) > len(v.Accounts())/4 {
		return nil, nil
	}
	msg := &types.MsgSetOperator{Owner: owner, Operator: *operator}
	consents := *operator
	if v.Often(20) {
		consents = owner
		v.Expect(types.ErrConsent)
	}
	return msg, v.consent(msg, consents)
}

// consent signs for the operator with the key of an account.
func (v *view) consent(msg *types.MsgSetOperator, account string) error {
	owner, err := sdk.AccAddressFromBech32(msg.Owner)
	if err != nil {
		return err
	}
	operator, err := sdk.AccAddressFromBech32(msg.Operator)
	if err != nil {
		return err
	}
	key := v.Account(account).PrivKey
	msg.OperatorPublicKey = key.PubKey().Bytes()
	msg.OperatorSignature, err = key.Sign(types.OperatorConsent(v.ctx.ChainID(), owner, operator))
	return err
}

func (v *view) profile(owner string) types.Profile {
	for _, p := range v.state.Profiles {
		if p.Owner == owner {
			return p
		}
	}
	return types.Profile{}
}

func (v *view) hasApplied(account string) bool {
	for _, a := range v.state.Applications {
		if a.Applicant == account {
			return true
		}
	}
	return false
}

// setEncryptionKey states a new key, none, or what is no key.
func setEncryptionKey(v *view) (*types.MsgSetEncryptionKey, error) {
	owner := *simulation.Pick(v.Draw, v.owners())
	msg := &types.MsgSetEncryptionKey{Signer: v.sign(owner)}
	switch {
	case v.Often(20):
	case v.Often(10):
		msg.EncryptionKey = "age1nothing"
		v.Expect(types.ErrInvalidEncryptionKey)
	default:
		recipient, err := ageRecipient([]byte(v.StringN(16)))
		if err != nil {
			return nil, err
		}
		msg.EncryptionKey = recipient
	}
	return msg, nil
}

// ageRecipient is the recipient whose secret key is the seed's digest.
func ageRecipient(seed []byte) (string, error) {
	secret := sha256.Sum256(seed)
	key, err := ecdh.X25519().NewPrivateKey(secret[:])
	if err != nil {
		return "", err
	}
	return bech32.ConvertAndEncode("age", key.PublicKey().Bytes())
}
