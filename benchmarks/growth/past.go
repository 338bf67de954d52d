package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	"github.com/ain-network/aind/benchmarks/statemachine"
	"github.com/ain-network/aind/chain"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const (
	clients = 1000
	// chunk of a past that is planted in one block.
	chunk = 5_000
	// Everything of a request is over, and forgotten, after so much chain time; a block may bring half a minute of it.
	forgetting = 4 * time.Hour
	longBlock  = 30 * time.Second
)

// grown is a chain with a past.
type grown struct {
	*statemachine.Job
	past
	took                     time.Duration
	emptyBytes               int // before the first request
	finishedBytes, liveBytes float64
}

func grow(ctx context.Context, p past, workers int) (*grown, error) {
	began := time.Now()
	job, err := statemachine.OpenJob(ctx, market.Windows(), statemachine.Cast{Clients: clients, Evaluators: 64, Workers: 64})
	if err != nil {
		return nil, err
	}
	c := &grown{Job: job, past: p}
	if err := c.growAll(ctx, workers); err != nil {
		return nil, errors.Join(err, job.Close())
	}
	c.took = time.Since(began)
	return c, nil
}

func (c *grown) growAll(ctx context.Context, workers int) error {
	var err error
	if c.emptyBytes, err = c.stateBytes(); err != nil {
		return err
	}
	if _, err := c.Live(0, 1, workers, statemachine.Honest); err != nil {
		return err
	}
	before, err := c.stateBytes()
	if err != nil {
		return err
	}
	model, err := c.App.Jobs.ExportGenesis(c.Context())
	if err != nil {
		return err
	}
	for first := 0; first < c.finished; first += chunk {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := c.Plant(func(ctx sdk.Context) error { return c.plant(ctx, *model, first, min(chunk, c.finished-first)) }); err != nil {
			return err
		}
	}
	after, err := c.stateBytes()
	if err != nil {
		return err
	}
	c.finishedBytes = measure.Round(float64(after-before) / float64(c.finished))
	for n := 0; n < c.live; n += statemachine.Batch {
		customer := c.Clients[n/statemachine.Batch%len(c.Clients)]
		if _, err := c.Order(c.ID, customer, workers, min(statemachine.Batch, c.live-n)); err != nil {
			return err
		}
	}
	all, err := c.stateBytes()
	c.liveBytes = measure.Round(float64(all-after) / float64(c.live))
	return err
}

// plant copies the one finished request, each time for another client, which is an account with coins.
func (c *grown) plant(ctx sdk.Context, model jobstypes.GenesisState, first, count int) error {
	var err error
	if model.Clock, err = c.App.Jobs.Clock(ctx); err != nil {
		return err
	}
	finished, assignments := model.Requests[0], model.Assignments
	model.Requests, model.Assignments = nil, nil
	for i := range count {
		client := stranger(first + i)
		c.App.Auth.SetAccount(ctx, c.App.Auth.NewAccountWithAddress(ctx, client))
		if err := c.App.Bank.SendCoins(ctx, c.Root.Address(), client, sdk.NewCoins(chain.Coin(1))); err != nil {
			return err
		}
		r := finished
		r.Id += uint64(first+i) + 1
		r.Client = client.String()
		model.Requests = append(model.Requests, r)
		for _, a := range assignments {
			a.RequestId = r.Id
			model.Assignments = append(model.Assignments, a)
		}
		model.NextRequestId = r.Id + 1
	}
	return c.App.Jobs.InitGenesis(ctx, model)
}

// stranger is an account whose key nobody has.
func stranger(n int) sdk.AccAddress {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(n)))
	return sum[:20]
}

// send is a send from one of the clients to one of all those accounts.
func (c *grown) send(n int) market.Turn {
	from := c.Clients[n%len(c.Clients)]
	to := stranger(int(binary.BigEndian.Uint32(stranger(n))) % c.finished)
	return market.Turn{By: from, Msgs: []sdk.Msg{banktypes.NewMsgSend(from.Address(), to, sdk.NewCoins(chain.Coin(1)))}}
}

// stateBytes are the keys and values of what our modules keep.
func (c *grown) stateBytes() (int, error) {
	size := 0
	ctx := c.Context()
	for _, name := range []string{jobstypes.StoreKey, escrowtypes.StoreKey, reputationtypes.StoreKey} {
		iterator := ctx.MultiStore().GetKVStore(c.App.StoreKey(name)).Iterator(nil, nil)
		for ; iterator.Valid(); iterator.Next() {
			size += len(iterator.Key()) + len(iterator.Value())
		}
		if err := iterator.Close(); err != nil {
			return 0, err
		}
	}
	return size, nil
}

// forget lets time pass until nothing is left of all requests, and of so many that were led through their lives meanwhile.
// It returns the bytes that are left of each.
func (c *grown) forget(lived int) (float64, error) {
	c.BlockTime = longBlock
	for range int(forgetting / longBlock) {
		if _, err := c.Block(); err != nil {
			return 0, err
		}
	}
	left, err := c.stateBytes()
	return measure.Round(float64(left-c.emptyBytes) / float64(c.finished+c.live+lived)), err
}
