package types

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved by the SDK.
var (
	// ErrInvalidAddress: a field does not hold an address of this chain.
	ErrInvalidAddress = errors.Register(ModuleName, 2, "invalid address")
	// ErrUnknownMessage: the chain has no message of that type.
	ErrUnknownMessage = errors.Register(ModuleName, 3, "unknown message")
	// ErrNotStoppable: the message finishes or governs, and no rule may stop it.
	ErrNotStoppable = errors.Register(ModuleName, 4, "message cannot be stopped")
	// ErrInvalidRule: access and accounts of a rule do not fit.
	ErrInvalidRule = errors.Register(ModuleName, 5, "invalid rule")
	// ErrWrongSigner: the account may not change that rule.
	ErrWrongSigner = errors.Register(ModuleName, 6, "wrong signer")
	// ErrNotAllowed: a rule keeps the account from sending the message.
	ErrNotAllowed = errors.Register(ModuleName, 7, "not allowed")
	// ErrInvalidGenesis: the genesis state contradicts itself.
	ErrInvalidGenesis = errors.Register(ModuleName, 8, "invalid genesis state")
)
