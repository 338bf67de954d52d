package types

import "cosmossdk.io/errors"

// Errors of the module. Codes are part of the interface: never change or reuse one.
var (
	ErrNotEnabled     = errors.Register(ModuleName, 2, "not enabled on this chain")
	ErrInvalid        = errors.Register(ModuleName, 3, "invalid field")
	ErrLimit          = errors.Register(ModuleName, 4, "limit exceeded")
	ErrUnknownJob     = errors.Register(ModuleName, 5, "unknown job")
	ErrUnknownRequest = errors.Register(ModuleName, 6, "unknown request")
	ErrUnknownRelease = errors.Register(ModuleName, 7, "unknown release")
	ErrUnauthorized   = errors.Register(ModuleName, 8, "not allowed")
	ErrSchema         = errors.Register(ModuleName, 9, "schema refused")
	ErrDecode         = errors.Register(ModuleName, 10, "does not decode")
	ErrSignature      = errors.Register(ModuleName, 11, "signature refused")
	ErrVersion        = errors.Register(ModuleName, 12, "version refused")
	ErrState          = errors.Register(ModuleName, 13, "wrong state")
	ErrPlaceTaken     = errors.Register(ModuleName, 14, "one owner, one place")
	ErrNoPlace        = errors.Register(ModuleName, 15, "no such place in the request")
	ErrContractClosed = errors.Register(ModuleName, 16, "contract closed")
	ErrRejected       = errors.Register(ModuleName, 17, "rejected by the client")
	ErrAncestors      = errors.Register(ModuleName, 18, "too few ancestors")
	ErrCommitted      = errors.Register(ModuleName, 19, "already committed")
	ErrCommitment     = errors.Register(ModuleName, 20, "commitment does not match")
	ErrRevealed       = errors.Register(ModuleName, 21, "already revealed")
	ErrRanking        = errors.Register(ModuleName, 22, "ranking refused")
	ErrConceded       = errors.Register(ModuleName, 23, "already accepted")
	ErrBlocked        = errors.Register(ModuleName, 24, "account cannot be paid")
	ErrChallenge      = errors.Register(ModuleName, 26, "challenge refused")
	ErrCandidate      = errors.Register(ModuleName, 27, "no candidate")
	ErrRating         = errors.Register(ModuleName, 28, "rating is too low")
	ErrBooks          = errors.Register(ModuleName, 25, "books do not balance")
)
