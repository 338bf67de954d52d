package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// tick moves the chain clock by the time since the last block. A gap longer than
// the params' limit does not count at all, so that a halt of the chain makes
// nobody late. The first block of all sets the clock to its own time.
func (k *Keeper) tick(ctx context.Context) error {
	clock, err := k.Clock(ctx)
	if err != nil {
		return err
	}
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return err
	}
	blockMs := sdk.UnwrapSDKContext(ctx).BlockTime().UnixMilli()
	gap := blockMs - clock.BlockMs
	switch {
	case clock.BlockMs == 0:
		clock.NowMs = blockMs
	case gap <= int64(params.MaxBlockGapMs):
		clock.NowMs += max(gap, 0)
	}
	clock.BlockMs = blockMs
	return k.clock.Set(ctx, clock)
}

// Clock returns the chain clock, zeros before the first block.
func (k *Keeper) Clock(ctx context.Context) (types.Clock, error) {
	clock, err := k.clock.Get(ctx)
	if errors.Is(err, collections.ErrNotFound) {
		return types.Clock{}, nil
	}
	return clock, err
}

// now is the chain clock in milliseconds.
func (k *Keeper) now(ctx context.Context) (int64, error) {
	clock, err := k.Clock(ctx)
	return clock.NowMs, err
}

// Now is the chain clock in milliseconds, for the modules that count by it too.
func (k *Keeper) Now(ctx context.Context) (int64, error) { return k.now(ctx) }
