package main

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"cosmossdk.io/math"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/benchmarks/market"
	"github.com/ain-network/aind/benchmarks/network"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

const (
	// wealth of every account, in uain; nodes put half of it at stake.
	wealth = 1_000_000_000
	// setupBatch is how many messages a transaction of the set-up holds.
	setupBatch = 20
)

// cast is everybody who takes part, and their job.
type cast struct {
	chain                        *client.Client
	ledger                       *ledger
	job                          uint64
	root                         client.Key
	clients, evaluators, workers []client.Key
	perRequest                   int // workers
	served                       atomic.Int64
}

// hire makes all accounts, registers the job, and makes evaluators and workers nodes of it.
func hire(ctx context.Context, net *network.Network, l *ledger, s settings) (*cast, error) {
	c := &cast{chain: net.Chain, ledger: l, root: client.GenerateKey(), perRequest: s.workers}
	for range s.clients {
		c.clients = append(c.clients, client.GenerateKey())
	}
	for range s.nodes {
		c.evaluators = append(c.evaluators, client.GenerateKey())
		c.workers = append(c.workers, client.GenerateKey())
	}
	treasury, err := net.Key("client", "treasury")
	if err != nil {
		return nil, err
	}
	if err := c.fund(ctx, treasury); err != nil {
		return nil, fmt.Errorf("fund the accounts: %w", err)
	}
	if err := c.register(ctx); err != nil {
		return nil, fmt.Errorf("register the job: %w", err)
	}
	for role, keys := range map[program.Role][]client.Key{program.ROLE_EVALUATOR: c.evaluators, program.ROLE_WORKER: c.workers} {
		if err := c.join(ctx, role, keys); err != nil {
			return nil, fmt.Errorf("join as %s: %w", role, err)
		}
	}
	return c, nil
}

func (c *cast) fund(ctx context.Context, treasury client.Key) error {
	coins := sdk.NewCoins(sdk.NewCoin(chain.Denom, math.NewInt(wealth)))
	var sends []sdk.Msg
	for _, key := range slices.Concat([]client.Key{c.root}, c.clients, c.evaluators, c.workers) {
		sends = append(sends, banktypes.NewMsgSend(treasury.Address(), key.Address(), coins))
	}
	return c.doAll(ctx, treasury, sends)
}

// do has messages executed as one transaction.
func (c *cast) do(ctx context.Context, key client.Key, msgs ...sdk.Msg) ([]*codectypes.Any, error) {
	return c.ledger.do(ctx, c.chain, key, msgs...)
}

// doAll has messages of one signer executed, many in a transaction.
func (c *cast) doAll(ctx context.Context, key client.Key, msgs []sdk.Msg) error {
	for some := range slices.Chunk(msgs, setupBatch) {
		if _, err := c.do(ctx, key, some...); err != nil {
			return err
		}
	}
	return nil
}

// register makes the root's job.
func (c *cast) register(ctx context.Context) error {
	msg, err := market.Register(ctx, c.root, market.Windows())
	if err != nil {
		return err
	}
	answers, err := c.do(ctx, c.root, msg)
	if err != nil {
		return err
	}
	c.job, err = market.JobID(answers)
	return err
}

// join makes accounts nodes of the job. The root asks nobody for more than the right form.
func (c *cast) join(ctx context.Context, role program.Role, keys []client.Key) error {
	var approvals []sdk.Msg
	for _, key := range keys {
		application, err := market.Apply(c.chain.ChainID(), c.job, key, role, "", wealth/2)
		if err != nil {
			return err
		}
		answers, err := c.do(ctx, key, application...)
		if err != nil {
			return err
		}
		id, err := market.ApplicationID(answers)
		if err != nil {
			return err
		}
		approvals = append(approvals, &reputationtypes.MsgApproveNode{Signer: c.root.Address().String(), ApplicationId: id})
	}
	return c.doAll(ctx, c.root, approvals)
}
