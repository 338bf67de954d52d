package keeper

import (
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// Decorator charges every transaction. It stands after the decorators that verify
// signatures: nobody uses another's room.
type Decorator struct {
	keeper *Keeper
}

var _ sdk.AnteDecorator = Decorator{}

// NewDecorator returns the decorator for the app's ante handler.
func NewDecorator(k *Keeper) Decorator { return Decorator{keeper: k} }

// AnteHandle implements sdk.AnteDecorator. The transactions of the genesis file have
// no height yet; they are free.
func (d Decorator) AnteHandle(ctx sdk.Context, tx sdk.Tx, simulate bool, next sdk.AnteHandler) (sdk.Context, error) {
	if ctx.BlockHeight() > 0 {
		if err := d.keeper.Charge(ctx, tx, simulate); err != nil {
			return ctx, err
		}
	}
	return next(ctx, tx, simulate)
}
