package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/cometbft/cometbft/mempool"
	coretypes "github.com/cometbft/cometbft/rpc/core/types"

	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	cryptotypes "github.com/cosmos/cosmos-sdk/crypto/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
)

const (
	// Without events the blocks are searched every pollBlind; with them, every pollLive just to be sure.
	pollBlind = 250 * time.Millisecond
	pollLive  = 2 * time.Second
)

// resendEvery is how often the same bytes are broadcast again: a node that restarts forgets what no block took. It varies
// for tests.
var resendEvery = 3 * time.Second

// Do builds and sends. Errors are those of Build and Send.
func (c *Client) Do(ctx context.Context, key Key, msgs ...sdk.Msg) (*Receipt, error) {
	tx, err := c.Build(ctx, key, msgs...)
	if err != nil {
		return nil, err
	}
	return c.Send(ctx, tx)
}

// Send broadcasts a transaction and waits for the result of its block. The same Tx may be sent again after any error, by
// any process: the chain executes it at most once, and Send then reports that one execution.
//
// A *TxError is the chain's refusal, ErrExpired says that the transaction never took place and never will. After every
// other error (*ChainDownError, the end of ctx, ErrUnknownOutcome) it may or may not have taken place.
func (c *Client) Send(ctx context.Context, tx Tx) (*Receipt, error) {
	s, err := c.newSending(tx)
	if err != nil {
		return nil, err
	}
	waiter, box, forget := c.await(s.sender, s.hash)
	defer forget()

	if err := s.broadcast(ctx); err != nil {
		return nil, err
	}
	if s.mayBeOld {
		if receipt, done, err := s.look(ctx); done {
			return receipt, err
		}
	}
	for {
		poll := pollBlind
		if box.isLive() {
			poll = pollLive
		}
		timer := time.NewTimer(poll)
		select {
		case result := <-waiter.result:
			timer.Stop()
			return receiptOf(s.hash, result.Height, &result.Result)
		case <-ctx.Done():
			timer.Stop()
			return nil, fmt.Errorf("transaction %s is in no block yet, and has not expired: %w", s.hash, context.Cause(ctx))
		case <-c.ctx.Done():
			timer.Stop()
			return nil, ErrClosed
		case <-waiter.missed:
			timer.Stop()
		case <-timer.C:
		}
		if receipt, done, err := s.look(ctx); done {
			return receipt, err
		}
		// The node that took it may be the only one that has it, and be gone.
		if time.Since(s.sent) > resendEvery || c.nodes.node() != s.takenBy {
			if err := s.broadcast(ctx); err != nil {
				return nil, err
			}
		}
	}
}

// sending is one transaction on its way.
type sending struct {
	client *Client
	bytes  []byte
	hash   string
	sender string
	search search

	sent     time.Time
	takenBy  *node
	accepted bool // a node took it at least once
	mayBeOld bool // the chain has seen it, or its time has passed: a block may hold it already
}

func (c *Client) newSending(tx Tx) (*sending, error) {
	sender, expires, err := readTx(tx.Bytes)
	if err != nil {
		return nil, err
	}
	hash := hashOf(tx.Bytes)
	return &sending{
		client: c, bytes: tx.Bytes, hash: hash, sender: sender,
		search: search{client: c, hash: hash, expires: expires, next: tx.BuiltAt},
	}, nil
}

// look in the blocks; done says that the sending has ended, with what is returned.
func (s *sending) look(ctx context.Context) (receipt *Receipt, done bool, err error) {
	found, err := s.search.forward(ctx)
	switch {
	case err != nil:
		return nil, true, err
	case found != nil:
		receipt, err := receiptOf(s.hash, found.Height, &found.Result)
		return receipt, true, err
	case s.search.expired && s.search.pruned:
		return nil, true, fmt.Errorf("%w: %s (ask for what it should have changed)", ErrUnknownOutcome, s.hash)
	case s.search.expired:
		return nil, true, fmt.Errorf("%w: %s", ErrExpired, s.hash)
	}
	return nil, false, nil
}

// broadcast gives the bytes to a node. Its refusal ends the sending, unless they may have been executed before or wait
// on another node.
func (s *sending) broadcast(ctx context.Context) error {
	var res *coretypes.ResultBroadcastTx
	s.sent = time.Now()
	err := s.client.nodes.do(ctx, func(ctx context.Context, n *node) (err error) {
		res, err = n.rpc.BroadcastTxSync(ctx, s.bytes)
		s.takenBy = n
		return err
	})
	switch {
	case err != nil && isAnswer(err):
		return s.notTaken(err)
	case err != nil:
		return fmt.Errorf("broadcast transaction %s: %w", s.hash, err)
	case res.Code == abci.CodeTypeOK:
		s.accepted = true
		return nil
	}
	refusal := &TxError{Codespace: res.Codespace, Code: res.Code, Log: res.Log, Hash: s.hash}
	if isTooLateOrSeen(refusal) {
		s.mayBeOld = true
		return nil
	}
	if s.accepted || isTooEarly(refusal) {
		return nil // broadcast again in a while
	}
	return refusal
}

// notTaken sorts what a node says without having asked the chain.
func (s *sending) notTaken(err error) error {
	text := err.Error()
	switch {
	case strings.Contains(text, mempool.ErrTxInCache.Error()):
		// It waits here, or it was executed just now.
		s.accepted, s.mayBeOld = true, true
		return nil
	case strings.Contains(text, "mempool is full"):
		return nil // tried again in a while
	case s.accepted:
		return nil
	}
	return fmt.Errorf("broadcast transaction %s: %w", s.hash, err)
}

// isTooLateOrSeen tells the two refusals that a transaction gets when it is sent again: its time has passed, or its nonce
// is used, perhaps by itself.
func isTooLateOrSeen(e *TxError) bool {
	return e.Is(sdkerrors.ErrTxTimeout) ||
		e.Is(sdkerrors.ErrInvalidRequest) && (strings.Contains(e.Log, "unordered nonce") || strings.Contains(e.Log, "timeout_timestamp"))
}

// isTooEarly tells the refusal of a node that has just started: until its first block it takes the present for the year 1,
// and every timeout for one that is too far away. Build never signs such a timeout, so the next block puts it right.
func isTooEarly(e *TxError) bool {
	return e.Is(sdkerrors.ErrInvalidRequest) && strings.Contains(e.Log, "unordered tx ttl exceeds")
}

// readTx reads who pays for a transaction, the account that its events carry, and when it expires, in ms of block time.
func readTx(raw []byte) (sender string, expires int64, err error) {
	var envelope txtypes.TxRaw
	var auth txtypes.AuthInfo
	var body txtypes.TxBody
	if err := errors.Join(envelope.Unmarshal(raw), auth.Unmarshal(envelope.AuthInfoBytes), body.Unmarshal(envelope.BodyBytes)); err != nil {
		return "", 0, fmt.Errorf("decode transaction: %w", err)
	}
	if len(auth.SignerInfos) == 0 || !body.Unordered || body.TimeoutTimestamp == nil {
		return "", 0, errors.New("decode transaction: it is not an unordered one with a signer and a timeout")
	}
	registry := codectypes.NewInterfaceRegistry()
	cryptocodec.RegisterInterfaces(registry)
	var public cryptotypes.PubKey
	if err := registry.UnpackAny(auth.SignerInfos[0].PublicKey, &public); err != nil {
		return "", 0, fmt.Errorf("decode transaction's public key: %w", err)
	}
	return sdk.AccAddress(public.Address()).String(), body.TimeoutTimestamp.UnixMilli(), nil
}
