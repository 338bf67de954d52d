package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// Books adds up all stakes and all holds, in uain, and gives the module's balance
// beside them. It reads the whole state: for tests, genesis and queries.
func (k *Keeper) Books(ctx context.Context) (stakes, holds, balance math.Int, err error) {
	stakes, holds = math.ZeroInt(), math.ZeroInt()
	err = k.accounts.Walk(ctx, nil, func(_ sdk.AccAddress, account types.Account) (bool, error) {
		if err := types.ValidateAmount("stake", account.Stake); err != nil {
			return true, types.ErrBooks.Wrapf("account %s: %v", account.Owner, err)
		}
		stakes = stakes.Add(account.Stake)
		return false, nil
	})
	if err != nil {
		return stakes, holds, balance, err
	}
	err = k.holds.Walk(ctx, nil, func(id uint64, hold types.Hold) (bool, error) {
		if err := types.ValidateAmount("balance", hold.Balance); err != nil {
			return true, types.ErrBooks.Wrapf("hold %d: %v", id, err)
		}
		holds = holds.Add(hold.Balance)
		return false, nil
	})
	balance = k.bank.GetBalance(ctx, k.accountKeeper.GetModuleAddress(types.ModuleName), k.denom).Amount
	return stakes, holds, balance, err
}

// CheckBooks returns ErrBooks unless stakes and holds, none of them negative, add
// up to the module's balance. It must hold after every block.
func (k *Keeper) CheckBooks(ctx context.Context) error {
	stakes, holds, balance, err := k.Books(ctx)
	if err != nil {
		return err
	}
	if sum := stakes.Add(holds); !sum.Equal(balance) {
		return types.ErrBooks.Wrapf("stakes %s%s and holds %s%s make %s%s, the module has %s%s",
			stakes, k.denom, holds, k.denom, sum, k.denom, balance, k.denom)
	}
	return nil
}
