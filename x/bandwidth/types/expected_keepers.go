package types

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// EscrowKeeper knows what owners have in stake, and the one message that changes it.
type EscrowKeeper interface {
	// Stake is what an owner has set aside and not locked, in uain.
	Stake(ctx context.Context, owner sdk.AccAddress) (math.Int, error)
	// StakeAfter reads a message that sets a stake: whose, and what it will be; false
	// for any other message.
	StakeAfter(msg sdk.Msg) (owner sdk.AccAddress, amount math.Int, ok bool)
}

// ReputationKeeper knows whom a signer acts for, and who is a node of which job.
type ReputationKeeper interface {
	// Owner is the account that a signer acts for: an operator's owner, else itself.
	Owner(ctx context.Context, signer sdk.AccAddress) (sdk.AccAddress, error)
	// IsActiveNode says whether an account is an active node of a job.
	IsActiveNode(ctx context.Context, jobID uint64, owner sdk.AccAddress) (bool, error)
	// JobOf is the job that one of its messages is about, 0 for none, and whether the
	// message is an applicant's.
	JobOf(ctx context.Context, msg sdk.Msg) (jobID uint64, applies bool, err error)
}

// JobsKeeper knows jobs and requests.
type JobsKeeper interface {
	// Root of a job; nil if there is no such job.
	Root(ctx context.Context, jobID uint64) (sdk.AccAddress, error)
	// JobOf is the job that one of its messages is about, 0 for none, and the request,
	// 0 for none.
	JobOf(ctx context.Context, msg sdk.Msg) (jobID, requestID uint64, err error)
	// HasPlace says whether an account has a place in a request that is not finished.
	HasPlace(ctx context.Context, requestID uint64, owner sdk.AccAddress) (bool, error)
}

// BankKeeper knows wallets.
type BankKeeper interface {
	GetBalance(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
	// SpendableCoin is what of a balance is not locked.
	SpendableCoin(ctx context.Context, addr sdk.AccAddress, denom string) sdk.Coin
}
