package client

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cosmos/gogoproto/proto"
)

// NewBlock is the filter of every new block.
const NewBlock = "tm.event='NewBlockHeader'"

// Watch wakes its reader when something happened that one of the filters matches, and after every reconnect, since
// events may have been missed before it. Wake-ups that nobody has read yet are one. A dead connection is noticed within
// seconds and dialled again, with pauses, for as long as ctx lives; then the channel is closed.
//
// Filters are CometBFT queries of at most 512 characters: see [OnTx], [OnBlock] and [NewBlock]. Without any, every new
// block wakes.
func (c *Client) Watch(ctx context.Context, filters ...string) <-chan struct{} {
	if len(filters) == 0 {
		filters = []string{NewBlock}
	}
	wakes := make(chan struct{}, 1)
	wake := func() {
		select {
		case wakes <- struct{}{}:
		default:
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(c.ctx, cancel)

	var feeds sync.WaitGroup
	for some := range slices.Chunk(slices.Clone(filters), maxQueries) {
		f := &feed{nodes: c.nodes, log: c.log, queries: some, connected: wake, event: func(json.RawMessage) { wake() }}
		feeds.Go(func() { f.run(ctx) })
	}
	c.feeds.Go(func() {
		feeds.Wait()
		stop()
		cancel()
		close(wakes)
	})
	return wakes
}

// OnTx is the filter of a typed event that a transaction's message emits. Fields and values narrow it: each pair must be
// in one such event, OnTx(&jobstypes.EventJobAccepted{}, "job_id", "1").
func OnTx(event proto.Message, fieldsAndValues ...string) string {
	return filter("Tx", event, fieldsAndValues)
}

// OnBlock is the filter of a typed event that a block emits by itself, outside of transactions: what deadlines bring
// about.
func OnBlock(event proto.Message, fieldsAndValues ...string) string {
	return filter("NewBlockEvents", event, fieldsAndValues)
}

// filter writes a query. Typed events carry their fields as JSON, so numbers of 64 bits and strings stand in quotes.
func filter(kind string, event proto.Message, fieldsAndValues []string) string {
	name := proto.MessageName(event)
	conditions := []string{fmt.Sprintf("tm.event='%s'", kind)}
	for pair := range slices.Chunk(fieldsAndValues, 2) {
		if len(pair) < 2 {
			panic(fmt.Sprintf("filter of %s: field %q has no value", name, pair[0]))
		}
		conditions = append(conditions, fmt.Sprintf(`%s.%s='"%s"'`, name, pair[0], pair[1]))
	}
	if len(conditions) == 1 {
		conditions = append(conditions, name+".msg_index EXISTS")
		if kind != "Tx" {
			conditions[1] = name + ".mode EXISTS"
		}
	}
	return strings.Join(conditions, " AND ")
}
