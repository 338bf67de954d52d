// Package keeper keeps providers, spaces, and who may read and write them.
//
// Invariants: a space's hold has the cost of its terms less what was paid, to the coin, and is gone when the space has
// expired; what a provider has reserved is the sum of its spaces, and no more than its capacity; a space is listed once
// by owner, by provider and by time (CheckState).
//
// Trusted: the keepers below, and the module's own state. Nothing that a message says is.
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// Keys of the collections.
type (
	byAccountKey = collections.Pair[sdk.AccAddress, uint64] // owner or provider, space
	dueKey       = collections.Pair[int64, uint64]          // ms, space
)

// Keeper is the only writer of the module's state.
type Keeper struct {
	escrow     types.EscrowKeeper
	reputation types.ReputationKeeper
	jobs       types.JobsKeeper
	authority  string

	params           collections.Item[types.Params]
	providers        collections.Map[sdk.AccAddress, types.Provider]
	spaces           collections.Map[uint64, types.Space]
	nextSpace        collections.Sequence
	spacesByOwner    collections.KeySet[byAccountKey]
	spacesByProvider collections.KeySet[byAccountKey]
	due              collections.KeySet[dueKey]
}

// NewKeeper returns the keeper of spaces. The authority, a bech32 address, is the only one that may change params.
func NewKeeper(
	cdc codec.BinaryCodec,
	storeService store.KVStoreService,
	escrow types.EscrowKeeper,
	reputation types.ReputationKeeper,
	jobs types.JobsKeeper,
	authority string,
) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	byAccount := collections.PairKeyCodec(sdk.AccAddressKey, collections.Uint64Key)
	k := &Keeper{
		escrow: escrow, reputation: reputation, jobs: jobs, authority: authority,

		params:           collections.NewItem(sb, types.ParamsPrefix, "params", codec.CollValue[types.Params](cdc)),
		providers:        collections.NewMap(sb, types.ProvidersPrefix, "providers", sdk.AccAddressKey, codec.CollValue[types.Provider](cdc)),
		spaces:           collections.NewMap(sb, types.SpacesPrefix, "spaces", collections.Uint64Key, codec.CollValue[types.Space](cdc)),
		nextSpace:        collections.NewSequence(sb, types.NextSpacePrefix, "next_space"),
		spacesByOwner:    collections.NewKeySet(sb, types.SpacesByOwnerPrefix, "spaces_by_owner", byAccount),
		spacesByProvider: collections.NewKeySet(sb, types.SpacesByProviderPrefix, "spaces_by_provider", byAccount),
		due: collections.NewKeySet(sb, types.DuePrefix, "due",
			collections.PairKeyCodec(collections.Int64Key, collections.Uint64Key)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

// Params returns the module's settings.
func (k *Keeper) Params(ctx context.Context) (types.Params, error) { return k.params.Get(ctx) }

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
