package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/ain-network/aind/storage"
	"github.com/ain-network/aind/storage/gateway"
)

const (
	// rightsLife is how long an answer of the chain is good for. Only what it allows is remembered.
	rightsLife = 2 * time.Second
	maxRights  = 16384
)

// errNothing is the one answer about what is not there and what may not be read.
var errNothing = gateway.Errorf(gateway.CodeNotFound, "there is no such content here, or you may not read it")

var errChain = gateway.Errorf(gateway.CodeChainUnavailable, "the chain cannot be asked who may do this, try again in some seconds")

// rights asks the chain, and remembers its answers for a moment.
type rights struct {
	ledger   gateway.Ledger
	provider string
	now      func() time.Time

	mu      sync.Mutex
	answers map[question]answer
}

type question struct {
	space   uint64
	account string
	digest  storage.Digest
}

type answer struct {
	access gateway.Access
	until  time.Time
}

// access says what an account may do. A space of another provider is none of ours.
func (r *rights) access(ctx context.Context, space uint64, account string, d storage.Digest) (gateway.Access, *gateway.Error) {
	q := question{space, account, d}
	r.mu.Lock()
	known, ok := r.answers[q]
	r.mu.Unlock()
	now := r.now()
	if ok && now.Before(known.until) {
		return known.access, nil
	}
	access, refusal := r.ask(ctx, space, account, d)
	if refusal == nil {
		r.remember(q, access, now)
	}
	return access, refusal
}

// ask is access by what the chain says now: what cannot be undone is not done by what it said a moment ago.
func (r *rights) ask(ctx context.Context, space uint64, account string, d storage.Digest) (gateway.Access, *gateway.Error) {
	access, err := r.ledger.Access(ctx, space, account, d)
	switch {
	case errors.Is(err, gateway.ErrNoSpace):
		return gateway.Access{}, errNothing
	case err != nil:
		return gateway.Access{}, errChain
	case access.Provider != r.provider:
		return gateway.Access{}, errNothing
	}
	return access, nil
}

// remember keeps an answer that allows something, never beyond the space's expiry: after it the chain may think otherwise.
func (r *rights) remember(q question, access gateway.Access, now time.Time) {
	if !access.Read && !access.Write {
		return
	}
	life := rightsLife
	if left := time.Duration(access.ExpiresMs-access.NowMs) * time.Millisecond; access.ExpiresMs > 0 && left < life {
		life = left
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) >= maxRights {
		clear(r.answers)
	}
	r.answers[q] = answer{access, now.Add(life)}
}

// mayRead says whether an account may read a digest. There is one refusal for everything that may not be.
func (r *rights) mayRead(ctx context.Context, space uint64, account string, d storage.Digest) (gateway.Access, *gateway.Error) {
	access, refusal := r.access(ctx, space, account, d)
	if refusal == nil && !access.Read {
		refusal = errNothing
	}
	return access, refusal
}

// mayWrite says whether an account may put content into a space.
func (r *rights) mayWrite(ctx context.Context, space uint64, account string) (gateway.Access, *gateway.Error) {
	access, refusal := r.access(ctx, space, account, "")
	switch {
	case refusal != nil:
		return access, refusal
	case access.ExpiresMs <= access.NowMs:
		return access, gateway.Errorf(gateway.CodeSpaceExpired, "space %d expired at %d, the chain's time is %d (extend it, or reserve another)", space, access.ExpiresMs, access.NowMs)
	case !access.Write:
		return access, gateway.Errorf(gateway.CodeNotAllowed, "%s may not write to space %d: %s", account, space, access.Reason)
	}
	return access, nil
}
