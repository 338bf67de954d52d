package main

import (
	"context"
	"fmt"
	"time"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const (
	// patience with one request.
	patience = time.Minute
	// reward of evaluator and worker each, in uain.
	reward = 1_000_000
)

// customer orders one request at a time.
type customer struct {
	chain *client.Client
	key   client.Key
	job   uint64
	wakes <-chan struct{}
}

func newCustomer(ctx context.Context, chain *client.Client, key client.Key, job uint64) *customer {
	return &customer{chain: chain, key: key, job: job, wakes: chain.Watch(ctx,
		client.OnTx(&jobstypes.EventRanked{}),
		client.OnBlock(&jobstypes.EventRequestSettled{}),
	)}
}

// stageNames are what leads to each of a life's times but the first.
var stageNames = []string{
	"evaluator accepts", "worker accepts", "worker runs and commits", "worker reveals", "evaluator runs and ranks", "client accepts, settled",
}

// life is how one request went.
type life struct {
	ranked, settled time.Duration // from the order, as the client sees it
	// times by the chain clock in ms: requested, evaluator, worker, committed, revealed, ranked, settled.
	times  [7]int64
	blocks int64
}

// order orders, waits for the ranking, accepts it and waits until everybody is paid.
func (c *customer) order(ctx context.Context) (life, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not within %s", patience))
	defer cancel()
	began := time.Now()
	sent, err := c.chain.Do(ctx, c.key, &jobstypes.MsgRequestJob{Signer: c.key.Address().String(), Spec: jobstypes.RequestSpec{
		JobId: c.job, Input: jobstypes.Input{Inline: []byte("\x0a\x04ping")},
		EvaluatorReward: math.NewInt(reward), WorkerReward: math.NewInt(reward),
		RewardFunction: jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_EVEN},
		TimeLimitMs:    30_000, MinWorkers: 1, MaxWorkers: 1,
	}})
	if err != nil {
		return life{}, fmt.Errorf("order: %w", err)
	}
	var ordered jobstypes.MsgRequestJobResponse
	if err := sent.Response(0, &ordered); err != nil {
		return life{}, err
	}
	var l life
	if _, err := c.await(ctx, ordered.RequestId, jobstypes.REQUEST_STATE_RANKED); err != nil {
		return life{}, err
	}
	l.ranked = time.Since(began)
	accepted, err := c.chain.Do(ctx, c.key, &jobstypes.MsgAcceptResult{Signer: c.key.Address().String(), RequestId: ordered.RequestId})
	if err != nil {
		return life{}, fmt.Errorf("accept the result of request %d: %w", ordered.RequestId, err)
	}
	done, err := c.await(ctx, ordered.RequestId, jobstypes.REQUEST_STATE_SETTLED)
	if err != nil {
		return life{}, err
	}
	l.settled = time.Since(began)
	l.blocks = accepted.Height - sent.Height + 1
	r, place := done.Request, done.Assignments[0]
	l.times = [...]int64{r.RequestedMs, r.StartedMs, place.AcceptedMs, place.CommittedMs, place.RevealedMs, r.RankedMs, r.FinishedMs}
	return l, nil
}

// await waits until a request is in a state. One that ended differently is an error: it is not what is measured.
func (c *customer) await(ctx context.Context, id uint64, state jobstypes.RequestState) (*jobstypes.QueryRequestResponse, error) {
	for {
		found, err := c.chain.Jobs().Request(ctx, &jobstypes.QueryRequestRequest{RequestId: id})
		if err != nil {
			return nil, fmt.Errorf("request %d: %w", id, err)
		}
		switch {
		case found.Request.State == state:
			return found, nil
		case found.Request.IsFinished():
			return nil, fmt.Errorf("request %d ended with %s", id, found.Request.Outcome)
		}
		select {
		case <-c.wakes:
		case <-ctx.Done():
			return nil, fmt.Errorf("request %d is %s: %w", id, found.Request.State, context.Cause(ctx))
		}
	}
}
