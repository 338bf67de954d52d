package keeper

import (
	"context"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// SetAccount writes an account past all rules, as only a fault of this program could.
func (k *Keeper) SetAccount(ctx context.Context, owner sdk.AccAddress, account types.Account) error {
	return k.accounts.Set(ctx, owner, account)
}

// SetHold writes a hold past all rules.
func (k *Keeper) SetHold(ctx context.Context, hold types.Hold) error {
	return k.holds.Set(ctx, hold.Id, hold)
}
