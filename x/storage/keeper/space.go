package keeper

import (
	"context"
	"errors"
	"fmt"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/storage/types"
)

// payer is who pays, and whether it is its operator that signed: an operator pays from the stake and never from the
// wallet.
type payer struct {
	owner    sdk.AccAddress
	operator bool
}

// open reserves a space from a provider and locks what it costs.
func (k *Keeper) open(ctx context.Context, who payer, msg *types.MsgReserveSpace, params types.Params) (uint64, error) {
	if err := k.checkMore(ctx, who.owner, params); err != nil {
		return 0, err
	}
	if err := k.checkRules(ctx, msg.Read, msg.Write); err != nil {
		return 0, err
	}
	owner, err := types.ParseAddress("provider", msg.Provider)
	if err != nil {
		return 0, err
	}
	provider, err := k.offer(ctx, owner, msg.MaxPrice)
	if err != nil {
		return 0, err
	}
	if err := k.reserve(ctx, owner, provider, msg.SizeBytes); err != nil {
		return 0, err
	}
	now, err := k.jobs.Now(ctx)
	if err != nil {
		return 0, err
	}
	space := types.Space{
		Owner: who.owner.String(), Provider: provider.Owner, SizeBytes: msg.SizeBytes,
		ReservedMs: now, ExpiresMs: now, Read: msg.Read.Normal(), Write: msg.Write.Normal(),
	}
	if space.Id, err = k.nextID(ctx); err != nil {
		return 0, err
	}
	if space.HoldId, err = k.escrow.OpenHold(ctx, fmt.Sprintf("space %d", space.Id)); err != nil {
		return 0, err
	}
	cost := space.Extend(provider.Price, int64(msg.DurationMs))
	if err := k.lock(ctx, who, space.HoldId, cost); err != nil {
		return 0, err
	}
	space.DueMs = space.NextDue(now, params)
	if err := k.add(ctx, space); err != nil {
		return 0, err
	}
	return space.Id, emit(ctx, &types.EventSpaceReserved{
		Space: space.Id, Owner: space.Owner, Provider: space.Provider, SizeBytes: space.SizeBytes, ExpiresMs: space.ExpiresMs, Cost: cost.String(),
	})
}

// extend lets a space expire later, at the provider's present price. What was earned so far is paid.
func (k *Keeper) extend(ctx context.Context, who payer, msg *types.MsgExtendSpace, params types.Params) error {
	space, now, err := k.ownSpace(ctx, who.owner, msg.Space)
	if err != nil {
		return err
	}
	if err := msg.Validate(now, space.ExpiresMs, params); err != nil {
		return err
	}
	owner, err := types.ParseAddress("provider", space.Provider)
	if err != nil {
		return err
	}
	provider, err := k.offer(ctx, owner, msg.MaxPrice)
	if err != nil {
		return err
	}
	before := space.DueMs
	if err := k.settle(ctx, &space, now); err != nil {
		return err
	}
	cost := space.Extend(provider.Price, int64(msg.DurationMs))
	if len(space.Terms) > int(params.MaxTerms) {
		return types.ErrLimit.Wrapf("space %d is paid for at %d prices already; wait until %d", space.Id, params.MaxTerms, space.Terms[0].UntilMs)
	}
	if err := k.lock(ctx, who, space.HoldId, cost); err != nil {
		return err
	}
	space.DueMs = space.NextDue(now, params)
	if err := k.save(ctx, space, before); err != nil {
		return err
	}
	return emit(ctx, &types.EventSpaceExtended{Space: space.Id, ExpiresMs: space.ExpiresMs, Cost: cost.String()})
}

// release lets a space expire now, or, where requests need its content, as soon as they do no longer, and gives back
// what is not used.
func (k *Keeper) release(ctx context.Context, owner sdk.AccAddress, id uint64, params types.Params) error {
	space, now, err := k.ownSpace(ctx, owner, id)
	if err != nil {
		return err
	}
	before := space.DueMs
	unused := space.Shorten(min(space.ExpiresMs, max(now, space.KeepUntilMs)))
	if err := k.escrow.Refund(ctx, space.HoldId, owner, unused, reasonUnused); err != nil {
		return err
	}
	if err := emit(ctx, &types.EventSpaceReleased{Space: space.Id, ExpiresMs: space.ExpiresMs, Refund: unused.String()}); err != nil {
		return err
	}
	return k.lookAt(ctx, space, before, now, params)
}

