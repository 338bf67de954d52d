package keeper

import (
	"context"
	"errors"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// assignment returns a worker's place in a request.
func (k *Keeper) assignment(ctx context.Context, request uint64, worker sdk.AccAddress) (types.Assignment, error) {
	a, err := k.assignments.Get(ctx, collections.Join(request, worker))
	if errors.Is(err, collections.ErrNotFound) {
		return types.Assignment{}, types.ErrNoPlace.Wrapf("%s is no worker of request %d", worker, request)
	}
	return a, err
}

func (k *Keeper) setAssignment(ctx context.Context, worker sdk.AccAddress, a types.Assignment) error {
	return k.assignments.Set(ctx, collections.Join(a.RequestId, worker), a)
}

// workersOf lists the workers of a request by address. Without any it opens no
// iterator, which costs more than all else in ending such a request.
func (k *Keeper) workersOf(ctx context.Context, r types.Request) ([]types.Assignment, error) {
	if r.Workers == 0 {
		return nil, nil
	}
	iterator, err := k.assignments.Iterate(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](r.Id))
	if err != nil {
		return nil, err
	}
	return iterator.Values()
}

// checkPlace holds "one owner, one place": neither the owner nor its operator may
// be the client, an evaluator of any round or a worker of the request.
func (k *Keeper) checkPlace(ctx context.Context, l *live, owner sdk.AccAddress) error {
	place, account, err := k.anyPlace(ctx, l, owner)
	if err == nil && place != "" {
		err = types.ErrPlaceTaken.Wrapf("%s is already %s of request %d", account, place, l.Id)
	}
	return err
}

// anyPlace names the place that an owner or its operator has in a request, and which
// of the two has it. An operator serves one owner and is no node itself, so these
// two names are all there are.
func (k *Keeper) anyPlace(ctx context.Context, l *live, owner sdk.AccAddress) (place string, account sdk.AccAddress, err error) {
	operator, err := k.reputation.Operator(ctx, owner)
	if err != nil {
		return "", nil, err
	}
	for _, account := range []sdk.AccAddress{owner, operator} {
		if account.Empty() {
			continue
		}
		if place, err := k.placeOf(ctx, l, account); err != nil || place != "" {
			return place, account, err
		}
	}
	return "", nil, nil
}

// placeOf names the place that an account has in a request; empty: none.
func (k *Keeper) placeOf(ctx context.Context, l *live, account sdk.AccAddress) (string, error) {
	address := account.String()
	if l.Client == address {
		return "client", nil
	}
	if l.Evaluator == address {
		return "evaluator", nil
	}
	for _, silent := range l.Silent {
		if silent.Evaluator == address {
			return "an evaluator that was silent", nil
		}
	}
	isWorker, err := k.assignments.Has(ctx, collections.Join(l.Id, account))
	if err != nil || !isWorker {
		return "", err
	}
	return "worker", nil
}
