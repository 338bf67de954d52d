package types

import "cosmossdk.io/errors"

// Errors of the module. Code 1 is reserved by the SDK.
var (
	// ErrNoRoom: a transaction does not fit into the room that it counts against.
	ErrNoRoom = errors.Register(ModuleName, 2, "no room")
	// ErrBound: coins whose room is in use, or that count for jobs, cannot be moved.
	ErrBound = errors.Register(ModuleName, 3, "coins are bound")
	// ErrNotRoot: only a job's root allocates to it.
	ErrNotRoot = errors.Register(ModuleName, 4, "not the root of the job")
	// ErrInvalidAmount: an amount is missing or negative.
	ErrInvalidAmount = errors.Register(ModuleName, 5, "invalid amount")
	// ErrInvalidAddress: a field does not hold an address of this chain.
	ErrInvalidAddress = errors.Register(ModuleName, 6, "invalid address")
	// ErrInvalidParams: a param is out of its bounds.
	ErrInvalidParams = errors.Register(ModuleName, 7, "invalid params")
	// ErrInvalidGenesis: the genesis state contradicts itself.
	ErrInvalidGenesis = errors.Register(ModuleName, 8, "invalid genesis state")
	// ErrWrongSigner: somebody else must sign the message.
	ErrWrongSigner = errors.Register(ModuleName, 9, "wrong signer")
	// ErrUnknownJob: there is no job of that id.
	ErrUnknownJob = errors.Register(ModuleName, 10, "unknown job")
)