// setAccess replaces both rules of a space. While requests need its content, their participants go on reading it.
func (k *Keeper) setAccess(ctx context.Context, owner sdk.AccAddress, msg *types.MsgSetAccess) error {
	space, now, err := k.ownSpace(ctx, owner, msg.Space)
	if err != nil {
		return err
	}
	if err := k.checkRules(ctx, msg.Read, msg.Write); err != nil {
		return err
	}
	read := msg.Read.Normal()
	open := read.Kind == types.ACCESS_KIND_EVERYBODY || read.Kind == types.ACCESS_KIND_PARTICIPANTS
	if now < space.KeepUntilMs && !open && !read.Equal(space.Read) {
		return types.ErrNeeded.Wrapf("space %d: requests need its content until %d; give %s or %s, or leave read as it is",
			space.Id, space.KeepUntilMs, types.ACCESS_KIND_PARTICIPANTS, types.ACCESS_KIND_EVERYBODY)
	}
	space.Read, space.Write = read, msg.Write.Normal()
	if err := k.spaces.Set(ctx, space.Id, space); err != nil {
		return err
	}
	return emit(ctx, &types.EventAccessSet{Space: space.Id})
}

// publish gives the content of a space names, and returns the version of that. Who has not seen the present names does not replace them.
func (k *Keeper) publish(ctx context.Context, owner sdk.AccAddress, msg *types.MsgPublishFolder) (uint64, error) {
	space, _, err := k.ownSpace(ctx, owner, msg.Space)
	if err != nil {
		return 0, err
	}
	if msg.Size_ > space.SizeBytes {
		return 0, types.ErrLimit.Wrapf("size: %d bytes; space %d has %d", msg.Size_, space.Id, space.SizeBytes)
	}
	if msg.Replaces != space.Folder.Version {
		return 0, types.ErrReplaced.Wrapf("replaces: version %d; that of space %d is %d; make the folder anew out of that one",
			msg.Replaces, space.Id, space.Folder.Version)
	}
	space.Folder = types.Folder{Digest: msg.Digest, Size_: msg.Size_, Chunked: msg.Chunked, Version: space.Folder.Version + 1}
	if err := k.spaces.Set(ctx, space.Id, space); err != nil {
		return 0, err
	}
	return space.Folder.Version, emit(ctx, &types.EventFolderPublished{Space: space.Id, Digest: msg.Digest, Version: space.Folder.Version})
}

// space returns a space that somebody pays for or needs, and the time.
func (k *Keeper) space(ctx context.Context, id uint64) (types.Space, int64, error) {
	now, err := k.jobs.Now(ctx)
	if err != nil {
		return types.Space{}, 0, err
	}
	space, err := k.spaces.Get(ctx, id)
	if errors.Is(err, collections.ErrNotFound) || err == nil && space.Gone(now) {
		return types.Space{}, now, types.ErrUnknownSpace.Wrapf("space %d was never reserved, or has expired", id)
	}
	return space, now, err
}

// liveSpace returns a space that is paid for, and the time.
func (k *Keeper) liveSpace(ctx context.Context, id uint64) (types.Space, int64, error) {
	space, now, err := k.space(ctx, id)
	if err == nil && !space.Live(now) {
		err = types.ErrExpired.Wrapf("space %d expired at %d; reserve another", id, space.ExpiresMs)
	}
	return space, now, err
}

// ownSpace returns a space of the owner that is paid for, and the time.
func (k *Keeper) ownSpace(ctx context.Context, owner sdk.AccAddress, id uint64) (types.Space, int64, error) {
	space, now, err := k.liveSpace(ctx, id)
	if err == nil && space.Owner != owner.String() {
		err = types.ErrNotOwner.Wrapf("space %d is that of %s, not of %s", id, space.Owner, owner)
	}
	return space, now, err
}

// checkMore refuses a space more than an owner may have.
func (k *Keeper) checkMore(ctx context.Context, owner sdk.AccAddress, params types.Params) error {
	count := uint32(0)
	err := k.spacesByOwner.Walk(ctx, collections.NewPrefixedPairRange[sdk.AccAddress, uint64](owner), func(byAccountKey) (bool, error) {
		count++
		return count >= params.MaxSpacesPerOwner, nil
	})
	if err == nil && count >= params.MaxSpacesPerOwner {
		err = types.ErrLimit.Wrapf("owner %s has %d spaces of at most %d; extend one, or release one", owner, count, params.MaxSpacesPerOwner)
	}
	return err
}

// checkRules refuses rules about jobs that are not there.
func (k *Keeper) checkRules(ctx context.Context, rules ...types.AccessRule) error {
	for _, rule := range rules {
		if rule.JobId == 0 {
			continue
		}
		root, err := k.jobs.Root(ctx, rule.JobId)
		if err != nil {
			return err
		}
		if root == nil {
			return types.ErrUnknownJob.Wrapf("job_id: %#x; list the jobs there are", rule.JobId)
		}
	}
	return nil
}

// lock brings the coins that a space costs into its hold.
func (k *Keeper) lock(ctx context.Context, who payer, hold uint64, cost coins) error {
	if who.operator {
		return k.escrow.LockStake(ctx, hold, who.owner, cost)
	}
	return k.escrow.LockWallet(ctx, hold, who.owner, cost)
}

// nextID takes the id of the next space. Ids start at 1: 0 means none.
func (k *Keeper) nextID(ctx context.Context) (uint64, error) {
	id, err := k.nextSpace.Next(ctx)
	if err != nil || id > 0 {
		return id, err
	}
	return k.nextSpace.Next(ctx)
}
