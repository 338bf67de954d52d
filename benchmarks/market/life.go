package market

import (
	"bytes"
	"crypto/rand"

	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// message that is sent to the workers and comes back.
var message = []byte("\x0a\x04ping")

// Life is who takes part in requests that are led through their lives together.
type Life struct {
	ChainID   string
	Job       uint64
	Client    client.Key
	Evaluator client.Key
	Workers   []client.Key

	digest [32]byte
	salt   []byte
}

// NewLife begins lives with the same parties.
func NewLife(chainID string, job uint64, customer, evaluator client.Key, workers []client.Key) (*Life, error) {
	l := &Life{ChainID: chainID, Job: job, Client: customer, Evaluator: evaluator, Workers: workers, salt: make([]byte, jobstypes.SaltSize)}
	if _, err := rand.Read(l.salt); err != nil {
		return nil, err
	}
	var err error
	l.digest, err = jobstypes.ResultDigest(l.result())
	return l, err
}

// Messages of one life with so many workers: request, the evaluator's acceptance, each worker's acceptance, commitment and
// reveal, ranking, and the client's acceptance.
func Messages(workers int) int { return 4 + 3*workers }

func (l *Life) result() jobstypes.Result { return jobstypes.Result{Inline: bytes.Clone(message)} }

// Orders are requests, all alike.
func Orders(job uint64, customer client.Key, workers, requests int) []sdk.Msg {
	msgs := make([]sdk.Msg, requests)
	for i := range msgs {
		msgs[i] = &jobstypes.MsgRequestJob{Signer: customer.Address().String(), Spec: jobstypes.RequestSpec{
			JobId: job, Input: jobstypes.Input{Inline: message},
			EvaluatorReward: math.NewInt(Reward), WorkerReward: math.NewInt(Reward),
			RewardFunction: jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_EVEN},
			TimeLimitMs:    Window, MinWorkers: uint32(workers), MaxWorkers: uint32(workers),
		}}
	}
	return msgs
}

// Order makes the requests themselves.
func (l *Life) Order(requests int) []sdk.Msg {
	return Orders(l.Job, l.Client, len(l.Workers), requests)
}

// Turn is what one of the parties sends, one message for each request.
type Turn struct {
	By   client.Key
	Msgs []sdk.Msg
}

// Step is what happens at once: who acts in it does not wait for the others in it.
type Step struct {
	Name  string
	Turns []Turn
}

// ToRanking are the steps from the evaluator's acceptance to its ranking.
func (l *Life) ToRanking(ids []uint64) []Step {
	return []Step{
		l.step("accept, evaluator", ids, l.evaluators(), func(by client.Key, id uint64) sdk.Msg {
			return &jobstypes.MsgAcceptJob{Signer: by.Address().String(), RequestId: id, Role: program.ROLE_EVALUATOR}
		}),
		l.step("accept, worker", ids, l.Workers, func(by client.Key, id uint64) sdk.Msg {
			return &jobstypes.MsgAcceptJob{Signer: by.Address().String(), RequestId: id, Role: program.ROLE_WORKER}
		}),
		l.step("commit", ids, l.Workers, func(by client.Key, id uint64) sdk.Msg {
			commitment := jobstypes.Commitment(l.ChainID, id, by.Address(), l.digest, l.salt)
			return &jobstypes.MsgSubmitResult{Signer: by.Address().String(), RequestId: id, Commitment: commitment[:]}
		}),
		l.step("reveal", ids, l.Workers, func(by client.Key, id uint64) sdk.Msg {
			return &jobstypes.MsgRevealResult{Signer: by.Address().String(), RequestId: id, Result: l.result(), Salt: l.salt}
		}),
		l.step("rank", ids, l.evaluators(), func(by client.Key, id uint64) sdk.Msg {
			return &jobstypes.MsgRank{Signer: by.Address().String(), RequestId: id, Ranking: l.Ranking(len(l.Workers))}
		}),
	}
}

// Honest are the steps from the evaluator's acceptance to the client's, after which everybody is paid.
func (l *Life) Honest(ids []uint64) []Step {
	accept := func(by client.Key, id uint64) sdk.Msg {
		return &jobstypes.MsgAcceptResult{Signer: by.Address().String(), RequestId: id}
	}
	return append(l.ToRanking(ids), l.step("accept, client", ids, []client.Key{l.Client}, accept))
}

// Challenged are the steps from the evaluator's acceptance to the verdict of the last resolver: the client challenges at
// every level, and each resolver in turn finds the ranking upside down.
func (l *Life) Challenged(ids []uint64, resolvers []client.Key) []Step {
	steps := l.ToRanking(ids)
	for i, resolver := range resolvers {
		ranking := l.Ranking(len(l.Workers) - 1 - i%2)
		steps = append(steps,
			l.step("challenge", ids, []client.Key{l.Client}, func(by client.Key, id uint64) sdk.Msg {
				return &jobstypes.MsgChallenge{Signer: by.Address().String(), RequestId: id}
			}),
			l.step("resolve", ids, []client.Key{resolver}, func(by client.Key, id uint64) sdk.Msg {
				return &jobstypes.MsgResolveChallenge{Signer: by.Address().String(), RequestId: id, Ranking: ranking}
			}))
	}
	return steps
}

// Ranking has the first workers valid, and leaves the others out.
func (l *Life) Ranking(valid int) []jobstypes.RankEntry {
	entries := make([]jobstypes.RankEntry, valid)
	for i := range entries {
		entries[i].Node = l.Workers[i].Address().String()
	}
	return entries
}

func (l *Life) evaluators() []client.Key { return []client.Key{l.Evaluator} }

func (l *Life) step(name string, ids []uint64, by []client.Key, msg func(by client.Key, id uint64) sdk.Msg) Step {
	step := Step{Name: name}
	for _, key := range by {
		turn := Turn{By: key}
		for _, id := range ids {
			turn.Msgs = append(turn.Msgs, msg(key, id))
		}
		step.Turns = append(step.Turns, turn)
	}
	return step
}
