package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// EscrowKeeper keeps what was paid in advance, in one hold a space. Amounts are uain; zero is a no-op.
type EscrowKeeper interface {
	OpenHold(ctx context.Context, purpose string) (uint64, error)
	// LockWallet and LockStake move coins into a hold.
	LockWallet(ctx context.Context, hold uint64, from sdk.AccAddress, amount math.Int) error
	LockStake(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int) error
	// Pay sends an earning to the owner's payout address, Refund to its wallet. Neither fails because a receiver
	// cannot be paid.
	Pay(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error
	Refund(ctx context.Context, hold uint64, owner sdk.AccAddress, amount math.Int, reason string) error
	// CloseHold deletes a hold; it fails unless the hold is empty.
	CloseHold(ctx context.Context, hold uint64) error
	// Balance is what is in a hold.
	Balance(ctx context.Context, hold uint64) (math.Int, error)
}

// ReputationKeeper knows whom a signer acts for, and who is a node of which job.
type ReputationKeeper interface {
	// Owner is the account that a signer acts for: an operator's owner, else itself.
	Owner(ctx context.Context, signer sdk.AccAddress) (sdk.AccAddress, error)
	// IsActiveNode says whether an account is an active node of a job.
	IsActiveNode(ctx context.Context, jobID uint64, owner sdk.AccAddress) (bool, error)
}

// JobsKeeper knows the chain clock, jobs, and what requests name.
type JobsKeeper interface {
	// Now is the chain clock in milliseconds.
	Now(ctx context.Context) (int64, error)
	// Root of a job; nil if there is no such job.
	Root(ctx context.Context, jobID uint64) (sdk.AccAddress, error)
	// Reads says who has named the content in the space, in requests that an account takes part in and where it may read it
	// by now; nobody: it may not. The space's owner ends the list.
	Reads(ctx context.Context, space uint64, owner, digest string, account sdk.AccAddress) ([]string, error)
	// NeedsContent says whether a request that is not finished names the content in the space.
	NeedsContent(ctx context.Context, space uint64, digest string) (bool, error)
}
