package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	abci "github.com/cometbft/cometbft/abci/types"
	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"
	txtypes "github.com/cosmos/cosmos-sdk/types/tx"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
)

const patience = 20 * time.Second

// dial connects to nodes, with a key that has an account on each.
func dial(t *testing.T, nodes ...*fakeNode) (*client.Client, client.Key) {
	t.Helper()
	key := client.GenerateKey()
	cfg := client.Config{Timeout: 2 * time.Second}
	for _, n := range nodes {
		n.set(func() { n.accounts[key.Address().String()] = 7 })
		cfg.Endpoints = append(cfg.Endpoints, n.server.URL)
	}
	c, err := client.Dial(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c, key
}

func message(key client.Key) sdk.Msg {
	return banktypes.NewMsgSend(key.Address(), key.Address(), sdk.NewCoins(chain.Coin(1)))
}

func build(t *testing.T, c *client.Client, key client.Key) client.Tx {
	t.Helper()
	tx, err := c.Build(t.Context(), key, message(key))
	require.NoError(t, err)
	return tx
}

// outcome is what Send returned.
type outcome struct {
	receipt *client.Receipt
	err     error
}

// send sends in the background.
func send(ctx context.Context, c *client.Client, tx client.Tx) <-chan outcome {
	done := make(chan outcome, 1)
	go func() {
		receipt, err := c.Send(ctx, tx)
		done <- outcome{receipt, err}
	}()
	return done
}

// blocks makes blocks until the sending is over.
func blocks(t *testing.T, n *fakeNode, done <-chan outcome) outcome {
	t.Helper()
	deadline := time.After(patience)
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case o := <-done:
			return o
		case <-ticker.C:
			n.block()
		case <-deadline:
			t.Fatal("the sending did not end")
		}
	}
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 5*time.Millisecond, what)
}

func TestBuildSignsAnUnorderedTransaction(t *testing.T) {
	n := newFakeNode(t)
	c, key := dial(t, n)
	seen := map[time.Time]bool{}
	for range 100 {
		tx := build(t, c, key)
		var raw txtypes.TxRaw
		var body txtypes.TxBody
		var auth txtypes.AuthInfo
		require.NoError(t, errors.Join(raw.Unmarshal(tx.Bytes), body.Unmarshal(raw.BodyBytes), auth.Unmarshal(raw.AuthInfoBytes)))
		require.True(t, body.Unordered)
		require.False(t, seen[*body.TimeoutTimestamp], "a nanosecond is used once")
		seen[*body.TimeoutTimestamp] = true
		require.Less(t, body.TimeoutTimestamp.Sub(n.now), 10*time.Minute)
		require.Equal(t, tx.ExpiresMs, body.TimeoutTimestamp.UnixMilli())
		require.Zero(t, auth.SignerInfos[0].Sequence)
		require.Empty(t, auth.Fee.Amount)
		require.NotZero(t, auth.Fee.GasLimit)

		doc := txtypes.SignDoc{BodyBytes: raw.BodyBytes, AuthInfoBytes: raw.AuthInfoBytes, ChainId: "fake-1", AccountNumber: 7}
		signed, err := doc.Marshal()
		require.NoError(t, err)
		require.True(t, key.PubKey().VerifySignature(signed, raw.Signatures[0]))
	}
}

func TestBuildNeedsAnAccount(t *testing.T) {
	c, _ := dial(t, newFakeNode(t))
	stranger := client.GenerateKey()
	_, err := c.Build(t.Context(), stranger, message(stranger))
	require.ErrorIs(t, err, client.ErrNoAccount)
}

func TestSendWaitsForTheBlocksResult(t *testing.T) {
	t.Run("from the event", func(t *testing.T) {
		n := newFakeNode(t)
		c, key := dial(t, n)
		require.NoError(t, blocks(t, n, send(t.Context(), c, build(t, c, key))).err)
		// The subscription stands now, and nothing can have been missed.
		searched := n.count("block")
		require.NoError(t, blocks(t, n, send(t.Context(), c, build(t, c, key))).err)
		require.Equal(t, searched, n.count("block"), "no block had to be searched")
	})
	t.Run("from the blocks, where there are no events", func(t *testing.T) {
		n := newFakeNode(t)
		n.deaf = true
		c, key := dial(t, n)
		o := blocks(t, n, send(t.Context(), c, build(t, c, key)))
		require.NoError(t, o.err)
		require.Positive(t, o.receipt.Height)
	})
	t.Run("not before the block has run", func(t *testing.T) {
		n := newFakeNode(t)
		n.deaf, n.hideResult = true, true
		c, key := dial(t, n)
		done := send(t.Context(), c, build(t, c, key))
		until(t, "broadcast", func() bool { return n.count("broadcast_tx_sync") > 0 })
		n.block()
		until(t, "asked for the result", func() bool { return n.count("block_results") > 1 })
		require.Empty(t, done)
		n.set(func() { n.hideResult = false })
		require.NoError(t, blocks(t, n, done).err)
	})
	t.Run("not before its state can be asked for", func(t *testing.T) {
		n := newFakeNode(t)
		n.deaf, n.uncommitted = true, 1
		c, key := dial(t, n)
		done := send(t.Context(), c, build(t, c, key))
		until(t, "broadcast", func() bool { return n.count("broadcast_tx_sync") > 0 })
		n.block()
		until(t, "asked for the result", func() bool { return n.count("block_results") > 1 })
		require.Empty(t, done)
		n.set(func() { n.uncommitted = 0 })
		require.NoError(t, blocks(t, n, done).err)
	})
	t.Run("and says that the block refused it", func(t *testing.T) {
		n := newFakeNode(t)
		n.result = func() *abci.ExecTxResult {
			return &abci.ExecTxResult{Code: 5, Codespace: "sdk", Log: "not enough: insufficient funds\nstack"}
		}
		c, key := dial(t, n)
		o := blocks(t, n, send(t.Context(), c, build(t, c, key)))
		var refused *client.TxError
		require.ErrorAs(t, o.err, &refused)
		require.ErrorIs(t, o.err, sdkerrors.ErrInsufficientFunds)
		require.Positive(t, refused.Height)
		require.NotContains(t, o.err.Error(), "stack")
	})
}

