package security_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/x/authz"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// appoint makes hot the operator of an owner.
func (m *market) appoint(owner, operator string) {
	m.t.Helper()
	m.must(owner, appointment(m.t, owner, operator))
}

func appointment(t testing.TB, owner, operator string) *reputationtypes.MsgSetOperator {
	t.Helper()
	consent, err := account(operator).Key.Sign(reputationtypes.OperatorConsent("ain-test-1", account(owner).Address, account(operator).Address))
	require.NoError(t, err)
	return &reputationtypes.MsgSetOperator{
		Owner: address(owner), Operator: address(operator), OperatorPublicKey: account(operator).Key.PubKey().Bytes(), OperatorSignature: consent,
	}
}

// The thief has the operator key of w1 and nodes of its own that w1's stake may pay: client, evaluator and worker of
// requests ordered in w1's name. It gets the stake, and not one uain of the wallet.
func TestAStolenOperatorKeyTakesNoMoreThanTheStake(t *testing.T) {
	m := newMarket(t)
	m.appoint("w1", "hot")
	thieves := []string{"hot", "e1", "w2"}
	inWallet, inStake := m.balance("w1"), m.stake("w1")

	t.Run("it does not touch wallet, stake, payout and operator", func(t *testing.T) {
		exec := func(msg sdk.Msg) sdk.Msg {
			wrapped := authz.NewMsgExec(account("hot").Address, []sdk.Msg{msg})
			return &wrapped
		}
		for _, msg := range []sdk.Msg{
			banktypes.NewMsgSend(account("w1").Address, account("hot").Address, sdk.NewCoins(chain.Coin(1))),
			&escrowtypes.MsgSetStake{Owner: address("w1"), Amount: sdkmath.ZeroInt()},
			&escrowtypes.MsgSetStake{Owner: address("w1"), Amount: sdkmath.NewInt(wallet)},
			&escrowtypes.MsgSetPayout{Owner: address("w1"), Payout: address("hot")},
			appointment(t, "w1", "mallory"),
		} {
			m.refused(authz.ErrNoAuthorizationFound, "hot", exec(msg))
			require.Error(t, m.try("hot", msg), "signed by the operator alone")
		}
		require.Equal(t, []int64{inWallet, inStake}, []int64{m.balance("w1"), m.stake("w1")})
	})
	t.Run("it takes what is in the stake", func(t *testing.T) {
		for range 3 { // each takes what it can, until nothing is left
			m.rob(t, thieves)
		}
		require.GreaterOrEqual(t, m.balance("w1"), inWallet, "the wallet has what came back, and lost nothing")
		require.Less(t, m.stake("w1"), int64(1000), "it is as bad as it can be")
	})
	t.Run("another operator ends it", func(t *testing.T) {
		m.must("w1", &escrowtypes.MsgSetStake{Owner: address("w1"), Amount: sdkmath.NewInt(10_000)})
		m.appoint("w1", "mallory")
		spec := m.spec(workers(1), rewards(10, 100))
		before := m.stake("w1")
		err := m.try("hot", &jobstypes.MsgRequestJob{Signer: address("hot"), Spec: spec})
		require.NoError(t, err, "it has a wallet of its own")
		require.Equal(t, before, m.stake("w1"))
	})
}

// rob orders nothing worth having for all that is in the stake, and has the thieves' own nodes do it.
func (m *market) rob(t *testing.T, thieves []string) {
	t.Helper()
	left := m.stake("w1")
	reward := min(left*100/101-100, 200_000) // D is as much again
	if reward <= 0 {
		return
	}
	gains := m.gains(func() {
		var requested jobstypes.MsgRequestJobResponse
		spec := m.spec(workers(1), rewards(1, reward))
		m.answer(&requested, "hot", &jobstypes.MsgRequestJob{Signer: address("hot"), Spec: spec})
		id := requested.RequestId
		require.Equal(t, address("w1"), m.get(id).Client)
		m.accept(id, "e1", "w2")
		m.deliver(id, map[string]float32{"w2": wrong})
		m.rank(id, "e1", "w2")
		m.settle(id)
	})
	require.Equal(t, reward+1, together(gains, thieves...))
	require.LessOrEqual(t, -gains["w1"], left)
}

// Deposits, bonds and fees that the operator signs for come from the stake, and what is earned goes past it to the
// payout address.
func TestAnOperatorEarnsForItsOwnerAlone(t *testing.T) {
	m := newMarket(t)
	m.appoint("w1", "hot")
	before := m.balance("hot")
	gains := m.gains(func() {
		id := m.request(workers(1))
		m.accept(id, "e1")
		m.must("hot", acceptance(id, "hot", program.ROLE_WORKER))
		sent := commitment(id, "w1", right)
		sent.Signer = address("hot")
		m.must("hot", sent)
		opened := opening(id, "w1", right)
		opened.Signer = address("hot")
		m.must("hot", opened)
		m.rank(id, "e1", "w1")
		m.wait(20 * time.Second)
		m.settle(id)
	})
	require.Equal(t, before, m.balance("hot"))
	require.Equal(t, map[string]int64{"w1": 1000, "e1": 100, "client": -1111}, gains)
}

// Whoever signs for two sides of a request signs for one person.
func TestOneOwnerWithItsOperatorHasOnePlace(t *testing.T) {
	m := newMarket(t)
	m.appoint("w1", "hot")
	id := m.request()
	m.accept(id, "e1", "w1")
	m.refused(jobstypes.ErrPlaceTaken, "hot", acceptance(id, "hot", program.ROLE_WORKER))

	var requested jobstypes.MsgRequestJobResponse
	m.answer(&requested, "hot", &jobstypes.MsgRequestJob{Signer: address("hot"), Spec: m.spec(rewards(10, 100))})
	m.accept(requested.RequestId, "e1")
	for _, signer := range []string{"w1", "hot"} {
		m.refused(jobstypes.ErrPlaceTaken, signer, acceptance(requested.RequestId, signer, program.ROLE_WORKER))
	}
}
