package client

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	cmtjson "github.com/cometbft/cometbft/libs/json"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

// inboxLinger is how long the connection stays after the last waiting transaction: senders that send often keep one.
const inboxLinger = 20 * time.Second

// inbox receives the results of one sender's transactions as their blocks are executed, so that Send need not search
// blocks for them.
type inbox struct {
	cancel context.CancelFunc
	linger *time.Timer

	mu      sync.Mutex
	live    bool // the subscription stands
	waiting map[string]*waiter
}

// waiter waits for one transaction.
type waiter struct {
	result chan abci.TxResult // at most one
	missed chan struct{}      // the subscription was made anew: the result may have passed by
}

// await registers for a transaction's result. The function returned must be called when it is no longer waited for.
func (c *Client) await(sender, hash string) (*waiter, *inbox, func()) {
	c.inboxMu.Lock()
	defer c.inboxMu.Unlock()
	box, ok := c.inboxes[sender]
	if !ok {
		box = c.openInbox(sender)
	}
	box.linger.Stop()
	w := &waiter{result: make(chan abci.TxResult, 1), missed: make(chan struct{}, 1)}
	box.mu.Lock()
	defer box.mu.Unlock()
	box.waiting[hash] = w
	return w, box, func() { c.forget(box, hash) }
}

// openInbox starts the sender's connection. The caller holds inboxMu.
func (c *Client) openInbox(sender string) *inbox {
	ctx, cancel := context.WithCancel(c.ctx)
	box := &inbox{cancel: cancel, waiting: map[string]*waiter{}}
	box.linger = time.AfterFunc(inboxLinger, func() { c.closeInbox(sender, box) })
	box.linger.Stop()
	c.inboxes[sender] = box
	f := &feed{
		nodes: c.nodes, log: c.log, connected: box.connected, event: box.event, lost: box.lost,
		queries: []string{fmt.Sprintf("tm.event='Tx' AND tx.fee_payer='%s'", sender)},
	}
	c.feeds.Go(func() { f.run(ctx) })
	return box
}

func (c *Client) forget(box *inbox, hash string) {
	c.inboxMu.Lock()
	defer c.inboxMu.Unlock()
	box.mu.Lock()
	defer box.mu.Unlock()
	delete(box.waiting, hash)
	if len(box.waiting) == 0 {
		box.linger.Reset(inboxLinger)
	}
}

func (c *Client) closeInbox(sender string, box *inbox) {
	c.inboxMu.Lock()
	defer c.inboxMu.Unlock()
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.waiting) > 0 {
		return // somebody came while the timer fired
	}
	delete(c.inboxes, sender)
	box.cancel()
}

func (b *inbox) connected() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = true
	for _, w := range b.waiting {
		select {
		case w.missed <- struct{}{}:
		default:
		}
	}
}

func (b *inbox) lost() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = false
}

func (b *inbox) isLive() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.live
}

// event hands a result to whoever waits for it. What cannot be read is left to the search of blocks.
func (b *inbox) event(raw json.RawMessage) {
	var event coretypes.ResultEvent
	if cmtjson.Unmarshal(raw, &event) != nil {
		return
	}
	tx, ok := event.Data.(cmttypes.EventDataTx)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if w, ok := b.waiting[hashOf(tx.Tx)]; ok {
		select {
		case w.result <- tx.TxResult:
		default: // delivered before
		}
	}
}
