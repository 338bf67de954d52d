package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

const (
	// searchStep is the number of headers that a node gives at once.
	searchStep = 20
	// maxTxLife is the chain's limit: a transaction is in no block whose time is further before its end.
	maxTxLife = 10 * time.Minute
)

// search looks for one transaction in the blocks, oldest first. It needs no index on the node.
type search struct {
	client  *Client
	hash    string
	expires int64 // block time in ms
	next    int64 // lowest height that was not looked at; 0: not known yet
	pruned  bool  // a height that was needed is gone
	expired bool  // every block that could hold the transaction was looked at
}

// forward looks at all blocks up to the latest one whose result is known. It returns nil where none of them holds the
// transaction.
func (s *search) forward(ctx context.Context) (*abci.TxResult, error) {
	if s.next == 0 {
		if err := s.findStart(ctx); err != nil {
			return nil, err
		}
	}
	for !s.expired {
		headers, err := s.client.headers(ctx, s.next)
		if err != nil || len(headers) == 0 {
			return nil, err
		}
		if headers[0].Header.Height > s.next {
			s.pruned = true
		}
		for _, header := range headers {
			found, known, err := s.look(ctx, header)
			if err != nil || found != nil || !known {
				return found, err
			}
			s.next = header.Header.Height + 1
			if header.Header.Time.UnixMilli() > s.expires {
				s.expired = true
				return nil, nil
			}
		}
	}
	return nil, nil
}

// look at one block. known is false while the block is stored but was not executed yet, or a node has not committed what came of it: whoever
// knows the result may ask for what it has changed.
func (s *search) look(ctx context.Context, header *cmttypes.BlockMeta) (found *abci.TxResult, known bool, err error) {
	if header.NumTxs == 0 {
		return nil, true, nil
	}
	height := header.Header.Height
	var block *coretypes.ResultBlock
	err = s.client.nodes.do(ctx, func(ctx context.Context, n *node) (err error) {
		block, err = n.rpc.Block(ctx, &height)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("block %d: %w", height, err)
	}
	if block.Block == nil { // pruned between the two calls
		s.pruned = true
		return nil, true, nil
	}
	index := slices.IndexFunc(block.Block.Txs, func(tx cmttypes.Tx) bool { return hashOf(tx) == s.hash })
	if index < 0 {
		return nil, true, nil
	}
	result, err := s.client.result(ctx, height, index)
	if err != nil || result == nil {
		return nil, false, err
	}
	if committed, err := s.client.committed(ctx); err != nil || committed < height {
		return nil, false, err
	}
	return &abci.TxResult{Height: height, Index: uint32(index), Tx: block.Block.Txs[index], Result: *result}, true, nil
}

// result of a block's transaction; nil while the block was not executed yet.
func (c *Client) result(ctx context.Context, height int64, index int) (*abci.ExecTxResult, error) {
	var results *coretypes.ResultBlockResults
	err := c.nodes.do(ctx, func(ctx context.Context, n *node) (err error) {
		results, err = n.rpc.BlockResults(ctx, &height)
		return err
	})
	switch {
	case isAnswer(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("results of block %d: %w", height, err)
	case index >= len(results.TxsResults):
		return nil, fmt.Errorf("results of block %d: %d of them, its transaction %d has none", height, len(results.TxsResults), index)
	}
	return results.TxsResults[index], nil
}

// committed is the height of the latest block whose state the node answers queries with. Results are there a moment before.
func (c *Client) committed(ctx context.Context) (height int64, err error) {
	err = c.nodes.do(ctx, func(ctx context.Context, n *node) error {
		info, err := n.rpc.ABCIInfo(ctx)
		if err == nil {
			height = info.Response.LastBlockHeight
		}
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("latest committed block: %w", err)
	}
	return height, nil
}

// headers of the blocks from a height on, oldest first, or from the oldest that is kept; none if there is no such block
// yet.
func (c *Client) headers(ctx context.Context, from int64) ([]*cmttypes.BlockMeta, error) {
	var info *coretypes.ResultBlockchainInfo
	err := c.nodes.do(ctx, func(ctx context.Context, n *node) (err error) {
		info, err = n.rpc.BlockchainInfo(ctx, from, from+searchStep-1)
		return err
	})
	if isAnswer(err) {
		// The range is empty: either all of it lies in the future, or all of it is gone.
		return c.oldestAfter(ctx, from)
	}
	if err != nil {
		return nil, fmt.Errorf("headers from block %d: %w", from, err)
	}
	slices.Reverse(info.BlockMetas)
	return slices.DeleteFunc(info.BlockMetas, func(m *cmttypes.BlockMeta) bool { return m == nil }), nil
}

// oldestAfter is the header of the oldest block that is kept, if that is newer than a height; none otherwise.
func (c *Client) oldestAfter(ctx context.Context, from int64) ([]*cmttypes.BlockMeta, error) {
	span, err := c.kept(ctx)
	if err != nil || span.oldest <= from {
		return nil, err
	}
	var info *coretypes.ResultBlockchainInfo
	err = c.nodes.do(ctx, func(ctx context.Context, n *node) (err error) {
		info, err = n.rpc.BlockchainInfo(ctx, span.oldest, span.oldest)
		return err
	})
	if isAnswer(err) {
		return nil, nil // pruned further meanwhile; the next search sees it
	}
	if err != nil {
		return nil, fmt.Errorf("header of block %d: %w", span.oldest, err)
	}
	return info.BlockMetas, nil
}

type span struct{ oldest, latest int64 }

// kept is the range of blocks that the endpoint still has.
func (c *Client) kept(ctx context.Context) (span, error) {
	var kept span
	err := c.nodes.do(ctx, func(ctx context.Context, n *node) error {
		status, err := n.rpc.Status(ctx)
		if err == nil {
			kept = span{max(status.SyncInfo.EarliestBlockHeight, 1), status.SyncInfo.LatestBlockHeight}
		}
		return err
	})
	return kept, err
}

// findStart finds, by halving, the first block that is late enough to hold the transaction.
func (s *search) findStart(ctx context.Context) error {
	kept, err := s.client.kept(ctx)
	if err != nil {
		return err
	}
	earliest := s.expires - maxTxLife.Milliseconds()
	low, high := kept.oldest, kept.latest
	for low < high {
		middle := low + (high-low)/2
		headers, err := s.client.headers(ctx, middle)
		if err != nil {
			return err
		}
		if len(headers) == 0 || headers[0].Header.Time.UnixMilli() >= earliest {
			high = middle
		} else {
			low = middle + 1
		}
	}
	s.next = max(low, 1)
	s.pruned = low == kept.oldest && kept.oldest > 1
	return nil
}
