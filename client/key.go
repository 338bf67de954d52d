package client

import (
	"github.com/cosmos/cosmos-sdk/crypto/keys/secp256k1"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Key signs for one account. It is held in memory.
type Key interface {
	Address() sdk.AccAddress
	PubKey() cryptotypes.PubKey
	// Sign signs the sha256 digest of message.
	Sign(message []byte) ([]byte, error)
}

// memoryKey is a private key with what derives from it.
type memoryKey struct {
	private cryptotypes.PrivKey
	public  cryptotypes.PubKey
	address sdk.AccAddress
}

var _ Key = memoryKey{}

// NewKey is the key of a private key that the caller holds.
func NewKey(private cryptotypes.PrivKey) Key {
	public := private.PubKey()
	return memoryKey{private: private, public: public, address: sdk.AccAddress(public.Address())}
}

// GenerateKey is a fresh secp256k1 key that is kept nowhere else.
func GenerateKey() Key { return NewKey(secp256k1.GenPrivKey()) }

func (k memoryKey) Address() sdk.AccAddress             { return k.address }
func (k memoryKey) PubKey() cryptotypes.PubKey          { return k.public }
func (k memoryKey) Sign(message []byte) ([]byte, error) { return k.private.Sign(message) }

// String shows the address, so that a key in a log line gives nothing away.
func (k memoryKey) String() string { return k.address.String() }

// GoString is String: %#v must not print the private key either.
func (k memoryKey) GoString() string { return k.address.String() }
