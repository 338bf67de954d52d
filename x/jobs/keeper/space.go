package keeper

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"cosmossdk.io/collections"
	errorsmod "cosmossdk.io/errors"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// UseStorage says who knows the spaces that requests name. The app calls it before its first block; it is not given to
// NewKeeper since that keeper asks this one for the clock.
func (k *Keeper) UseStorage(storage types.StorageKeeper) { k.storage = storage }

// nameInputs holds what an order names in spaces against their rules, and has it kept until the request is over, if
// nobody challenges it.
func (k *Keeper) nameInputs(ctx context.Context, l *live, client sdk.AccAddress, until int64) error {
	for _, content := range l.Spec.Inputs() {
		if content.Space == 0 {
			continue
		}
		if err := k.storage.CheckInput(ctx, content.Space, client, l.Spec.JobId, until); err != nil {
			return errorsmod.Wrapf(err, "%s.space", content.Path)
		}
		if err := k.name(ctx, l, content.Reference, until); err != nil {
			return err
		}
	}
	return nil
}

// nameOutput does the same with what a node puts out; nil: that is none, or lies inline.
func (k *Keeper) nameOutput(ctx context.Context, l *live, owner sdk.AccAddress, path string, reference *types.Reference) error {
	if reference == nil || reference.Space == 0 {
		return nil
	}
	if err := k.storage.CheckOutput(ctx, reference.Space, owner); err != nil {
		return errorsmod.Wrapf(err, "%s.space", path)
	}
	return k.name(ctx, l, *reference, l.EndsBy(l.rules.params, l.rules.windows))
}

// nameResult does the same with a worker's result and files, which lie in one space. The one that it committed to was looked
// at then: who no longer lets it write there, or gives the space back, takes no result away.
func (k *Keeper) nameResult(ctx context.Context, l *live, owner sdk.AccAddress, committed uint64, result types.Result) error {
	space := uint64(0)
	for _, content := range result.Content() {
		if content.Space == 0 {
			continue
		}
		if space == 0 && content.Space != committed {
			if err := k.storage.CheckOutput(ctx, content.Space, owner); err != nil {
				return errorsmod.Wrapf(err, "%s.space", content.Path)
			}
		}
		space = content.Space
		if err := k.named.Set(ctx, namedKeyOf(content.Reference, l.Id)); err != nil {
			return err
		}
	}
	if space == 0 {
		return nil
	}
	return k.need(ctx, l, space, l.EndsBy(l.rules.params, l.rules.windows))
}

// nameRoom has a space kept from now on in which a worker has content that it will name, or has named by digest.
func (k *Keeper) nameRoom(ctx context.Context, l *live, owner sdk.AccAddress, space uint64) error {
	if space == 0 {
		return nil
	}
	if err := k.storage.CheckOutput(ctx, space, owner); err != nil {
		return errorsmod.Wrap(err, "space")
	}
	return k.need(ctx, l, space, l.EndsBy(l.rules.params, l.rules.windows))
}

// leaveRoom undoes that for a worker that has left the request, unless somebody else needs the space. Else who comes and
// goes could have it grow for ever.
func (k *Keeper) leaveRoom(ctx context.Context, l *live, space uint64) error {
	if space == 0 {
		return nil
	}
	assignments, err := k.workersOf(ctx, l.Request)
	if err != nil || slices.Contains(l.NamedSpaces(assignments, nil), space) {
		return err
	}
	l.Spaces = slices.DeleteFunc(l.Spaces, func(other uint64) bool { return other == space })
	return k.doneWith(ctx, l, space)
}

// name notes that a request names content, and has its space kept.
func (k *Keeper) name(ctx context.Context, l *live, content types.Reference, until int64) error {
	if err := k.named.Set(ctx, namedKeyOf(content, l.Id)); err != nil {
		return err
	}
	return k.need(ctx, l, content.Space, until)
}

// need has a space kept.
func (k *Keeper) need(ctx context.Context, l *live, space uint64, until int64) error {
	if slices.Contains(l.Spaces, space) {
		return k.storage.Keep(ctx, space, until)
	}
	l.Spaces = append(l.Spaces, space)
	if err := k.named.Set(ctx, neededKeyOf(space, l.Id)); err != nil {
		return err
	}
	return k.storage.Need(ctx, space, until)
}

// keepEvidence has all spaces of a request kept until its challenges are over.
func (k *Keeper) keepEvidence(ctx context.Context, l *live, now int64) error {
	for _, space := range l.Spaces {
		if err := k.storage.Keep(ctx, space, l.JudgedBy(now, l.rules.windows)); err != nil {
			return err
		}
	}
	return nil
}

