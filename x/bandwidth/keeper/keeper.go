// Package keeper keeps who has used how much room, and what counts for jobs.
//
// Invariants: no room is used beyond what coins in stake, or the base, gave at that
// time; a coin's room is used once in a window, wherever the coin goes, since coins
// whose room is in use stay where they are; what an owner has allocated is the sum of
// its allocations, and no more than its stake.
//
// Trusted: the keepers below, and the module's own state. Nothing that a transaction
// says is, but what its signature covers.
package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// shareKey is a job and an account.
type shareKey = collections.Pair[uint64, sdk.AccAddress]

// Keeper is the only writer of the module's state.
type Keeper struct {
	escrow     types.EscrowKeeper
	reputation types.ReputationKeeper
	jobs       types.JobsKeeper
	bank       types.BankKeeper
	denom      string
	authority  string

	params      collections.Item[types.Params]
	accounts    collections.Map[sdk.AccAddress, types.Account]
	allocations collections.Map[uint64, types.Allocation]
	shares      collections.Map[shareKey, types.Meter]
}

// NewKeeper returns the keeper of room. Coins are of denom; the authority, a bech32
// address, is the only one that may change params.
func NewKeeper(
	cdc codec.BinaryCodec,
	storeService store.KVStoreService,
	escrow types.EscrowKeeper,
	reputation types.ReputationKeeper,
	jobs types.JobsKeeper,
	bank types.BankKeeper,
	denom, authority string,
) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	k := &Keeper{
		escrow: escrow, reputation: reputation, jobs: jobs, bank: bank, denom: denom, authority: authority,

		params:   collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		accounts: collections.NewMap(sb, types.AccountsPrefix, "accounts", sdk.AccAddressKey, codec.CollValue[types.Account](cdc)),
		allocations: collections.NewMap(sb, types.AllocationsPrefix, "allocations", collections.Uint64Key,
			codec.CollValue[types.Allocation](cdc)),
		shares: collections.NewMap(sb, types.SharesPrefix, "shares",
			collections.PairKeyCodec(collections.Uint64Key, sdk.AccAddressKey), codec.CollValue[types.Meter](cdc)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Params returns the module's settings.
func (k *Keeper) Params(ctx context.Context) (types.Params, error) { return k.params.Get(ctx) }

// account returns what is kept for an owner, an empty record if nothing is.
func (k *Keeper) account(ctx context.Context, owner sdk.AccAddress) (types.Account, error) {
	account, err := k.accounts.Get(ctx, owner)
	if errors.Is(err, collections.ErrNotFound) {
		return types.NewAccount(owner.String()), nil
	}
	return account, err
}

// share returns the meter of an account in a job, an empty one if nothing is kept.
func (k *Keeper) share(ctx context.Context, jobID uint64, account sdk.AccAddress) (types.Meter, error) {
	meter, err := k.shares.Get(ctx, collections.Join(jobID, account))
	if errors.Is(err, collections.ErrNotFound) {
		return types.Meter{}, nil
	}
	return meter, err
}

func nowMs(ctx context.Context) int64 {
	return sdk.UnwrapSDKContext(ctx).BlockTime().UnixMilli()
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
