package security_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdk "github.com/cosmos/cosmos-sdk/types"
	sdkerrors "github.com/cosmos/cosmos-sdk/types/errors"

	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// w2 reads w1's commitment and sends it as its own. The chain cannot know; but nobody can open it for w2, not even with
// w1's result and salt at hand.
func TestACopiedCommitmentIsWorthNothing(t *testing.T) {
	m := newMarket(t)
	gains := m.gains(func() {
		id := m.request()
		m.accept(id, "e1", "w1", "w2")
		copied := commitment(id, "w1", right)
		copied.Signer = address("w2")
		m.must("w2", copied)
		m.must("w1", commitment(id, "w1", right))
		m.must("w1", opening(id, "w1", right))
		stolen := opening(id, "w1", right)
		stolen.Signer = address("w2")
		m.refused(jobstypes.ErrCommitment, "w2", stolen)
		m.refused(jobstypes.ErrCommitment, "w2", opening(id, "w2", right))
		m.wait(5 * time.Second)
		m.rank(id, "e1", "w1")
		require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
	})
	require.Equal(t, int64(500), gains["w1"])
	require.Equal(t, int64(-50), gains["w2"], "its bond")
}

func TestARevealByAnotherAccountRequestOrChainIsRefused(t *testing.T) {
	m := newMarket(t)
	first, second := m.request(), m.request()
	for _, id := range []uint64{first, second} {
		m.accept(id, "e1", "w1", "w2")
	}
	m.must("w1", commitment(first, "w1", right))
	m.must("w2", commitment(first, "w2", right))
	t.Run("by an account without a place", func(t *testing.T) {
		stolen := opening(first, "w1", right)
		stolen.Signer = address("mallory")
		m.refused(jobstypes.ErrNoPlace, "mallory", stolen)
	})
	t.Run("by another worker of the request", func(t *testing.T) {
		stolen := opening(first, "w1", right)
		stolen.Signer = address("w2")
		m.refused(jobstypes.ErrCommitment, "w2", stolen)
	})
	t.Run("by the client and the evaluator", func(t *testing.T) {
		for _, thief := range []string{"client", "e1"} {
			stolen := opening(first, "w1", right)
			stolen.Signer = address(thief)
			m.refused(jobstypes.ErrNoPlace, thief, stolen)
		}
	})
	t.Run("of what was committed to in another request", func(t *testing.T) {
		moved := commitment(first, "w1", right)
		moved.RequestId = second
		m.must("w1", moved)
		m.must("w2", commitment(second, "w2", right))
		m.refused(jobstypes.ErrCommitment, "w1", opening(second, "w1", right))
	})
	t.Run("of what was committed to on another chain", func(t *testing.T) {
		id := m.request(workers(1))
		m.accept(id, "e1", "w1")
		digest, err := jobstypes.ResultDigest(jobstypes.Result{Inline: float(right)})
		require.NoError(t, err)
		elsewhere := jobstypes.Commitment("ain-other-1", id, account("w1").Address, digest, salt("w1"))
		m.must("w1", &jobstypes.MsgSubmitResult{Signer: address("w1"), RequestId: id, Commitment: elsewhere[:]})
		m.refused(jobstypes.ErrCommitment, "w1", opening(id, "w1", right))
	})
	t.Run("in a transaction that was signed for another chain", func(t *testing.T) {
		tx := m.Sign(apptest.Tx{From: account("w1"), Msgs: []sdk.Msg{opening(first, "w1", right)}, ChainID: "ain-other-1"})
		result := m.Block(tx).TxResults[0]
		require.Equal(t, sdkerrors.ErrUnauthorized.ABCICode(), result.Code, result.Log)
	})
	m.must("w1", opening(first, "w1", right))
	m.refused(jobstypes.ErrRevealed, "w1", opening(first, "w1", right))
}

// copier is w2: it sees every transaction before it is in a block, and its own go first. In turn it copies commitment and
// reveal, or commits only once it has seen the result.
type copier struct {
	*market
	failed map[error]int
}

