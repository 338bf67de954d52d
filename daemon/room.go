package daemon

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/storage"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

// Room says what more this node can store.
type Room interface {
	Left(ctx context.Context) (FreeRoom, error)
}

// FreeRoom is what a space has left.
type FreeRoom struct {
	// Bytes of what is Reserved, neither stored nor under way. Untold: the space is another's, which does not say.
	Bytes, Reserved int64
	Untold          bool
	// ExpiresMs is until when it is paid for, Write whether this node may write there.
	ExpiresMs int64
	Write     bool
}

// states is what a node states of it: never more than there is, and in eighths of the reservation, so that not every result is
// a reason to state something else.
func (l FreeRoom) states() uint64 {
	if l.Untold || l.Bytes <= 0 {
		return 0
	}
	if l.Bytes >= l.Reserved {
		return uint64(l.Reserved)
	}
	return uint64(l.Bytes - l.Bytes%max(1, l.Reserved/8))
}

// outdates says whether something else should be stated: there is less, or so much more that it matters.
func (l FreeRoom) outdates(stated uint64) bool {
	return stated > uint64(max(0, l.Bytes)) || stated+uint64(max(1, l.Reserved/4)) <= l.states()
}

// SpaceRoom asks the chain and the gateway about a space.
type SpaceRoom struct {
	Spaces  *Spaces
	Space   uint64
	Account string // who writes there

	mu    sync.Mutex
	left  FreeRoom
	err   error
	asked time.Time
}

// roomFresh is how long an answer is used, whatever it was: openings are looked at one after the other.
const roomFresh = 2 * time.Second

// Left implements Room.
func (r *SpaceRoom) Left(ctx context.Context) (FreeRoom, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.asked) < roomFresh {
		return r.left, r.err
	}
	left, err := r.ask(ctx)
	if ctx.Err() != nil {
		return left, ctx.Err()
	}
	r.left, r.err, r.asked = left, err, time.Now()
	return left, err
}

func (r *SpaceRoom) ask(ctx context.Context) (FreeRoom, error) {
	access, err := r.Spaces.Query.Access(ctx, &storagetypes.QueryAccessRequest{Space: r.Space, Account: r.Account})
	if client.IsNotFound(err) {
		return FreeRoom{}, fmt.Errorf("%w: the chain has no space %d, or no longer", storage.ErrNotFound, r.Space)
	}
	if err != nil {
		return FreeRoom{}, fmt.Errorf("ask for space %d: %w", r.Space, err)
	}
	left := FreeRoom{ExpiresMs: access.ExpiresMs, Write: access.Write, Reserved: int64(access.SizeBytes), Untold: !access.Read}
	space, err := r.Spaces.Space(ctx, r.Space)
	if err != nil {
		return FreeRoom{}, err
	}
	usage, err := space.Usage(ctx)
	switch {
	case left.Untold && (errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrDenied)):
		return left, nil // the gateway is there, which is all that can be known
	case err != nil:
		r.Spaces.Forget(r.Space)
		return FreeRoom{}, err
	}
	left.Bytes = max(0, left.Reserved-usage.Stored-usage.Pending)
	return left, nil
}

// CannotStore says why the result of a request could not be stored in this node's own space, with those of the runs that it
// has; empty: it could. Nothing is promised, and no bond pledged, for what could not be handed over.
func (k *Kit) CannotStore(ctx context.Context, request jobstypes.Request, runs int) (string, error) {
	if k.Room == nil {
		return "", nil
	}
	left, err := k.Room.Left(ctx)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return fmt.Sprintf("its result could not be stored in %s: %s", SpaceURL(k.Space), err), nil
	}
	now, err := k.Clock.Now(ctx)
	if err != nil {
		return "", err
	}
	by, err := k.revealBy(ctx, request)
	if err != nil {
		return "", err
	}
	most := int64(k.Config.Limits.Output)
	switch {
	case !left.Write && left.ExpiresMs <= now:
		return fmt.Sprintf("%s, where its result would go, expired at %d: reserve another", SpaceURL(k.Space), left.ExpiresMs), nil
	case !left.Write:
		return fmt.Sprintf("%s, where its result would go, does not let this node write: ask its owner, or name a space of your own", SpaceURL(k.Space)), nil
	case left.ExpiresMs < by:
		return fmt.Sprintf("%s expires at %d, and its result may be due until %d: extend it (aind storage extend)", SpaceURL(k.Space), left.ExpiresMs, by), nil
	case !left.Untold && left.Bytes < int64(runs+1)*most:
		return fmt.Sprintf("its result may not fit into %s: %d bytes are left for %d results, each of up to limits.output, %d (aind storage rm makes room)",
			SpaceURL(k.Space), left.Bytes, runs+1, most), nil
	}
	return "", nil
}

// revealBy is when the result of a request has been revealed at the latest.
func (k *Kit) revealBy(ctx context.Context, request jobstypes.Request) (int64, error) {
	terms, err := k.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	if err != nil {
		return 0, err
	}
	w := terms.Windows
	if request.StartedMs != 0 {
		return SubmitBy(request) + int64(w.RevealMs), nil
	}
	return request.RequestedMs + int64(w.OpenMs+w.HiringMs+w.GrantMs+request.Spec.TimeLimitMs+w.RevealMs), nil
}

// Capability is what this node offers now.
func (k *Kit) Capability(ctx context.Context) (program.Capability, error) {
	capability := k.Config.Capability()
	if k.Room == nil {
		return capability, nil
	}
	left, err := k.Room.Left(ctx)
	if !left.Untold {
		capability.FreeStorageBytes = uint64(max(0, left.Bytes))
	}
	return capability, err
}

// capability is what the owner's node states when it applies.
func (m *Member) capability(ctx context.Context) (program.Capability, error) {
	capability := m.Config.Capability()
	if m.Room == nil {
		return capability, nil
	}
	left, err := m.Room.Left(ctx)
	capability.FreeStorageBytes = left.states()
	return capability, err
}

// restatement is a statement of what storage is left, where the chain has another one that is out of date; nil: it has not.
// Only a worker puts results anywhere, and what else the owner has stated is left as it is.
func (m *Member) restatement(ctx context.Context) (*reputationtypes.MsgUpdateCapability, error) {
	if m.Room == nil || m.Role != program.ROLE_WORKER {
		return nil, nil
	}
	left, err := m.Room.Left(ctx)
	if err != nil {
		m.Log.Warn("could not ask what storage is left", "error", err)
		return nil, ctx.Err()
	}
	nodes, err := m.Chain.Memberships(ctx, m.Owner.String())
	if err != nil {
		return nil, err
	}
	for _, info := range nodes {
		node := info.Node
		if node.Status != reputationtypes.NODE_STATUS_ACTIVE || !contains(node.Roles, m.Role) || !left.outdates(node.Capability.FreeStorageBytes) {
			continue
		}
		msg := &reputationtypes.MsgUpdateCapability{Signer: m.Signer, JobId: node.JobId, Capability: node.Capability}
		msg.Capability.FreeStorageBytes = left.states()
		return msg, nil
	}
	return nil, nil
}
