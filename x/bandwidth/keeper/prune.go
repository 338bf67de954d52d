package keeper

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/bandwidth/types"
)

// looksPerBlock is how many accounts and how many shares a block looks at.
const looksPerBlock = 10

// EndBlock removes records that say nothing any more: of accounts that allocate
// nothing and shares, where all room is free again. Each block looks at a few, from a
// place on that its height decides, so that nothing has to be remembered and every
// record has its turn.
func (k *Keeper) EndBlock(ctx context.Context) error {
	params, err := k.Params(ctx)
	if err != nil {
		return err
	}
	height := binary.BigEndian.AppendUint64([]byte(types.ModuleName), uint64(sdk.UnwrapSDKContext(ctx).BlockHeight()))
	place := sha256.Sum256(height)
	if err := k.pruneAccounts(ctx, params, place[:addressLength]); err != nil {
		return err
	}
	return k.pruneShares(ctx, params, binary.BigEndian.Uint64(place[addressLength:]), place[:addressLength])
}

// addressLength is that of most addresses: a place to begin at.
const addressLength = 20

func (k *Keeper) pruneAccounts(ctx context.Context, params types.Params, from sdk.AccAddress) error {
	owners, err := keysFrom(ctx, k.accounts, from)
	if err != nil {
		return err
	}
	for _, owner := range owners {
		room, err := k.ownRoom(ctx, params, owner)
		if err != nil {
			return err
		}
		if !room.meter.Used.IsZero() || !room.account.Allocated.IsZero() {
			continue
		}
		if err := k.accounts.Remove(ctx, owner); err != nil {
			return err
		}
	}
	return nil
}

// pruneShares begins in one of the jobs that have room.
func (k *Keeper) pruneShares(ctx context.Context, params types.Params, number uint64, from sdk.AccAddress) error {
	var last uint64
	err := k.allocations.Walk(ctx, new(collections.Range[uint64]).Descending(), func(jobID uint64, _ types.Allocation) (bool, error) {
		last = jobID
		return true, nil
	})
	if err != nil || last == 0 {
		return err
	}
	shares, err := keysFrom(ctx, k.shares, collections.Join(1+number%last, from))
	if err != nil {
		return err
	}
	for _, share := range shares {
		free, err := k.isFree(ctx, params, share)
		if err != nil {
			return err
		}
		if !free {
			continue
		}
		if err := k.shares.Remove(ctx, share); err != nil {
			return err
		}
	}
	return nil
}

// isFree says whether nothing of a share is in use, even at the pace of an applicant's,
// which is the smaller.
func (k *Keeper) isFree(ctx context.Context, params types.Params, share shareKey) (bool, error) {
	p, _, err := k.pot(ctx, params, share.K1())
	if err != nil {
		return false, err
	}
	kept, err := k.share(ctx, share.K1(), share.K2())
	if err != nil {
		return false, err
	}
	return kept.At(nowMs(ctx), p.shareFull(params, true), params.WindowMs).Used.IsZero(), nil
}

// keysFrom are the keys that a block looks at: those from a place on, and then those
// from the beginning on.
func keysFrom[K, V any](ctx context.Context, records collections.Map[K, V], from K) ([]K, error) {
	var keys []K
	look := func(key K, _ V) (bool, error) {
		keys = append(keys, key)
		return len(keys) == looksPerBlock, nil
	}
	err := records.Walk(ctx, new(collections.Range[K]).StartInclusive(from), look)
	if err != nil || len(keys) == looksPerBlock {
		return keys, err
	}
	return keys, records.Walk(ctx, new(collections.Range[K]).EndExclusive(from), look)
}
