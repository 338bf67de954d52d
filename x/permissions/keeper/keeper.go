// Package keeper keeps the rules about who may send which message, and holds them where messages execute (guard.go).
//
// Invariant: rules exist only for messages that start something (types.ClassStarting), and a rule that lets everybody
// send, with no authority of its own, is not kept.
//
// Trusted: whoever wires the app has all message services registered through Guard, and gives the address of the
// chain's authority.
package keeper

import (
	"context"

	"cosmossdk.io/collections"
	"cosmossdk.io/core/store"

	"github.com/cosmos/gogoproto/proto"

	"github.com/cosmos/cosmos-sdk/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/permissions/types"
)

// Keeper is the only writer of the rules.
type Keeper struct {
	cdc       codec.Codec
	operators types.OperatorKeeper
	authority string

	rules    collections.Map[string, types.Rule]
	accounts collections.KeySet[collections.Pair[string, sdk.AccAddress]]
}

// NewKeeper returns the keeper of the rules. Authority is the chain's: it may change every rule. Operators tells whom
// a signer acts for.
func NewKeeper(cdc codec.Codec, storeService store.KVStoreService, operators types.OperatorKeeper, authority string) *Keeper {
	sb := collections.NewSchemaBuilder(storeService)
	k := &Keeper{
		cdc:       cdc,
		operators: operators,
		authority: authority,
		rules:     collections.NewMap(sb, types.RulesPrefix, "rules", collections.StringKey, codec.CollValue[types.Rule](cdc)),
		accounts: collections.NewKeySet(sb, types.AccountsPrefix, "accounts",
			collections.PairKeyCodec(collections.StringKey, sdk.AccAddressKey)),
	}
	if _, err := sb.Build(); err != nil {
		panic(err)
	}
	return k
}

func emit(ctx context.Context, event proto.Message) error {
	return sdk.UnwrapSDKContext(ctx).EventManager().EmitTypedEvent(event)
}
