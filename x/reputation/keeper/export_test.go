package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/reputation/types"
)

// SetPending miscounts the applications that wait for an admin, as only a fault of this program could.
func (k *Keeper) SetPending(ctx context.Context, admin sdk.AccAddress, count uint32) error {
	return k.pending.Set(ctx, admin, count)
}

// SetNode writes a node past all rules.
func (k *Keeper) SetNode(ctx context.Context, owner sdk.AccAddress, node types.Node) error {
	return k.nodes.Set(ctx, collections.Join(node.JobId, owner), node)
}

// Pending are the admins for whom applications are counted.
func (k *Keeper) Pending(ctx context.Context) (counts []uint32, err error) {
	return values(ctx, k.pending)
}

// AddExpiry has the sweep find an application that is not there.
func (k *Keeper) AddExpiry(ctx context.Context, application types.Application) error {
	none := func() (types.Application, error) { return types.Application{}, collections.ErrNotFound }
	return k.applications.Indexes.Expiry.Reference(ctx, application.Id, application, none)
}
