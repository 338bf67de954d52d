package security_test

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Client, evaluator and workers are one person: what comes back is less than what went in, by the chain's share, and
// more is not to be had by any reward or reward function.
func TestASelfRequestLosesMoney(t *testing.T) {
	league := []string{"client", "e1", "w1", "w2"}
	m := newMarket(t)
	for name, changes := range map[string][]order{
		"shared evenly":               {},
		"all to the winner":           {winnerTakesAll},
		"all to the evaluator":        {rewards(1000, 1)},
		"the least that has a share":  {rewards(1, 1)},
		"as much as the stakes allow": {rewards(1, 300_000)},
	} {
		t.Run(name, func(t *testing.T) {
			gains := m.gains(func() {
				id := m.request(changes...)
				m.accept(id, "e1", "w1", "w2")
				m.deliver(id, map[string]float32{"w1": right, "w2": right})
				m.rank(id, "e1", "w1", "w2")
				require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
			})
			require.Negative(t, together(gains, league...), "%v", gains)
		})
	}
	t.Run("nor with one account in two places", func(t *testing.T) {
		id := m.request()
		for _, role := range []program.Role{program.ROLE_EVALUATOR, program.ROLE_WORKER} {
			m.refused(jobstypes.ErrPlaceTaken, "client", acceptance(id, "client", role))
			if role == program.ROLE_EVALUATOR {
				m.accept(id, "e1")
			}
		}
	})
}

// Idle nodes of one person take places and do nothing: round after round each loses its bond to the client.
func TestIdleSybilWorkersLoseMoney(t *testing.T) {
	const rounds = 10
	sybils := []string{"w2", "w3", "w4"}
	for name, silence := range map[string]func(m *market, id uint64){
		"that commit to nothing": func(*market, uint64) {},
		"that commit and never reveal": func(m *market, id uint64) {
			for _, sybil := range sybils {
				m.must(sybil, commitment(id, sybil, wrong))
			}
		},
		"that resign once the contract has closed": func(m *market, id uint64) {
			for _, sybil := range sybils {
				m.must(sybil, &jobstypes.MsgResign{Signer: address(sybil), RequestId: id})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMarket(t)
			gains := m.gains(func() {
				for range rounds {
					id := m.request(workers(4))
					m.accept(id, "e1", "w1", "w2", "w3", "w4")
					silence(m, id)
					m.must("w1", commitment(id, "w1", right))
					m.until(id, jobstypes.REQUEST_STATE_REVEALING)
					m.must("w1", opening(id, "w1", right))
					m.until(id, jobstypes.REQUEST_STATE_EVALUATING)
					m.rank(id, "e1", "w1")
					require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
				}
			})
			for _, sybil := range sybils {
				require.Equal(t, int64(-50*rounds), gains[sybil])
			}
			require.Equal(t, int64(250*rounds), gains["w1"], "who works gets what it would have got")
		})
	}
	t.Run("that are all of them", func(t *testing.T) {
		m := newMarket(t)
		gains := m.gains(func() {
			id := m.request(workers(3))
			m.accept(id, "e1", sybils...)
			require.Equal(t, jobstypes.OUTCOME_NOTHING_REVEALED, m.settle(id))
		})
		require.Equal(t, map[string]int64{"client": 150, "w2": -50, "w3": -50, "w4": -50}, gains)
	})
}

// sweepPace is how often until looks.
const sweepPace = 500 * time.Millisecond

// until waits for a phase to begin.
func (m *market) until(id uint64, state jobstypes.RequestState) {
	m.t.Helper()
	for range 100 {
		if m.get(id).State == state {
			return
		}
		m.wait(sweepPace)
	}
	m.t.Fatalf("request %d does not become %s: it is %s", id, state, m.get(id).State)
}

// luck is drawn from the seed that the chain gives a worker for a request: one of sixteen guesses is right.
func luck(id uint64, worker string) bool {
	seed := jobstypes.Seed(apptest.ChainID, id, account(worker).Address)
	return binary.BigEndian.Uint64(seed[:])%16 == 0
}

