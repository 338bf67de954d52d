package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// PublishCheckpoints adds digests of a worker's intermediate states to those that it has published.
func (k *Keeper) PublishCheckpoints(ctx context.Context, owner sdk.AccAddress, m *types.MsgPublishCheckpoints) error {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if err := m.Validate(l.rules.terms); err != nil {
		return err
	}
	a, err := k.assignment(ctx, l.Id, owner)
	if err != nil {
		return err
	}
	if err := checkMayPublish(l, a); err != nil {
		return err
	}
	c, err := k.checkpointsOf(ctx, l.Id, owner)
	if err != nil {
		return err
	}
	if published := len(c.Digests); int(m.First) != published {
		return types.ErrCheckpoint.Wrapf("first: %d, but worker %s has published %d in request %d; give the next",
			m.First, owner, published, l.Id)
	}
	switch {
	case len(c.Digests) == 0:
		if err := k.nameRoom(ctx, l, owner, m.Space); err != nil {
			return err
		}
		c.Space = m.Space
	case m.Space != c.Space:
		return types.ErrCheckpoint.Wrapf("space: %d, but worker %s has published states in %d in request %d; all of them lie in one",
			m.Space, owner, c.Space, l.Id)
	}
	c.Digests = append(c.Digests, m.Digests...)
	if err := k.checkpoints.Set(ctx, collections.Join(l.Id, owner), c); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventCheckpointsPublished{
		RequestId: l.Id, Worker: a.Worker, Checkpoints: uint32(len(c.Digests)),
	}); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// checkMayPublish wants a worker at work: what is published binds what it commits to.
func checkMayPublish(l *live, a types.Assignment) error {
	switch {
	case a.Resigned:
		return types.ErrState.Wrapf("worker %s has resigned from request %d", a.Worker, l.Id)
	case l.State != types.REQUEST_STATE_RUNNING:
		return types.ErrState.Wrapf("request %d is %s; checkpoints are published while workers work", l.Id, l.State)
	case a.HasCommitted():
		return types.ErrCommitted.Wrapf("worker %s, request %d: its checkpoints are final", a.Worker, l.Id)
	case l.ClosedMs == 0:
		return types.ErrState.Wrapf("request %d still hires; checkpoints are published once the contract has closed", l.Id)
	case l.Spec.WorkersNeedKeys() && !a.HasKey():
		return types.ErrState.Wrapf("worker %s has no key of request %d yet; its client grants it once the contract has closed", a.Worker, l.Id)
	}
	return nil
}

// checkpointsOf is what a worker has published; at first nothing.
func (k *Keeper) checkpointsOf(ctx context.Context, request uint64, worker sdk.AccAddress) (types.Checkpoints, error) {
	c, err := k.checkpoints.Get(ctx, collections.Join(request, worker))
	if errors.Is(err, collections.ErrNotFound) {
		return types.Checkpoints{RequestId: request, Worker: worker.String()}, nil
	}
	return c, err
}

// draw draws the segments of requests whose reveals began in the block before, by the hash of what that block left: whoever
// committed or published in it could not know that.
func (k *Keeper) draw(ctx context.Context) error {
	iterator, err := k.drawings.Iterate(ctx, nil)
	if err != nil {
		return err
	}
	requests, err := iterator.Keys()
	if err != nil {
		return err
	}
	for _, id := range requests {
		if err := k.drawOne(ctx, id); err != nil { // a fault in this program: it is tried again, and stops nothing else
			sdk.UnwrapSDKContext(ctx).Logger().Error("segments cannot be drawn", "request", id, "error", err)
		}
	}
	return nil
}

// drawOne draws the segments of one request, all or nothing. A panic is an error like any other.
func (k *Keeper) drawOne(ctx context.Context, id uint64) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	cached, write := sdk.UnwrapSDKContext(ctx).CacheContext()
	if err := k.drawings.Remove(cached, id); err != nil {
		return err
	}
	r, err := k.requests.Get(cached, id)
	if errors.Is(err, collections.ErrNotFound) || err == nil && r.IsFinished() {
		write()
		return nil
	}
	if err != nil {
		return err
	}
	draw := types.Draw(cached.ChainID(), id, cached.BlockHeader().AppHash)
	r.Draw = draw[:]
	if err := k.requests.Set(cached, id, r); err != nil {
		return err
	}
	if err := emit(cached, &types.EventSegmentsDrawn{RequestId: id, Draw: r.Draw}); err != nil {
		return err
	}
	write()
	return nil
}
