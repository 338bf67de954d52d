package types

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved by the SDK.
var (
	// ErrInvalidAmount: an amount is missing or negative.
	ErrInvalidAmount = errors.Register(ModuleName, 2, "invalid amount")
	// ErrInsufficientStake: the owner has set aside less than is to be locked.
	ErrInsufficientStake = errors.Register(ModuleName, 3, "insufficient stake")
	// ErrInsufficientHold: a hold has less than is to be paid out of it.
	ErrInsufficientHold = errors.Register(ModuleName, 4, "insufficient hold")
	// ErrUnknownHold: there is no open hold with that id.
	ErrUnknownHold = errors.Register(ModuleName, 5, "unknown hold")
	// ErrHoldNotEmpty: a hold that still has coins cannot be closed.
	ErrHoldNotEmpty = errors.Register(ModuleName, 6, "hold is not empty")
	// ErrBlockedAddress: the address belongs to the chain itself and cannot receive coins.
	ErrBlockedAddress = errors.Register(ModuleName, 7, "address cannot receive coins")
	// ErrInvalidAddress: a field does not hold an address of this chain.
	ErrInvalidAddress = errors.Register(ModuleName, 8, "invalid address")
	// ErrBooks: stakes and holds do not add up to the module's balance.
	ErrBooks = errors.Register(ModuleName, 9, "books do not balance")
	// ErrInvalidGenesis: the genesis state contradicts itself.
	ErrInvalidGenesis = errors.Register(ModuleName, 10, "invalid genesis state")
)
