package security_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// judged brings a request of three workers to its ranking: w1 is right, the others are wrong and agree with each other.
func (m *market) judged(evaluator string, ranking ...string) uint64 {
	m.t.Helper()
	id := m.request(workers(3))
	m.accept(id, evaluator, "w1", "w2", "w3")
	m.deliver(id, map[string]float32{"w1": right, "w2": wrong, "w3": wrong})
	m.rank(id, evaluator, ranking...)
	return id
}

func TestAWrongResultIsNotPaid(t *testing.T) {
	m := newMarket(t)
	t.Run("where the evaluator sees it", func(t *testing.T) {
		gains := m.gains(func() {
			id := m.judged("e1", "w1")
			require.Equal(t, jobstypes.OUTCOME_RANKED, m.settle(id))
		})
		require.Equal(t, map[string]int64{"w1": 333, "e1": 100, "client": -333 - 100 - 5}, gains)
	})
	t.Run("where the evaluator does not, and one that was right challenges", func(t *testing.T) {
		gains := m.gains(func() {
			id := m.judged("e1", "w2", "w3")
			m.challenge(id, "w1")
			m.resolve(id, "admin", "w1")
			require.Equal(t, jobstypes.OUTCOME_OVERTURNED, m.settle(id))
		})
		require.NotContains(t, gains, "w2")
		require.NotContains(t, gains, "w3")
		require.Greater(t, gains["w1"], int64(333), "its share, and a part of the deposit")
		require.Equal(t, int64(-1000), gains["e1"])
	})
	t.Run("where nobody is right, and the client challenges", func(t *testing.T) {
		gains := m.gains(func() {
			id := m.judged("e1", "w2", "w3")
			m.challenge(id, "client")
			m.resolve(id, "admin")
			require.Equal(t, jobstypes.OUTCOME_OVERTURNED, m.settle(id))
		})
		require.Positive(t, gains["client"])
	})
}

// An evaluator that runs nothing and calls everybody valid earns R_e as long as everybody is. The first time that
// somebody was wrong and the client looks, it loses D: R_e of ten requests, where D is what it is here.
func TestAnEvaluatorThatAgreesWithEverybodyLosesItsDeposit(t *testing.T) {
	m := newMarket(t)
	gains := m.gains(func() {
		id := m.judged("e1", "w2", "w3", "w1")
		m.challenge(id, "client")
		m.resolve(id, "admin", "w1")
		require.Equal(t, jobstypes.OUTCOME_OVERTURNED, m.settle(id))
	})
	require.Equal(t, int64(-1000), gains["e1"])
	require.Positive(t, gains["client"], "looking pays for itself")
	require.Positive(t, gains["admin"])
	require.Zero(t, gains["w2"]+gains["w3"])
}

// An evaluator and workers of one person. An honest worker that they leave out has every reason to challenge, and then
// they lose; without one among the workers, it is for the client to look.
func TestALeagueOfEvaluatorAndWorkersLoses(t *testing.T) {
	league := []string{"e1", "w2", "w3"}
	t.Run("against an honest worker", func(t *testing.T) {
		m := newMarket(t)
		gains := m.gains(func() {
			id := m.judged("e1", "w2", "w3")
			m.challenge(id, "w1")
			m.resolve(id, "admin", "w1")
			m.settle(id)
		})
		require.Negative(t, together(gains, league...))
	})
	t.Run("against an honest worker, when it buys the first resolver", func(t *testing.T) {
		m := newMarket(t)
		gains := m.gains(func() {
			id := m.judged("e1", "w2", "w3")
			m.challenge(id, "w1")
			m.confirm(id, "admin")
			m.challenge(id, "w1")
			m.resolve(id, "root", "w1")
			m.settle(id)
		})
		require.Negative(t, together(gains, append(league, "admin")...))
		require.Greater(t, gains["w1"], int64(333), "both fees came back")
	})
	t.Run("against a client that looks at more than every second result", func(t *testing.T) {
		m := newMarket(t)
		contract := func(looks bool) map[string]int64 {
			return m.gains(func() {
				id := m.request()
				m.accept(id, "e1", "w2", "w3")
				m.deliver(id, map[string]float32{"w2": wrong, "w3": wrong})
				m.rank(id, "e1", "w2", "w3")
				if looks {
					m.challenge(id, "client")
					m.resolve(id, "admin")
				}
				m.settle(id)
			})
		}
		unseen, seen := together(contract(false), league...), together(contract(true), league...)
		require.Equal(t, int64(1100), unseen)
		require.Equal(t, int64(-1000), seen)
		require.Negative(t, 47*unseen+53*seen, "seen 53 times of 100")
		require.Positive(t, 53*unseen+47*seen, "seen 47 times of 100 it pays: this is where the protocol does not hold by itself")
	})
}
