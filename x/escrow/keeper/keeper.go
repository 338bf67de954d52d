// Package keeper keeps stakes and holds.
//
// Invariant: in every block the sum of all stakes and all open holds equals the
// module account's balance (CheckBooks). No stake and no hold is ever negative.
//
// Trusted: the modules that call the keeper's Go methods. A hold's id is not a
// secret; whoever has the keeper may spend every hold, so it is handed out in
// app wiring only.
package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"
	"cosmossdk.io/math"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/escrow/types"
)

// Keeper is the only writer of escrow's state.
type Keeper struct {
	accountKeeper types.AccountKeeper
	bank          types.BankKeeper
	denom         string
	feeCollector  string
	watch         types.StakeWatch

	accounts   collections.Map[sdk.AccAddress, types.Account]
	holds      collections.Map[uint64, types.Hold]
	nextHoldID collections.Sequence
}

// NewKeeper returns the keeper of stakes and holds in coins of denom. Fees go to
// the module account named feeCollector. It panics if the app gives the escrow
// module no account; that account needs the Burner permission.
func NewKeeper(
	cdc codec.BinaryCodec,
	storeService store.KVStoreService,
	accountKeeper types.AccountKeeper,
	bank types.BankKeeper,
	denom, feeCollector string,
) *Keeper {
	if accountKeeper.GetModuleAddress(types.ModuleName) == nil {
		panic(fmt.Sprintf("module account %q is missing; give it the Burner permission", types.ModuleName))
	}
	sb := collections.NewSchemaBuilder(storeService)
	k := &Keeper{
		accountKeeper: accountKeeper,
		bank:          bank,
		denom:         denom,
		feeCollector:  feeCollector,
		accounts:      collections.NewMap(sb, types.AccountsPrefix, "accounts", sdk.AccAddressKey, codec.CollValue[types.Account](cdc)),
		holds:         collections.NewMap(sb, types.HoldsPrefix, "holds", collections.Uint64Key, codec.CollValue[types.Hold](cdc)),
		nextHoldID:    collections.NewSequence(sb, types.NextHoldIDPrefix, "next_hold_id"),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Watch has every change of a stake announced to watch. The app calls it before its
// first block; without it nobody is told.
func (k *Keeper) Watch(watch types.StakeWatch) { k.watch = watch }

func (k *Keeper) coins(amount math.Int) sdk.Coins {
	return sdk.NewCoins(sdk.NewCoin(k.denom, amount))
}

// account returns what is kept for an owner, an empty account if nothing is.
func (k *Keeper) account(ctx context.Context, owner sdk.AccAddress) (types.Account, error) {
	account, err := k.accounts.Get(ctx, owner)
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewAccount(owner), nil
	}
	return account, err
}

// setAccount keeps no record of an account that states nothing.
func (k *Keeper) setAccount(ctx context.Context, owner sdk.AccAddress, account types.Account) error {
	if account.IsEmpty() {
		return k.accounts.Remove(ctx, owner)
	}
	return k.accounts.Set(ctx, owner, account)
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
