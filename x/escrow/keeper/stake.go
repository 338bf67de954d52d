package keeper

import (
	"context"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// Stake returns what an owner has set aside and not locked, in uain.
func (k *Keeper) Stake(ctx context.Context, owner sdk.AccAddress) (math.Int, error) {
	account, err := k.account(ctx, owner)
	return account.Stake, err
}

// StakeAfter reads a message that sets a stake: whose, and what it will be; false
// for any other message.
func (k *Keeper) StakeAfter(msg sdk.Msg) (owner sdk.AccAddress, amount math.Int, ok bool) {
	set, ok := msg.(*types.MsgSetStake)
	if !ok || set.ValidateBasic() != nil {
		return nil, math.Int{}, false
	}
	owner, err := types.ParseAddress("owner", set.Owner)
	return owner, set.Amount, err == nil
}

// SetStake moves the difference between the owner's wallet and stake so that the
// stake becomes amount. Setting the stake that is there already changes nothing.
func (k *Keeper) SetStake(ctx context.Context, owner sdk.AccAddress, amount math.Int) error {
	if err := types.ValidateAmount("amount", amount); err != nil {
		return err
	}
	if k.bank.BlockedAddr(owner) {
		return types.ErrBlockedAddress.Wrapf("owner %s is an account of the chain itself; stake from another", owner)
	}
	account, err := k.account(ctx, owner)
	if err != nil {
		return err
	}
	if amount.Equal(account.Stake) {
		return nil
	}
	if err := k.announce(ctx, owner, account.Stake, amount, false); err != nil {
		return err
	}
	if amount.GT(account.Stake) {
		err = k.take(ctx, owner, amount.Sub(account.Stake))
	} else {
		err = k.bank.SendCoinsFromModuleToAccount(ctx, types.ModuleName, owner, k.coins(account.Stake.Sub(amount)))
	}
	if err != nil {
		return err
	}
	account.Stake = amount
	if err := k.setAccount(ctx, owner, account); err != nil {
		return err
	}
	return emit(ctx, &types.EventStakeSet{Owner: account.Owner, Stake: amount.String()})
}

// SetPayout sets where the owner's earnings go; nil or the owner itself: its wallet.
func (k *Keeper) SetPayout(ctx context.Context, owner, payout sdk.AccAddress) error {
	if !payout.Empty() && k.bank.BlockedAddr(payout) {
		return types.ErrBlockedAddress.Wrapf("payout %s is an account of the chain itself; name another", payout)
	}
	account, err := k.account(ctx, owner)
	if err != nil {
		return err
	}
	next := payout.String()
	if payout.Equals(owner) {
		next = ""
	}
	if next == account.Payout {
		return nil
	}
	account.Payout = next
	if err := k.setAccount(ctx, owner, account); err != nil {
		return err
	}
	return emit(ctx, &types.EventPayoutSet{Owner: account.Owner, Payout: next})
}

// take brings coins from a wallet into the module's account. The bank's error
// says what the wallet has; ours says whose it is and what to do.
func (k *Keeper) take(ctx context.Context, from sdk.AccAddress, amount math.Int) error {
	err := k.bank.SendCoinsFromAccountToModule(ctx, from, types.ModuleName, k.coins(amount))
	if err != nil {
		return wrapf(err, "take %s%s from the wallet of %s: send it coins or ask for less", amount, k.denom, from)
	}
	return nil
}

// credit adds coins that the module holds already to an owner's stake.
func (k *Keeper) credit(ctx context.Context, owner sdk.AccAddress, amount math.Int) error {
	account, err := k.account(ctx, owner)
	if err != nil {
		return err
	}
	after := account.Stake.Add(amount)
	if err := k.announce(ctx, owner, account.Stake, after, false); err != nil {
		return err
	}
	account.Stake = after
	return k.setAccount(ctx, owner, account)
}

// announce tells who watches, if anybody does, that a stake is about to change.
func (k *Keeper) announce(ctx context.Context, owner sdk.AccAddress, before, after math.Int, locks bool) error {
	if k.watch == nil {
		return nil
	}
	return k.watch.StakeChanges(ctx, owner, before, after, locks)
}
