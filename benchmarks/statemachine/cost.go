package statemachine

import (
	"fmt"
	"os"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/measure"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// Cost is what some messages took, without the signing of their transactions. CPU time is this whole process's, garbage
// collection and the database's own threads included.
type Cost struct {
	Messages int
	Check    time.Duration // CPU of letting them into the mempool
	Execute  time.Duration // CPU of their blocks, from proposal to disk
	Wall     time.Duration // of both, without the signing
	// TxBytes and EventBytes are what a node receives, and what it tells those who watch.
	TxBytes, EventBytes int
}

// Add another cost.
func (c *Cost) Add(o Cost) {
	c.Messages += o.Messages
	c.Check += o.Check
	c.Execute += o.Execute
	c.Wall += o.Wall
	c.TxBytes += o.TxBytes
	c.EventBytes += o.EventBytes
}

// CPU of checking and executing.
func (c Cost) CPU() time.Duration { return c.Check + c.Execute }

// Bytes of transactions and events.
func (c Cost) Bytes() int { return c.TxBytes + c.EventBytes }

// Execute checks turns and makes a block of them, a transaction for each. All have to be executed.
func (c *Chain) Execute(turns []market.Turn) (Cost, [][]*codectypes.Any, error) {
	txs := make([][]byte, len(turns))
	var cost Cost
	var err error
	for i, turn := range turns {
		if txs[i], err = c.Sign(turn.By, turn.Msgs...); err != nil {
			return cost, nil, err
		}
		cost.Messages += len(turn.Msgs)
		cost.TxBytes += len(txs[i])
	}
	began := time.Now()
	if cost.Check, err = Used(func() error { return c.checkAll(txs) }); err != nil {
		return cost, nil, err
	}
	var block Block
	cost.Execute, err = Used(func() error { block, err = c.Block(txs...); return err })
	cost.Wall = time.Since(began)
	if err != nil {
		return cost, nil, err
	}
	cost.EventBytes = eventBytes(block)
	answers := make([][]*codectypes.Any, len(txs))
	for i, result := range block.Results {
		if answers[i], err = Responses(result); err != nil {
			return cost, nil, fmt.Errorf("%s: %w", sdk.MsgTypeURL(turns[i].Msgs[0]), err)
		}
	}
	return cost, answers, nil
}

func (c *Chain) checkAll(txs [][]byte) error {
	for _, tx := range txs {
		if err := c.Check(tx); err != nil {
			return err
		}
	}
	return nil
}

// Used is the CPU time that this process uses for something, in steps of 10 ms: sum many.
func Used(do func() error) (time.Duration, error) {
	before, err := measure.CPU(os.Getpid())
	if err != nil {
		return 0, err
	}
	if err := do(); err != nil {
		return 0, err
	}
	after, err := measure.CPU(os.Getpid())
	return after - before, err
}

// Settle makes blocks without transactions until so many more requests are over, and says what those blocks took.
func (c *Chain) Settle(requests int) (Cost, error) {
	var cost Cost
	for blocks := 0; c.ended < requests; blocks++ {
		if blocks > 10*requests {
			return cost, fmt.Errorf("%d of %d requests ended within %d blocks", c.ended, requests, blocks)
		}
		began := time.Now()
		used, err := Used(func() error {
			block, err := c.Block()
			cost.EventBytes += eventBytes(block)
			return err
		})
		if err != nil {
			return cost, err
		}
		cost.Execute += used
		cost.Wall += time.Since(began)
	}
	c.ended -= requests
	return cost, nil
}

// Ended is how many requests a block paid out or called off.
func (b Block) Ended() int {
	count := 0
	for _, event := range b.Events {
		if event.Type == settled || event.Type == cancelled {
			count++
		}
	}
	return count
}

var (
	settled   = proto.MessageName(&jobstypes.EventRequestSettled{})
	cancelled = proto.MessageName(&jobstypes.EventRequestCancelled{})
)

func eventBytes(b Block) int {
	size := 0
	count := func(events []abci.Event) {
		for i := range events {
			size += events[i].Size()
		}
	}
	count(b.Events)
	for _, result := range b.Results {
		count(result.Events)
	}
	return size
}
