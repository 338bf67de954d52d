package console

import (
	"context"
	"fmt"

	"github.com/cosmos/cosmos-sdk/types/query"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/daemon"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// programPlace is the space that programs go into: the one of the settings if everybody reads it, or else one of the signer's own that
// everybody reads. 0: the store of a whole network.
func (s *Session) programPlace(ctx context.Context) (uint64, error) {
	id, err := s.storeSpace()
	if err != nil || id == 0 {
		return 0, err
	}
	public := func(space storagetypes.Space) bool { return space.Read.Kind == storagetypes.ACCESS_KIND_EVERYBODY }
	switch space, err := s.space(ctx, id); {
	case err != nil:
		return 0, err
	case public(space):
		return id, nil
	}
	found, err := s.ownSpace(ctx, public)
	if err != nil {
		return 0, err
	}
	if found == 0 {
		return 0, badInputf("store: not everybody reads space %d, and nodes could not fetch a program from it: reserve one for programs "+
			"(aind storage reserve 1GiB --read everybody), it is found by itself", id)
	}
	s.progress("programs go into space %d, which everybody reads", found)
	return found, nil
}

// newcomersPlace is the store that an invite to a job names where the inviter's own is a space: the space of the inviter's that the job's
// nodes write into.
func (s *Session) newcomersPlace(ctx context.Context, job uint64) (string, error) {
	found, err := s.ownSpace(ctx, func(space storagetypes.Space) bool { return opensTo(space, job) })
	if err != nil {
		return "", err
	}
	if found == 0 {
		name := chain.FormatJobID(job)
		return "", badInputf("store: newcomers have no space, and may not write into %s: reserve one for them "+
			"(aind storage reserve 10GiB --read participants --write job:%s), it is found by itself", s.settings.Store, name)
	}
	return daemon.SpaceURL(found), nil
}

// opensTo says whether a job's nodes write into a space, and those who take part read what they have written.
func opensTo(space storagetypes.Space, job uint64) bool {
	return space.Write.Kind == storagetypes.ACCESS_KIND_JOB && space.Write.JobId == job &&
		(space.Read.Kind == storagetypes.ACCESS_KIND_PARTICIPANTS || space.Read.Kind == storagetypes.ACCESS_KIND_EVERYBODY)
}

// checkNewcomersPlace refuses a store of an invite that is a space which the newcomer could not use.
func (s *Session) checkNewcomersPlace(ctx context.Context, store string, job uint64) error {
	id, isSpace, err := daemon.ParseSpaceURL(store)
	if err != nil {
		return badInputf("store-url: %w", err)
	}
	if !isSpace {
		return nil
	}
	space, err := s.space(ctx, id)
	if err != nil {
		return err
	}
	if !opensTo(space, job) {
		return badInputf("store-url: nodes of job %[1]s may not write into space %[2]d, or participants not read it "+
			"(aind storage grants %[2]d --read participants --write job:%[1]s)", chain.FormatJobID(job), id)
	}
	return nil
}

// ownSpace is the space of the signer's owner, among those that fit, that is there for the longest; 0: there is none.
func (s *Session) ownSpace(ctx context.Context, fits func(storagetypes.Space) bool) (uint64, error) {
	owner, err := s.owner(ctx)
	if err != nil {
		return 0, err
	}
	now, err := s.chain.Now(ctx)
	if err != nil {
		return 0, err
	}
	var best storagetypes.Space
	for page := (&query.PageRequest{Limit: 100}); ; {
		res, err := s.chain.Storage().Spaces(ctx, &storagetypes.QuerySpacesRequest{Owner: owner, Pagination: page})
		if err != nil {
			return 0, fmt.Errorf("ask for the spaces of %s: %w", owner, err)
		}
		for _, space := range res.Spaces {
			if space.ExpiresMs > now && space.ExpiresMs > best.ExpiresMs && fits(space) {
				best = space
			}
		}
		if res.Pagination == nil || len(res.Pagination.NextKey) == 0 {
			return best.Id, nil
		}
		page = &query.PageRequest{Key: res.Pagination.NextKey, Limit: 100}
	}
}
