package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	rpchttp "github.com/cometbft/cometbft/rpc/client/http"
	cmttypes "github.com/cometbft/cometbft/types"
	"github.com/cosmos/gogoproto/proto"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/client"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// patience with a transaction that a node has taken.
const patience = 60 * time.Second

// ledger sends transactions and learns what became of them by reading every block once: a subscription for each sender
// would cost the node more than the transactions do.
type ledger struct {
	rpc *rpchttp.HTTP

	mu      sync.Mutex
	waiting map[cmttypes.TxKey]*sent
	paid    map[string]bool // requests whose settlement nobody has asked about yet, by decimal id
	counts  counts
	block   chan struct{} // closed and replaced after each block
	last    error         // why the next block could not be read, last time
}

// sent is a transaction on its way.
type sent struct {
	messages int
	result   chan *abci.ExecTxResult // one
}

// refusal is a transaction that the chain did not execute.
type refusal struct{ why string }

func (r *refusal) Error() string { return "refused: " + r.why }

func newLedger(endpoint string, lanes int) (*ledger, error) {
	// One connection for each transaction that is being sent, kept for the next.
	transport := &http.Transport{MaxIdleConns: 2 * lanes, MaxIdleConnsPerHost: 2 * lanes, IdleConnTimeout: time.Minute}
	rpc, err := rpchttp.NewWithClient(endpoint, "/websocket", &http.Client{Transport: transport, Timeout: patience})
	if err != nil {
		return nil, err
	}
	return &ledger{rpc: rpc, waiting: map[cmttypes.TxKey]*sent{}, paid: map[string]bool{}, block: make(chan struct{})}, nil
}

// do sends messages as one transaction and returns their responses when its block was executed. A *refusal is counted.
func (l *ledger) do(ctx context.Context, chain *client.Client, key client.Key, msgs ...sdk.Msg) ([]*codectypes.Any, error) {
	tx, err := chain.Build(ctx, key, msgs...)
	if err != nil {
		return nil, err
	}
	id := cmttypes.Tx(tx.Bytes).Key()
	s := &sent{messages: len(msgs), result: make(chan *abci.ExecTxResult, 1)}
	l.mu.Lock()
	l.waiting[id] = s
	l.mu.Unlock()
	taken, err := l.rpc.BroadcastTxSync(ctx, tx.Bytes)
	if err == nil && taken.Code != abci.CodeTypeOK {
		err = &refusal{taken.Log}
		l.forget(id)
	}
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case result := <-s.result:
		return responses(result)
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-late.C:
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, fmt.Errorf("transaction %s is in no block after %s; the last block that could not be read: %w", tx.Hash, patience, l.last)
	}
}

func responses(result *abci.ExecTxResult) ([]*codectypes.Any, error) {
	if result.Code != abci.CodeTypeOK {
		return nil, &refusal{result.Log}
	}
	var data sdk.TxMsgData
	err := proto.Unmarshal(result.Data, &data)
	return data.MsgResponses, err
}

// forget a transaction that no block will hold.
func (l *ledger) forget(id cmttypes.TxKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.waiting, id)
	l.counts.refused++
}

// follow reads one block after the other until ctx ends. It is woken by new ones.
func (l *ledger) follow(ctx context.Context, wakes <-chan struct{}) error {
	status, err := l.rpc.Status(ctx)
	if err != nil {
		return err
	}
	for height := status.SyncInfo.LatestBlockHeight + 1; ; {
		select {
		case _, open := <-wakes:
			if !open {
				return nil // ctx has ended
			}
		case <-time.After(time.Second): // events may be lost
		case <-ctx.Done():
			return nil
		}
		for {
			err := l.read(ctx, height)
			l.mu.Lock()
			l.last = err
			l.mu.Unlock()
			if err != nil {
				break // most of the time: it does not exist yet
			}
			height++
		}
	}
}

// read takes in the results of a block.
func (l *ledger) read(ctx context.Context, height int64) error {
	results, err := l.rpc.BlockResults(ctx, &height)
	if err != nil {
		return err
	}
	var txs cmttypes.Txs
	if len(results.TxsResults) > 0 {
		block, err := l.rpc.Block(ctx, &height)
		if err != nil {
			return err
		}
		txs = block.Block.Txs
	}
	if len(txs) != len(results.TxsResults) {
		return errors.New("the block's results are of another block")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, event := range results.FinalizeBlockEvents {
		if id := paidRequest(event); id != "" {
			l.paid[id] = true
			l.counts.settled++
		}
	}
	for i, tx := range txs {
		s, ok := l.waiting[tx.Key()]
		if !ok {
			continue // not ours
		}
		delete(l.waiting, tx.Key())
		if results.TxsResults[i].Code == abci.CodeTypeOK {
			l.counts.txs++
			l.counts.messages += s.messages
		} else {
			l.counts.refused++
		}
		s.result <- results.TxsResults[i]
	}
	l.counts.blocks++
	l.counts.at = time.Now()
	close(l.block)
	l.block = make(chan struct{})
	return nil
}

// awaitPaid returns when requests are settled. Most are in the block of the client's acceptance, but a block settles a
// limited number.
func (l *ledger) awaitPaid(ctx context.Context, ids []uint64) error {
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		block := l.nextBlock()
		ids = slices.DeleteFunc(ids, l.takePaid)
		if len(ids) == 0 {
			return nil
		}
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		case <-late.C:
			return fmt.Errorf("requests %d were accepted and not paid within %s", ids, patience)
		}
	}
}

func (l *ledger) takePaid(id uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := strconv.FormatUint(id, 10)
	paid := l.paid[key]
	delete(l.paid, key)
	return paid
}

// settledEvent and rankedOutcome: typed events carry their fields as JSON.
var (
	settledEvent  = proto.MessageName(&jobstypes.EventRequestSettled{})
	rankedOutcome = strconv.Quote(jobstypes.OUTCOME_RANKED.String())
)

// paidRequest is the decimal id of the request that an event says was settled because its ranking stood; empty: none.
func paidRequest(event abci.Event) string {
	if event.Type != settledEvent {
		return ""
	}
	fields := map[string]string{}
	for _, attribute := range event.Attributes {
		fields[attribute.Key] = attribute.Value
	}
	if fields["outcome"] != rankedOutcome {
		return ""
	}
	return strings.Trim(fields["request_id"], `"`)
}

func (l *ledger) nextBlock() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.block
}

func (l *ledger) counted() counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}