// Nodes that guess instead of working earn a share when they are lucky, and lose the bond otherwise: over many rounds,
// each node's luck drawn anew by the chain's seed, they lose. One in sixteen guesses is right; at a share of 250 and a
// bond of 25 they would break even at one in eleven.
func TestGuessingLosesMoney(t *testing.T) {
	const rounds = 60
	m := newMarket(t, func(msg *jobstypes.MsgRegisterJob) { msg.Terms.InvalidLosesBond, msg.Terms.Bond = true, nil })
	sybils := []string{"w2", "w3", "w4"}
	lucky, won := 0, int64(0)
	gains := m.gains(func() {
		for range rounds {
			id := m.request(workers(4))
			require.Equal(t, int64(25), m.get(id).WorkerBond.Int64(), "the default")
			m.accept(id, "e1", "w1", "w2", "w3", "w4")
			answers, valid, losers := map[string]float32{"w1": right}, []string{"w1"}, []string(nil)
			for _, sybil := range sybils {
				if luck(id, sybil) {
					answers[sybil] = right
					valid = append(valid, sybil)
					lucky++
				} else {
					answers[sybil] = wrong
					losers = append(losers, sybil)
				}
			}
			m.deliver(id, answers)
			m.rank(id, "e1", valid...)
			m.concede(id, append(losers, "client")...)
			require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
		}
	})
	for _, sybil := range sybils {
		won += gains[sybil]
	}
	t.Logf("%d of %d guesses were right; per guess %.2f uain", lucky, rounds*len(sybils), float64(won)/float64(rounds*len(sybils)))
	require.Positive(t, lucky, "the draw has to be one")
	require.Equal(t, int64(lucky)*250-int64(rounds*len(sybils)-lucky)*25, won)
	require.Negative(t, won)
	require.Equal(t, int64(rounds*250), gains["w1"])
}

// concede has some give up the right to challenge.
func (m *market) concede(id uint64, names ...string) {
	m.t.Helper()
	var txs [][]byte
	for _, name := range names {
		msg := &jobstypes.MsgAcceptResult{Signer: address(name), RequestId: id}
		txs = append(txs, m.Sign(apptest.Tx{From: account(name), Msgs: []sdk.Msg{msg}}))
	}
	for _, result := range m.Block(txs...).TxResults {
		require.Zero(m.t, result.Code, result.Log)
	}
}

// pair is a job in which a question has two answers: whoever holds two places commits to both, sees what the others
// reveal, and reveals the one that wins. bond is what the job asks of each.
func pair(t *testing.T, bond int64, spec ...order) (earned int64) {
	t.Helper()
	m := newMarket(t, func(msg *jobstypes.MsgRegisterJob) {
		msg.Terms.Bond, msg.Terms.InvalidLosesBond = &jobstypes.Bond{Amount: sdkmath.NewInt(bond)}, true
	})
	gains := m.gains(func() {
		id := m.request(append([]order{workers(3)}, spec...)...)
		m.accept(id, "e1", "w1", "w2", "w3")
		m.must("w2", commitment(id, "w2", right))
		m.must("w3", commitment(id, "w3", wrong))
		m.must("w1", commitment(id, "w1", right))
		m.must("w1", opening(id, "w1", right)) // now the pair knows
		m.must("w2", opening(id, "w2", right))
		m.until(id, jobstypes.REQUEST_STATE_EVALUATING)
		m.rank(id, "e1", "w2", "w1")
		require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
	})
	return together(gains, "w2", "w3")
}

// With a bond as large as the largest share, which invalid work loses, two places that say both yes and no earn less
// than the bond of one of them, whoever wins: here nothing at all.
func TestASybilPairThatRevealsTheWinnerEarnsLessThanItsBond(t *testing.T) {
	for name, contract := range map[string]struct {
		share int64
		spec  order
	}{
		"shared evenly":     {333, func(*jobstypes.RequestSpec) {}},
		"all to the winner": {1000, winnerTakesAll},
		"by weights": {750, func(s *jobstypes.RequestSpec) {
			s.RewardFunction = jobstypes.RewardFunction{Kind: jobstypes.REWARD_KIND_WEIGHTS, Weights: []uint64{3, 1}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			earned := pair(t, contract.share, contract.spec)
			require.Less(t, earned, contract.share, "its bond")
			require.LessOrEqual(t, earned, int64(0), "saying both is worth nothing")
		})
	}
	t.Run("a bond below the largest share does not hold it off", func(t *testing.T) {
		require.Equal(t, int64(333-33), pair(t, 33), "what a job with few answers has to know")
	})
}

// A stranger gets no place by making accounts: each has to be approved by an admin, within the admin's limit, and
// declared before others may see it.
func TestAccountsWithoutApprovalHaveNoPlace(t *testing.T) {
	m := newMarket(t)
	id := m.request()
	m.accept(id, "e1")
	m.refused(reputationtypes.ErrNotNode, "mallory", acceptance(id, "mallory", program.ROLE_WORKER))
	application := m.apply(program.ROLE_WORKER, "admin", "mallory")
	m.refused(reputationtypes.ErrNotNode, "mallory", acceptance(id, "mallory", program.ROLE_WORKER))
	for _, stranger := range []string{"mallory", "client", "e3"} {
		require.Error(t, m.try(stranger, &reputationtypes.MsgApproveNode{Signer: address(stranger), ApplicationId: application}))
	}
	require.False(t, slices.Contains(m.active(), address("mallory")))
}

// active are the nodes of the job.
func (m *market) active() []string {
	m.t.Helper()
	state, err := m.App.Reputation.ExportGenesis(m.Context())
	require.NoError(m.t, err)
	var nodes []string
	for _, node := range state.Nodes {
		nodes = append(nodes, node.Owner)
	}
	return nodes
}