func TestTxErrorShowsTheModulesWords(t *testing.T) {
	for log, words := range map[string]string{
		"failed to execute message; message index: 0: request 7: unknown request": "chain refused: request 7: unknown request (jobs 6)",
		"failed to execute message; message index: 2: request 7: unknown request": "chain refused: message 2: request 7: unknown request (jobs 6)",
		"out of gas": "chain refused: out of gas (jobs 6)",
	} {
		require.EqualError(t, &client.TxError{Codespace: "jobs", Code: 6, Log: log}, words)
	}
}

func TestSendSaysThatTheMempoolRefused(t *testing.T) {
	n := newFakeNode(t)
	n.check = func() *abci.ResponseCheckTx {
		return &abci.ResponseCheckTx{Code: 4, Codespace: "sdk", Log: "signature verification failed"}
	}
	c, key := dial(t, n)
	_, err := c.Send(t.Context(), build(t, c, key))
	var refused *client.TxError
	require.ErrorAs(t, err, &refused)
	require.Zero(t, refused.Height)
}

func TestSendOutlivesANodeThatHasJustStarted(t *testing.T) {
	n := newFakeNode(t)
	n.check = func() *abci.ResponseCheckTx {
		return &abci.ResponseCheckTx{
			Code: sdkerrors.ErrInvalidRequest.ABCICode(), Codespace: "sdk", Log: "unordered tx ttl exceeds 10m0s: invalid request",
		}
	}
	c, key := dial(t, n)
	done := send(t.Context(), c, build(t, c, key))
	until(t, "refused", func() bool { return n.count("broadcast_tx_sync") > 0 })
	n.set(func() { n.check = nil })
	until(t, "offered again", func() bool { return n.count("broadcast_tx_sync") > 1 })
	require.NoError(t, blocks(t, n, done).err)
}

func TestSendAgainReportsTheOneExecution(t *testing.T) {
	for name, forget := range map[string]func(*client.Tx){
		"with all that was journaled":     func(*client.Tx) {},
		"with nothing but the bytes":      func(tx *client.Tx) { *tx = client.Tx{Bytes: tx.Bytes} },
		"after the mempool has forgotten": func(*client.Tx) {},
	} {
		t.Run(name, func(t *testing.T) {
			n := newFakeNode(t)
			for range 50 {
				n.block()
			}
			c, key := dial(t, n)
			tx := build(t, c, key)
			first := blocks(t, n, send(t.Context(), c, tx))
			require.NoError(t, first.err)
			for range 30 {
				n.block()
			}
			if name == "after the mempool has forgotten" {
				n.set(func() { n.seen = map[string]bool{} })
			}
			forget(&tx)
			again, err := c.Send(t.Context(), tx)
			require.NoError(t, err)
			require.Equal(t, first.receipt.Height, again.Height)
			require.Equal(t, first.receipt.Hash, again.Hash)
		})
	}
}

func TestSendBroadcastsAgainWhatANodeForgot(t *testing.T) {
	n := newFakeNode(t)
	c, key := dial(t, n)
	done := send(t.Context(), c, build(t, c, key))
	until(t, "taken", func() bool { return n.count("broadcast_tx_sync") > 0 })
	n.restart()
	until(t, "taken again", func() bool { return n.count("broadcast_tx_sync") > 1 })
	require.NoError(t, blocks(t, n, done).err)
}

func TestSendTurnsToAnotherNodeWhenTheOneThatTookItIsGone(t *testing.T) {
	client.NeverResend(t)
	first, second := newFakeNode(t), newFakeNode(t)
	c, key := dial(t, first, second)
	done := send(t.Context(), c, build(t, c, key))
	until(t, "taken", func() bool { return first.count("broadcast_tx_sync") > 0 })
	first.stop()
	until(t, "taken by the other", func() bool { return second.count("broadcast_tx_sync") > 0 })
	require.NoError(t, blocks(t, second, done).err)
}

