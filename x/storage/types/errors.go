package types

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved by the SDK.
var (
	// ErrInvalid: a field of a message does not say what it must.
	ErrInvalid = errors.Register(ModuleName, 2, "invalid")
	// ErrLimit: something is more, or less, than the params allow.
	ErrLimit = errors.Register(ModuleName, 3, "limit")
	// ErrInvalidAddress: a field does not hold an address of this chain.
	ErrInvalidAddress = errors.Register(ModuleName, 4, "invalid address")
	// ErrUnknownProvider: nobody of that address is a provider.
	ErrUnknownProvider = errors.Register(ModuleName, 5, "unknown provider")
	// ErrUnknownSpace: there is no such space, or no longer.
	ErrUnknownSpace = errors.Register(ModuleName, 6, "no such space")
	// ErrExpired: the space is no longer paid for.
	ErrExpired = errors.Register(ModuleName, 7, "space has expired")
	// ErrNotOwner: only the space's owner does that.
	ErrNotOwner = errors.Register(ModuleName, 8, "not the owner of the space")
	// ErrClosed: the provider takes no reservations and no extensions.
	ErrClosed = errors.Register(ModuleName, 9, "provider is closed")
	// ErrCapacity: the provider has less room than is asked for, or than it has promised.
	ErrCapacity = errors.Register(ModuleName, 10, "capacity")
	// ErrPrice: the provider asks more than the message allows.
	ErrPrice = errors.Register(ModuleName, 11, "price is higher")
	// ErrUnknownJob: there is no job of that id.
	ErrUnknownJob = errors.Register(ModuleName, 12, "unknown job")
	// ErrNeeded: requests need what the message would take away.
	ErrNeeded = errors.Register(ModuleName, 13, "space is needed by requests")
	// ErrNotReadable: the space does not let those read who have to.
	ErrNotReadable = errors.Register(ModuleName, 14, "space is not readable")
	// ErrNotWritable: the account may not write into the space.
	ErrNotWritable = errors.Register(ModuleName, 15, "space is not writable")
	// ErrWrongSigner: somebody else must sign the message.
	ErrWrongSigner = errors.Register(ModuleName, 16, "wrong signer")
	// ErrInvalidParams: a param is out of its bounds.
	ErrInvalidParams = errors.Register(ModuleName, 17, "invalid params")
	// ErrInvalidGenesis: the genesis state contradicts itself, or other modules'.
	ErrInvalidGenesis = errors.Register(ModuleName, 18, "invalid genesis state")
	// ErrReplaced: the folder is not the one that the message would replace.
	ErrReplaced = errors.Register(ModuleName, 19, "the folder is another by now")
)
