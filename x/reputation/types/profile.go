package types

import (
	"filippo.io/age"

	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// IsEmpty says that the profile states nothing, so that it need not be kept.
func (p Profile) IsEmpty() bool { return p.Operator == "" && p.EncryptionKey == "" }

// ValidateEncryptionKey checks an age X25519 recipient. Empty is allowed: no key.
func ValidateEncryptionKey(key string) error {
	if key == "" {
		return nil
	}
	recipient, err := age.ParseX25519Recipient(key)
	if err != nil {
		return ErrInvalidEncryptionKey.Wrapf("encryption_key: %.100q is no X25519 recipient; give the public key, age1…", key)
	}
	if recipient.String() != key {
		return ErrInvalidEncryptionKey.Wrapf("encryption_key: %q is not written as %q", key, recipient)
	}
	return nil
}

// VerifyOperatorConsent returns ErrConsent unless publicKey is the operator's and
// signature is its signature of OperatorConsent.
func VerifyOperatorConsent(chainID string, owner, operator sdk.AccAddress, publicKey, signature []byte) error {
	if len(publicKey) != secp256k1.PubKeySize {
		return ErrConsent.Wrapf("operator_public_key: %d bytes; give the compressed secp256k1 key of %d", len(publicKey), secp256k1.PubKeySize)
	}
	key := secp256k1.PubKey{Key: publicKey}
	if address := sdk.AccAddress(key.Address()); !address.Equals(operator) {
		return ErrConsent.Wrapf("operator_public_key: belongs to %s, not to operator %s", address, operator)
	}
	if !key.VerifySignature(OperatorConsent(chainID, owner, operator), signature) {
		return ErrConsent.Wrapf("operator_signature: not operator %s's over its consent to serve %s on %s", operator, owner, chainID)
	}
	return nil
}