func TestSendKnowsWhenATransactionCanNeverTakePlace(t *testing.T) {
	t.Run("its time has passed", func(t *testing.T) {
		n := newFakeNode(t)
		n.lose = true
		c, key := dial(t, n)
		done := send(t.Context(), c, build(t, c, key))
		until(t, "taken", func() bool { return n.count("broadcast_tx_sync") > 0 })
		for range 100 { // a second each
			n.block()
		}
		require.ErrorIs(t, blocks(t, n, done).err, client.ErrExpired)
	})
	t.Run("its blocks are gone", func(t *testing.T) {
		n := newFakeNode(t)
		n.lose = true
		c, key := dial(t, n)
		tx := build(t, c, key)
		for range 200 {
			n.block()
		}
		n.set(func() {
			n.base = 150
			n.check = func() *abci.ResponseCheckTx {
				return &abci.ResponseCheckTx{Code: sdkerrors.ErrTxTimeout.ABCICode(), Codespace: "sdk", Log: "too late"}
			}
		})
		_, err := c.Send(t.Context(), tx)
		require.ErrorIs(t, err, client.ErrUnknownOutcome)
	})
}

func TestSendStopsWithItsContext(t *testing.T) {
	n := newFakeNode(t)
	c, key := dial(t, n)
	ctx, cancel := context.WithCancel(t.Context())
	done := send(ctx, c, build(t, c, key))
	until(t, "taken", func() bool { return n.count("broadcast_tx_sync") > 0 })
	cancel()
	require.ErrorIs(t, (<-done).err, context.Canceled)
}

func TestAnotherEndpointTakesOver(t *testing.T) {
	first, second := newFakeNode(t), newFakeNode(t)
	c, key := dial(t, first, second)
	require.Equal(t, first.server.URL, c.Endpoint())
	first.stop()
	o := blocks(t, second, send(t.Context(), c, build(t, c, key)))
	require.NoError(t, o.err)
	require.Equal(t, second.server.URL, c.Endpoint())
}

func TestDial(t *testing.T) {
	t.Run("names the endpoints that do not answer, and the fix", func(t *testing.T) {
		n := newFakeNode(t)
		n.stop()
		_, err := client.Dial(t.Context(), client.Config{Endpoints: []string{n.server.URL}})
		var down *client.ChainDownError
		require.ErrorAs(t, err, &down)
		require.ErrorContains(t, err, n.server.URL)
		require.ErrorContains(t, err, "--node")
	})
	t.Run("refuses another chain", func(t *testing.T) {
		n := newFakeNode(t)
		_, err := client.Dial(t.Context(), client.Config{ChainID: "ain-1", Endpoints: []string{n.server.URL}})
		var wrong *client.WrongChainError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, "fake-1", wrong.Got)
	})
	t.Run("takes what CometBFT writes for an address", func(t *testing.T) {
		n := newFakeNode(t)
		c, err := client.Dial(t.Context(), client.Config{Endpoints: []string{"tcp://" + n.server.Listener.Addr().String() + "/"}})
		require.NoError(t, err)
		c.Close()
	})
	for name, cfg := range map[string]client.Config{
		"no endpoint":              {},
		"an endpoint without host": {Endpoints: []string{"localhost:26657"}},
		"a path":                   {Endpoints: []string{"/srv/node"}},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			_, err := client.Dial(t.Context(), cfg)
			require.ErrorContains(t, err, "endpoints")
		})
	}
}

func TestQueries(t *testing.T) {
	t.Run("are tried again while nobody answers", func(t *testing.T) {
		n := newFakeNode(t)
		c, key := dial(t, n)
		address := n.server.URL
		n.stop()
		back := make(chan struct{})
		go func() {
			defer close(back)
			n.restart()
		}()
		_, err := c.Build(t.Context(), key, message(key))
		require.NoError(t, err)
		<-back
		require.Equal(t, address, c.Endpoint())
	})
	t.Run("give up after the configured time", func(t *testing.T) {
		n := newFakeNode(t)
		c, key := dial(t, n)
		n.stop()
		_, err := c.Build(t.Context(), key, message(key))
		var down *client.ChainDownError
		require.ErrorAs(t, err, &down)
	})
	t.Run("keep the module's words and code", func(t *testing.T) {
		n := newFakeNode(t)
		n.query = func(string, []byte) abci.ResponseQuery {
			return abci.ResponseQuery{Codespace: "sdk", Code: sdkerrors.ErrKeyNotFound.ABCICode(), Log: "rpc error: code = NotFound desc = job 7: unknown job: key not found"}
		}
		c, _ := dial(t, n)
		_, err := c.Now(t.Context())
		require.True(t, client.IsNotFound(err))
		require.EqualError(t, errors.Unwrap(err), "job 7: unknown job")
	})
}