// send makes one block of what the copier sends, and after it what it copied from.
func (c *copier) send(copies, honest []sdk.Msg) {
	c.t.Helper()
	var txs [][]byte
	for _, msg := range copies {
		txs = append(txs, c.Sign(apptest.Tx{From: account("w2"), Msgs: []sdk.Msg{msg}}))
	}
	for _, msg := range honest {
		txs = append(txs, c.Sign(apptest.Tx{From: account("w1"), Msgs: []sdk.Msg{msg}}))
	}
	results := c.Block(txs...).TxResults
	for _, result := range results[:len(copies)] {
		for _, known := range []interface {
			error
			ABCICode() uint32
		}{jobstypes.ErrCommitment, jobstypes.ErrState} {
			if result.Codespace == jobstypes.ModuleName && result.Code == known.ABCICode() {
				c.failed[known]++
			}
		}
	}
	for _, result := range results[len(copies):] {
		require.Zero(c.t, result.Code, result.Log)
	}
}

// all sends a message about each request in one block.
func (c *copier) all(ids []uint64, from string, msg func(id uint64) sdk.Msg) {
	c.t.Helper()
	var txs [][]byte
	for _, id := range ids {
		txs = append(txs, c.Sign(apptest.Tx{From: account(from), Msgs: []sdk.Msg{msg(id)}}))
	}
	for _, result := range c.Block(txs...).TxResults {
		require.Zero(c.t, result.Code, result.Log)
	}
}

// order makes requests in one block.
func (c *copier) order(n int) (ids []uint64) {
	c.t.Helper()
	var txs [][]byte
	for range n {
		msg := &jobstypes.MsgRequestJob{Signer: address("client"), Spec: c.spec(rewards(10, 100), winnerTakesAll)}
		txs = append(txs, c.Sign(apptest.Tx{From: account("client"), Msgs: []sdk.Msg{msg}}))
	}
	for _, result := range c.Block(txs...).TxResults {
		require.Zero(c.t, result.Code, result.Log)
		var requested jobstypes.MsgRequestJobResponse
		respond(c.t, result, &requested)
		ids = append(ids, requested.RequestId)
	}
	return ids
}

// R10: a thousand requests, and not one reward for results that were read from the mempool.
func TestResultsReadFromTheMempoolEarnNothing(t *testing.T) {
	const requests, batch = 1000, 100
	c := &copier{market: newMarket(t), failed: map[error]int{}}
	gains := c.gains(func() {
		for i := range requests / batch {
			c.round(batch, i%2 == 0)
		}
	})
	require.Equal(t, int64(requests*100), gains["w1"], "all rewards")
	require.Equal(t, int64(-requests*50), gains["w2"], "all bonds")
	require.Equal(t, map[error]int{jobstypes.ErrCommitment: requests / 2, jobstypes.ErrState: requests}, c.failed)
}

// round is the life of some requests at the same time. The copier either commits to what it cannot open, or waits until
// it has seen the result.
func (c *copier) round(n int, early bool) {
	c.t.Helper()
	ids := c.order(n)
	c.all(ids, "e1", func(id uint64) sdk.Msg { return acceptance(id, "e1", program.ROLE_EVALUATOR) })
	c.all(ids, "w1", func(id uint64) sdk.Msg { return acceptance(id, "w1", program.ROLE_WORKER) })
	c.all(ids, "w2", func(id uint64) sdk.Msg { return acceptance(id, "w2", program.ROLE_WORKER) })
	var copies, honest []sdk.Msg
	for _, id := range ids {
		honest = append(honest, commitment(id, "w1", right))
		copied := commitment(id, "w1", right)
		copied.Signer = address("w2")
		if early {
			copies = append(copies, copied)
		}
	}
	c.send(copies, honest)
	if !early {
		c.wait(10 * time.Second)
	}
	copies, honest = nil, nil
	for _, id := range ids {
		honest = append(honest, opening(id, "w1", right))
		stolen := opening(id, "w1", right)
		stolen.Signer = address("w2")
		copies = append(copies, stolen)
		if !early {
			copies = append(copies, commitment(id, "w2", right))
		}
	}
	c.send(copies, honest)
	c.wait(5 * time.Second)
	c.all(ids, "e1", func(id uint64) sdk.Msg {
		return &jobstypes.MsgRank{Signer: address("e1"), RequestId: id, Ranking: ranking("w1")}
	})
	c.wait(20 * time.Second)
	for _, id := range ids {
		require.Equal(c.t, jobstypes.OUTCOME_RANKED, c.settle(id))
	}
}
