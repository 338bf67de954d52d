package daemon

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// ErrLater is returned by a task that found nothing to do, and does not know when there will be something.
var ErrLater = errors.New("later")

// Requests runs what is due for requests: for each one thing at a time, and nothing for a while after something went wrong.
type Requests struct {
	log   *slog.Logger
	tasks Tasks[uint64]
	holds Holds

	mu   sync.Mutex
	told map[uint64]string
}

// NewRequests returns the requests of a daemon that has begun none. Ended is called after each task; it must not block.
func NewRequests(log *slog.Logger, ended func()) *Requests {
	return &Requests{log: log, tasks: Tasks[uint64]{Ended: ended}}
}

// Look is one answer of the chain: an owner's places.
type Look struct {
	Places   []jobstypes.Place
	stale    map[uint64]bool // their tasks were running when the chain was asked, and may have done more than it says
	requests *Requests
}

// Look asks for the owner's places.
func (r *Requests) Look(ctx context.Context, network Network, owner string) (Look, error) {
	l := Look{stale: r.tasks.Running(), requests: r}
	var err error
	l.Places, err = network.Places(ctx, owner)
	return l, err
}

// Has says whether the owner has a place in a request, in any role.
func (l Look) Has(requestID uint64) bool {
	return slices.ContainsFunc(l.Places, func(p jobstypes.Place) bool { return p.Request.Id == requestID })
}

// As lists the places in a role.
func (l Look) As(role program.Role) []jobstypes.Place {
	return slices.DeleteFunc(slices.Clone(l.Places), func(p jobstypes.Place) bool { return p.Role != role })
}

// Unseen lists the requests for which something was running when the chain was asked and in which it saw no place: a
// place may have been taken since.
func (l Look) Unseen() []uint64 {
	var unseen []uint64
	for requestID := range l.stale {
		if !l.Has(requestID) {
			unseen = append(unseen, requestID)
		}
	}
	return unseen
}

// MayStart says whether something may be started for a request on the ground of this look: nothing is running for it, nor
// was when the chain was asked, and nothing went wrong with it a moment ago.
func (l Look) MayStart(requestID uint64) bool {
	return !l.stale[requestID] && !l.requests.holds.Held(requestID)
}

// Start runs f for a request in the background, unless something is running for it. It says whether it did.
func (r *Requests) Start(ctx context.Context, requestID uint64, f func() error) bool {
	return r.tasks.Start(requestID, func() {
		err := f()
		switch {
		case err == nil:
			r.holds.Release(requestID)
		case errors.Is(err, ErrLater):
			r.holds.Hold(requestID)
		case ctx.Err() == nil:
			r.log.Warn("could not go on with a request, trying again", "request", requestID, "error", err, "in", r.holds.Hold(requestID))
		}
	})
}

// Next is the time until a request that went wrong may be looked at again; 0: there is none.
func (r *Requests) Next() time.Duration { return r.holds.Next() }

// Wait returns when nothing is running any more.
func (r *Requests) Wait() { r.tasks.Wait() }

// Tell logs what is to be known about a request, once for each message in a row.
func (r *Requests) Tell(request jobstypes.Request, message, why string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.told[request.Id] == message+why {
		return
	}
	if r.told == nil || len(r.told) > 1000 {
		r.told = map[uint64]string{} // requests come and go; at worst one is told twice
	}
	r.told[request.Id] = message + why
	r.LogOf(request).Info(message, "why", why)
}

// LogOf is the log with the keys of a request.
func (r *Requests) LogOf(request jobstypes.Request) *slog.Logger {
	return r.log.With("job", JobID(request.Spec.JobId), "request", request.Id)
}

// Sooner is the shorter of two times, of which 0 means never.
func Sooner(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
