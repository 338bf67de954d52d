package gateway

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/storage"
	storagetypes "github.com/ain-network/aind/x/storage/types"
)

const (
	// maxLag is how old the node's latest block may be: a node that has stopped, or is far from having caught up, goes on
	// saying what was.
	maxLag = time.Minute
	// clockLife is how long the chain's clock is remembered.
	clockLife = time.Second
)

// Chain is the Ledger that asks a node of the chain.
type Chain struct {
	spaces spaceQueries
	clock  clockQueries

	mu    sync.Mutex
	nowMs int64
	asked time.Time
}

var _ Ledger = (*Chain)(nil)

// What is asked of a client's queries.
type (
	spaceQueries interface {
		Access(ctx context.Context, in *storagetypes.QueryAccessRequest, opts ...grpc.CallOption) (*storagetypes.QueryAccessResponse, error)
		Space(ctx context.Context, in *storagetypes.QuerySpaceRequest, opts ...grpc.CallOption) (*storagetypes.QuerySpaceResponse, error)
	}
	clockQueries interface {
		Now(ctx context.Context) (int64, error)
		LatestBlock(ctx context.Context) (int64, time.Time, error)
	}
)

// NewChain asks what c is connected to.
func NewChain(c *client.Client) *Chain {
	return &Chain{spaces: c.Storage(), clock: c}
}

// Access implements Ledger.
func (c *Chain) Access(ctx context.Context, space uint64, account string, digest storage.Digest) (Access, error) {
	now, err := c.now(ctx)
	if err != nil {
		return Access{}, err
	}
	res, err := c.spaces.Access(ctx, &storagetypes.QueryAccessRequest{Space: space, Account: account, Digest: digest.String()})
	if err != nil {
		return Access{}, ledgerError(ctx, err)
	}
	access := Access{
		Read: res.Read, Write: res.Write, Reason: res.Reason, ExpiresMs: res.ExpiresMs, KeepUntilMs: res.KeepUntilMs,
		Needed: res.Needed, SizeBytes: int64(res.SizeBytes), Provider: res.Provider, NowMs: now,
		Acting: res.Acting, Own: res.Acting == res.Owner, NamedBy: res.NamedBy,
	}
	return access, nil
}

// Space implements Ledger.
func (c *Chain) Space(ctx context.Context, id uint64) (Reservation, error) {
	now, err := c.now(ctx)
	if err != nil {
		return Reservation{}, err
	}
	res, err := c.spaces.Space(ctx, &storagetypes.QuerySpaceRequest{Space: id})
	if err != nil {
		return Reservation{}, ledgerError(ctx, err)
	}
	s := res.Space
	return Reservation{Provider: s.Provider, ExpiresMs: s.ExpiresMs, KeepUntilMs: s.KeepUntilMs, NowMs: now}, nil
}

// now is the chain clock, of a node that keeps up.
func (c *Chain) now(ctx context.Context) (int64, error) {
	_, latest, err := c.clock.LatestBlock(ctx)
	if err != nil {
		return 0, ledgerError(ctx, err)
	}
	if lag := time.Since(latest); lag > maxLag {
		return 0, fmt.Errorf("%w: the node's latest block is %s old (is it catching up, or has the chain stopped?)", ErrLedger, lag.Round(time.Second))
	}
	c.mu.Lock()
	nowMs, asked := c.nowMs, c.asked
	c.mu.Unlock()
	if !asked.IsZero() && time.Since(asked) < clockLife {
		return nowMs, nil
	}
	if nowMs, err = c.clock.Now(ctx); err != nil {
		return 0, ledgerError(ctx, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nowMs, c.asked = nowMs, time.Now()
	return nowMs, nil
}

// ledgerError tells a space that is not there from a chain that cannot be asked.
func ledgerError(ctx context.Context, err error) error {
	if ctxErr := ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if client.IsNotFound(err) {
		return ErrNoSpace
	}
	return fmt.Errorf("%w: %w", ErrLedger, err)
}
