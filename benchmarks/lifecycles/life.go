package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
)

// send is a plain send between two of the clients.
func (c *cast) send(ctx context.Context, _ int) error {
	from, to := c.customer(), c.customer()
	_, err := c.do(ctx, from, banktypes.NewMsgSend(from.Address(), to.Address(), sdk.NewCoins(chain.Coin(1))))
	return err
}

// customer is each of the clients in turn.
func (c *cast) customer() client.Key {
	return c.clients[int(c.served.Add(1))%len(c.clients)]
}

// live leads some requests through their lives, all at the same pace: each turn is one transaction with one message for
// each request.
func (c *cast) live(ctx context.Context, lane, requests int) error {
	workers := make([]client.Key, c.perRequest)
	for i := range workers {
		workers[i] = c.workers[(lane+i)%len(c.workers)]
	}
	life, err := market.NewLife(c.chain.ChainID(), c.job, c.customer(), c.evaluators[lane%len(c.evaluators)], workers)
	if err != nil {
		return err
	}
	ordered, err := c.do(ctx, life.Client, life.Order(requests)...)
	if err != nil {
		return err
	}
	ids, err := market.RequestIDs(ordered)
	if err != nil {
		return err
	}
	for _, step := range life.Honest(ids) {
		turns, turning := errgroup.WithContext(ctx)
		for _, turn := range step.Turns {
			turns.Go(func() error {
				_, err := c.do(turning, turn.By, turn.Msgs...)
				return err
			})
		}
		if err := turns.Wait(); err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	return c.ledger.awaitPaid(ctx, ids)
}
