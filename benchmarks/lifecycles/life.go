package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"

	"cosmossdk.io/math"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// messagesPerLife of a request with one worker.
const messagesPerLife = 7

// reward of evaluator and worker each, in uain.
const reward = 10_000

// message that is sent to the worker and comes back.
var message = []byte("\x0a\x04ping")

// send is a plain send between two of the clients.
func (c *cast) send(ctx context.Context, lane int) error {
	from, to := c.clients[lane%len(c.clients)], c.clients[(lane+1)%len(c.clients)]
	_, err := c.do(ctx, from, banktypes.NewMsgSend(from.Address(), to.Address(), sdk.NewCoins(chain.Coin(1))))
	return err
}

// live leads some requests through their lives, all at the same pace: each of the seven steps is one transaction with one
// message for each request.
func (c *cast) live(ctx context.Context, lane, requests int) error {
	customer, judge, worker := c.clients[lane%len(c.clients)], c.evaluators[lane%len(c.evaluators)], c.workers[lane%len(c.workers)]
	ordered, err := c.do(ctx, customer, c.orders(customer, requests)...)
	if err != nil {
		return err
	}
	ids, err := requestIDs(ordered)
	if err != nil {
		return err
	}
	salt := make([]byte, jobstypes.SaltSize)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	result := jobstypes.Result{Inline: bytes.Clone(message)}
	digest, err := jobstypes.ResultDigest(result)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		by  client.Key
		msg func(signer string, id uint64) sdk.Msg
	}{
		{judge, func(signer string, id uint64) sdk.Msg {
			return &jobstypes.MsgAcceptJob{Signer: signer, RequestId: id, Role: program.ROLE_EVALUATOR}
		}},
		{worker, func(signer string, id uint64) sdk.Msg {
			return &jobstypes.MsgAcceptJob{Signer: signer, RequestId: id, Role: program.ROLE_WORKER}
		}},
		{worker, func(signer string, id uint64) sdk.Msg {
			commitment := jobstypes.Commitment(c.chain.ChainID(), id, worker.Address(), digest, salt)
			return &jobstypes.MsgSubmitResult{Signer: signer, RequestId: id, Commitment: commitment[:]}
		}},
		{worker, func(signer string, id uint64) sdk.Msg {
			return &jobstypes.MsgRevealResult{Signer: signer, RequestId: id, Result: result, Salt: salt}
		}},
		{judge, func(signer string, id uint64) sdk.Msg {
			return &jobstypes.MsgRank{Signer: signer, RequestId: id, Ranking: []jobstypes.RankEntry{{Node: worker.Address().String()}}}
		}},
		{customer, func(signer string, id uint64) sdk.Msg {
			return &jobstypes.MsgAcceptResult{Signer: signer, RequestId: id}
		}},
	} {
		msgs := make([]sdk.Msg, len(ids))
		for i, id := range ids {
			msgs[i] = step.msg(step.by.Address().String(), id)
		}
		if _, err := c.do(ctx, step.by, msgs...); err != nil {
			return fmt.Errorf("%s: %w", sdk.MsgTypeURL(msgs[0]), err)
		}
	}
	return c.ledger.awaitPaid(ctx, ids)
}

func (c *cast) orders(customer client.Key, requests int) []sdk.Msg {
	msgs := make([]sdk.Msg, requests)
	for i := range msgs {
		msgs[i] = &jobstypes.MsgRequestJob{Signer: customer.Address().String(), Spec: jobstypes.RequestSpec{
			JobId: c.job, Input: jobstypes.Input{Inline: message},
			EvaluatorReward: math.NewInt(reward), WorkerReward: math.NewInt(reward),
			RewardFunction: jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_EVEN},
			TimeLimitMs:    window10m, MinWorkers: 1, MaxWorkers: 1,
		}}
	}
	return msgs
}

func requestIDs(responses []*codectypes.Any) ([]uint64, error) {
	ids := make([]uint64, len(responses))
	for i, response := range responses {
		var ordered jobstypes.MsgRequestJobResponse
		if err := proto.Unmarshal(response.Value, &ordered); err != nil {
			return nil, fmt.Errorf("response of a request: %w", err)
		}
		ids[i] = ordered.RequestId
	}
	return ids, nil
}
