package types

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// OperatorKeeper knows whom a signer acts for.
type OperatorKeeper interface {
	// Owner is an operator's owner, else the signer itself.
	Owner(ctx context.Context, signer sdk.AccAddress) (sdk.AccAddress, error)
}