// doneWithSpaces says that a finished request needs its spaces no longer.
func (k *Keeper) doneWithSpaces(ctx context.Context, l *live) error {
	for _, space := range l.Spaces {
		if err := k.doneWith(ctx, l, space); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) doneWith(ctx context.Context, l *live, space uint64) error {
	if err := k.named.Remove(ctx, neededKeyOf(space, l.Id)); err != nil {
		return err
	}
	return k.storage.Done(ctx, space)
}

// checkPrograms holds that a release's programs which lie in spaces are there for who runs them. A fork takes releases as
// they are.
func (k *Keeper) checkPrograms(ctx context.Context, path string, release types.ReleaseSpec, jobID uint64) error {
	for i, program := range release.Programs() {
		if program.Space == 0 {
			continue
		}
		field := "program"
		if i > 0 {
			field = fmt.Sprintf("alternatives[%d]", i-1)
		}
		if err := k.storage.CheckProgram(ctx, program.Space, jobID); err != nil {
			return errorsmod.Wrapf(err, "%s.%s.space", path, field)
		}
	}
	return nil
}

// Reads says who has named the content in the space, in requests that are in the state, where an account takes part in them and
// may read it by now; nobody: it may not. The space's owner ends the list: more is not looked for.
func (k *Keeper) Reads(ctx context.Context, space uint64, owner, digest string, account sdk.AccAddress) (namers []string, err error) {
	enough := func(more ...string) bool {
		for _, namer := range more {
			if !slices.Contains(namers, namer) {
				namers = append(namers, namer)
			}
		}
		return slices.Contains(more, owner) || len(namers) >= maxNamers
	}
	err = k.named.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, string, uint64](space, digest), func(key namedKey) (bool, error) {
		request, err := k.requests.Get(ctx, key.K3())
		if err != nil {
			return true, err
		}
		assignments, err := k.workersOf(ctx, request)
		return err == nil && enough(request.Reads(assignments, space, digest, account.String())...), err
	})
	if err != nil || slices.Contains(namers, owner) {
		return namers, err
	}
	workers, err := k.readsState(ctx, space, owner, digest, account)
	enough(workers...)
	return namers, err
}

// maxNamers is how many accounts are looked for that have named one content in one space.
const maxNamers = 100

// readsState says of which workers the content is a state whose request the account judges now. Those are found by the
// account's places in requests that are not over, which its deposits bound: an index of up to max_checkpoints keys a worker
// would cost every request by checkpoint more than the few reads that this costs who asks.
func (k *Keeper) readsState(ctx context.Context, space uint64, owner, digest string, account sdk.AccAddress) (workers []string, _ error) {
	state, err := types.ParseDigest(digest)
	if err != nil {
		return nil, nil // of no state
	}
	err = k.places.Walk(ctx, collections.NewSuperPrefixedTripleRange[sdk.AccAddress, bool, uint64](account, false), func(key placeKey) (bool, error) {
		request, err := k.requests.Get(ctx, key.K3())
		if err != nil || !request.ReadsStates(space, account.String()) {
			return err != nil, err
		}
		more, err := k.whoseState(ctx, request.Id, space, owner, state)
		workers = append(workers, more...)
		return slices.Contains(more, owner) || len(workers) >= maxNamers, err
	})
	return workers, err
}

// whoseState says which workers of a request have published a state that lies in a space. The space's owner ends the list.
func (k *Keeper) whoseState(ctx context.Context, request, space uint64, owner string, state [32]byte) (workers []string, _ error) {
	err := k.checkpoints.Walk(ctx, collections.NewPrefixedPairRange[uint64, sdk.AccAddress](request), func(_ assignmentKey, c types.Checkpoints) (bool, error) {
		if c.Space == space && slices.ContainsFunc(c.Digests, func(d []byte) bool { return bytes.Equal(d, state[:]) }) {
			workers = append(workers, c.Worker)
			return c.Worker == owner, nil
		}
		return false, nil
	})
	return workers, err
}

// NeedsContent says whether a request that is not finished needs the content in the space: it names the content, or the
// states of a worker do, or a worker has committed to a result from there, of which nobody knows yet what it names.
func (k *Keeper) NeedsContent(ctx context.Context, space uint64, digest string) (bool, error) {
	needs := false
	err := k.named.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, string, uint64](space, digest), func(key namedKey) (bool, error) {
		request, err := k.requests.Get(ctx, key.K3())
		needs = err == nil && !request.IsFinished()
		return needs, err
	})
	if err != nil || needs {
		return needs, err
	}
	err = k.named.Walk(ctx, collections.NewSuperPrefixedTripleRange[uint64, string, uint64](space, ""), func(key namedKey) (bool, error) {
		request, err := k.requests.Get(ctx, key.K3())
		if err == nil {
			needs, err = k.roomNeeds(ctx, request, space, digest)
		}
		return needs, err
	})
	return needs, err
}

// roomNeeds says so of what workers of a request have in a space without having named it in a result.
func (k *Keeper) roomNeeds(ctx context.Context, request types.Request, space uint64, digest string) (bool, error) {
	assignments, err := k.workersOf(ctx, request)
	if err != nil || request.MayReveal(assignments, space) {
		return err == nil, err
	}
	state, err := types.ParseDigest(digest)
	if err != nil {
		return false, nil // of no state
	}
	workers, err := k.whoseState(ctx, request.Id, space, "", state)
	return len(workers) > 0, err
}

// Needs counts for each space the unfinished requests that name it, for tests of the whole state.
func (k *Keeper) Needs(ctx context.Context) (map[uint64]uint64, error) {
	needs := map[uint64]uint64{}
	err := k.requests.Walk(ctx, nil, func(_ uint64, r types.Request) (bool, error) {
		if r.IsFinished() {
			return false, nil
		}
		for _, space := range r.Spaces {
			needs[space]++
		}
		return false, nil
	})
	return needs, err
}

func namedKeyOf(content types.Reference, request uint64) namedKey {
	return collections.Join3(content.Space, content.Digest, request)
}

// neededKeyOf says, with no digest, that a request which is not finished needs the space.
func neededKeyOf(space, request uint64) namedKey { return collections.Join3(space, "", request) }
