package keeper

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// retryMs is how long a request waits whose phase could not be ended. That is a
// fault in this program: the request stays as it was, nobody's coins move, and the
// others go on.
const retryMs = 60_000

// BeginBlock moves the chain clock, and draws segments that are due.
func (k *Keeper) BeginBlock(ctx context.Context) error {
	if err := k.tick(ctx); err != nil {
		return err
	}
	return k.draw(ctx)
}

// EndBlock ends the phases that are due and removes what was kept long enough.
// What is too much for one block is carried on in the next.
func (k *Keeper) EndBlock(ctx context.Context) error {
	_, params, err := k.currentParams(ctx)
	if err != nil {
		return err
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	if err := k.endRevoked(ctx, int(params.SweepPayouts)); err != nil {
		return err
	}
	if err := k.sweep(ctx, now, int(params.SweepPayouts)); err != nil {
		return err
	}
	return k.remove(ctx, now, int(params.SweepRemovals))
}

// sweep ends due phases, the longest overdue first, until it has made as many
// payouts as it may. A request without payouts counts as one.
func (k *Keeper) sweep(ctx context.Context, now int64, budget int) error {
	keys, err := dueKeys(ctx, k.deadlines, now, budget)
	if err != nil {
		return err
	}
	for _, key := range keys {
		if budget <= 0 {
			return nil
		}
		id := key.K2()
		payouts, err := k.sweepOne(ctx, id)
		if err != nil {
			payouts = 0
			k.postpone(ctx, id, now+retryMs, err)
		}
		budget -= max(1, payouts)
	}
	return nil
}

// sweepOne ends the due phases of one request, all or nothing, and says how many
// payouts that took. A panic is an error like any other.
func (k *Keeper) sweepOne(ctx context.Context, id uint64) (payouts int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	l, err := k.load(cached, id)
	if err != nil {
		return 0, err
	}
	outcome, err := k.advance(cached, l)
	if err != nil {
		return 0, err
	}
	if outcome == types.OUTCOME_UNSPECIFIED {
		err = k.save(cached, l)
	} else {
		err = k.finish(cached, l, outcome)
	}
	if err != nil {
		return 0, err
	}
	write()
	return len(l.Payouts) + l.freed, nil
}

// postpone moves a request that could not be swept out of the others' way. Its
// deadline stays what it is.
func (k *Keeper) postpone(ctx context.Context, id uint64, retry int64, cause error) {
	logger := sdk.UnwrapSDKContext(ctx).Logger()
	logger.Error("request cannot be swept", "request", id, "retry_ms", retry, "error", cause)
	cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	l, err := k.load(cached, id)
	if err == nil {
		l.SweepMs = retry
		err = k.save(cached, l)
	}
	if err == nil {
		err = emit(cached, &types.EventSweepFailed{RequestId: id, RetryMs: retry})
	}
	if err != nil {
		logger.Error("request cannot be postponed", "request", id, "error", err)
		return
	}
	write()
}

// remove deletes finished requests whose retention is over. One that cannot be
// deleted, a fault in this program, stays for good and stops nothing.
func (k *Keeper) remove(ctx context.Context, now int64, budget int) error {
	keys, err := dueKeys(ctx, k.removals, now, budget)
	if err != nil {
		return err
	}
	for _, key := range keys {
		cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
		err := k.removeOne(cached, key.K2())
		if err == nil {
			write()
			continue
		}
		sdk.UnwrapSDKContext(ctx).Logger().Error("request cannot be removed and stays", "request", key.K2(), "error", err)
		if err := k.removals.Remove(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) removeOne(ctx context.Context, id uint64) error {
	l, err := k.load(ctx, id)
	if err != nil {
		return err
	}
	assignments, err := k.workersOf(ctx, l.Request)
	if err != nil {
		return err
	}
	for _, node := range nodesOf(l.Request, assignments) {
		account, err := types.ParseAddress("node", node)
		if err != nil {
			return err
		}
		if err := k.places.Remove(ctx, collections.Join3(account, true, id)); err != nil {
			return err
		}
	}
	if l.Workers > 0 {
		if err := k.assignments.Clear(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](id)); err != nil {
			return err
		}
	}
	if l.rules.terms.ByCheckpoint() {
		if err := k.checkpoints.Clear(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](id)); err != nil {
			return err
		}
	}
	if l.Spec.JudgesNeedKeys() {
		if err := k.grants.Clear(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](id)); err != nil {
			return err
		}
	}
	for _, content := range l.InSpaces(assignments) {
		if err := k.named.Remove(ctx, namedKeyOf(content, id)); err != nil {
			return err
		}
	}
	client, err := types.ParseAddress("client", l.Client)
	if err != nil {
		return err
	}
	if err := k.requestsByClient.Remove(ctx, collections.Join(client, id)); err != nil {
		return err
	}
	if err := k.requestsByJob.Remove(ctx, collections.Join(l.Spec.JobId, id)); err != nil {
		return err
	}
	if err := k.removals.Remove(ctx, collections.Join(removalOf(l.Request, l.rules.params), id)); err != nil {
		return err
	}
	if err := k.requests.Remove(ctx, id); err != nil {
		return err
	}
	return emit(ctx, &types.EventRequestRemoved{RequestId: id})
}

// dueKeys lists at most limit keys of a set by time whose time is now or before.
func dueKeys(ctx context.Context, set collections.KeySet[deadlineKey], now int64, limit int) ([]deadlineKey, error) {
	iterator, err := set.Iterate(ctx, new(collections.Range[deadlineKey]).EndExclusive(collections.Join(now+1, uint64(0))))
	if err != nil {
		return nil, err
	}
	defer iterator.Close()
	var keys []deadlineKey
	for ; iterator.Valid() && len(keys) < limit; iterator.Next() {
		key, err := iterator.Key()
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}
