package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
)

// EscrowKeeper keeps every coin that is at stake in a request, in one hold each.
// Amounts are uain; zero is a no-op and a negative amount an error.
type EscrowKeeper interface {
	OpenHold(ctx context.Context, purpose string) (uint64, error)
	// LockWallet and LockStake move coins into a hold.
	LockWallet(ctx context.Context, hold uint64, from sdk.AccAddress, amount math.Int) error
	LockStake(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error
	// Pay sends an earning to the owner's payout address, Refund to its wallet,
	// ReturnStake to its stake. None fails because a receiver cannot be paid.
	Pay(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error
	Refund(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error
	ReturnStake(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error
	// PayFee sends coins to validators and delegators.
	PayFee(ctx context.Context, hold uint64, amount math.Int) error
	Burn(ctx context.Context, hold uint64, amount math.Int) error
	// CloseHold deletes a hold; it fails unless the hold is empty.
	CloseHold(ctx context.Context, hold uint64) error
}

// ReputationKeeper keeps each job's tree of nodes and their scores.
type ReputationKeeper interface {
	PlantTree(ctx context.Context, jobID uint64, root sdk.AccAddress, policy program.TreePolicy) error
	SetPolicy(ctx context.Context, jobID uint64, policy program.TreePolicy) error
	// Owner is the account that a signer acts for; Operator an owner's hot key, nil if none.
	Owner(ctx context.Context, signer sdk.AccAddress) (sdk.AccAddress, error)
	Operator(ctx context.Context, owner sdk.AccAddress) (sdk.AccAddress, error)
	// EncryptionKey is the age recipient that data for an owner is encrypted to; empty: none.
	EncryptionKey(ctx context.Context, owner sdk.AccAddress) (string, error)
	Eligible(ctx context.Context, jobID uint64, owner sdk.AccAddress, role program.Role, requirement program.Capability) error
	// Ancestors are the nearest active first and the root last, at most max of them.
	Ancestors(ctx context.Context, jobID uint64, owner sdk.AccAddress, max uint32) ([]sdk.AccAddress, error)
	Report(ctx context.Context, jobID uint64, owner sdk.AccAddress, role program.Role, outcome program.Outcome,
		responseMs uint64, earned math.Int) error
	// Rank lets workers of one request play each other for their ratings; places
	// count from 1, and equal ones draw. Rating is in Elo points.
	Rank(ctx context.Context, jobID uint64, workers []sdk.AccAddress, places []int) error
	Rating(ctx context.Context, jobID uint64, owner sdk.AccAddress) (int64, error)
	// Measure folds a value of one of the job's metrics into a node's score.
	Measure(ctx context.Context, jobID uint64, owner sdk.AccAddress, field string, fold program.MetricFold, value int64) error
	// Touch is a sign of life.
	Touch(ctx context.Context, owner sdk.AccAddress) error
}

// StorageKeeper keeps the spaces that requests name.
type StorageKeeper interface {
	// CheckInput refuses content that a client may not name as the input of a job's request, which may last until then.
	CheckInput(ctx context.Context, space uint64, client sdk.AccAddress, jobID uint64, until int64) error
	// CheckProgram refuses a program that a job's nodes, 0 for a job that is not there yet, cannot read.
	CheckProgram(ctx context.Context, space uint64, jobID uint64) error
	// CheckOutput refuses content that an account cannot have written.
	CheckOutput(ctx context.Context, space uint64, account sdk.AccAddress) error
	// Need notes that one more request needs a space, until a time at first; Keep, that it needs it longer; Done, that
	// the request is over.
	Need(ctx context.Context, space uint64, until int64) error
	Keep(ctx context.Context, space uint64, until int64) error
	Done(ctx context.Context, space uint64) error
}

// PermissionsKeeper keeps the rules about who may send which message.
type PermissionsKeeper interface {
	// IsListed says whether a rule about the message names the owner; without such a rule nobody is.
	IsListed(ctx context.Context, typeURL string, owner sdk.AccAddress) (bool, error)
}

// BankKeeper tells which accounts cannot receive coins.
type BankKeeper interface {
	BlockedAddr(addr sdk.AccAddress) bool
}
