package keeper_test

import (
	"context"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

var (
	evaluators = []string{"e1", "e2", "e3", "e4"} // above e4 there are two
	workers    = []string{"w1", "w2", "w3", "w4"}
)

// TestNoCoinIsEverLost sends random messages at random times, most of them out of
// place. After every block the books are held (see checkBooks); at the end, when
// every request has run out, every coin is in a wallet, a stake or with the fee
// collector, and nothing is held.
func TestNoCoinIsEverLost(t *testing.T) {
	endings := map[types.Outcome]int{}
	fixSeed(t)
	keepAllSequences(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := newMoneyMachine(t, rt)
		before := m.total()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			m.step(rt)
			require.Equal(t, before, m.total()+m.held()+m.burned(), "coins are lost or made")
		}
		// Everything ends by itself, at the latest after all rounds of evaluation.
		for range 12 {
			m.wait(30 * time.Second)
		}
		require.Zero(t, m.held())
		require.Equal(t, before, m.total()+m.burned())
		state, err := m.keeper.ExportGenesis(m.ctx)
		require.NoError(t, err)
		for _, r := range state.Requests {
			require.True(t, r.IsFinished(), "request %d is %s", r.Id, r.State)
			endings[r.Outcome]++
		}
	})
	t.Log("endings:", endings)
	for outcome := types.OUTCOME_RANKED; outcome <= types.OUTCOME_CANCELLED_TOO_FEW_WORKERS; outcome++ {
		switch outcome {
		case types.OUTCOME_INPUT_NOT_GRANTED:
			continue // not enabled
		}
		require.NotZero(t, endings[outcome], "no sequence ended in %s: draw better ones", outcome)
	}
}

// fixSeed makes a run repeatable unless -rapid.seed asks for another.
func fixSeed(t *testing.T) {
	t.Helper()
	seed := flag.Lookup("rapid.seed")
	require.NotNil(t, seed)
	if seed.Value.String() == seed.DefValue {
		require.NoError(t, seed.Value.Set("20181120"))
		t.Cleanup(func() { require.NoError(t, seed.Value.Set(seed.DefValue)) })
	}
	t.Log("-rapid.seed", seed.Value)
}

// keepAllSequences undoes that rapid runs a fifth of the sequences with -short: too few to end in every way.
func keepAllSequences(t *testing.T) {
	t.Helper()
	checks := flag.Lookup("rapid.checks")
	require.NotNil(t, checks)
	if testing.Short() && checks.Value.String() == checks.DefValue {
		require.NoError(t, checks.Value.Set("500"))
		t.Cleanup(func() { require.NoError(t, checks.Value.Set(checks.DefValue)) })
	}
}

type moneyMachine struct {
	*fixture
	job      uint64
	requests []uint64
	supply   int64 // at the start
}

func newMoneyMachine(t *testing.T, rt *rapid.T) *moneyMachine {
	m := &moneyMachine{fixture: newFixture(t)}
	m.fund("client", 100_000, 0)
	registration := m.registration()
	registration.Terms.Bond.Amount = math.NewInt(rapid.Int64Range(0, 50).Draw(rt, "bond"))
	registration.Terms.Windows.OpenMs = 20_000
	registration.TreePolicy.AdminsApprove = true
	m.job = m.register(registration)
	for _, name := range append(evaluators, workers...) {
		m.fund(name, 0, 20_000)
	}
	m.join(m.job, program.ROLE_EVALUATOR, "e1", "e2", "e3")
	m.join(m.job, program.ROLE_WORKER, workers...)
	m.joinBelow(m.job, "root", "a1", program.ROLE_ADMIN)
	m.joinBelow(m.job, "a1", "e4", program.ROLE_EVALUATOR)
	m.supply = m.bank.GetSupply(m.ctx, chain.Denom).Amount.Int64()
	return m
}

// step does one thing. Refusals are fine; what a refused message leaves is not, and
// is looked for in the books.
func (m *moneyMachine) step(rt *rapid.T) {
	if len(m.requests) == 0 || rapid.IntRange(0, 11).Draw(rt, "new") == 0 {
		m.newRequest(rt)
		return
	}
	id := m.requests[rapid.IntRange(max(0, len(m.requests)-2), len(m.requests)-1).Draw(rt, "request")]
	worker := rapid.SampledFrom(workers).Draw(rt, "worker")
	evaluator := rapid.SampledFrom(evaluators).Draw(rt, "evaluator")
	client := m.address("client").String()
	send := func(run func(ctx context.Context) error) { _ = m.run(run) }
	switch rapid.SampledFrom([]string{
		"evaluator", "evaluator", "worker", "worker", "commit", "commit", "commit", "reveal", "reveal", "reveal", "rank", "rank",
		"challenge", "challenge", "resolve", "resolve", "concede", "concede evaluator", "resign", "reject", "cancel", "wait", "halt", "block", "hurry", "hurry", "hurry",
	}).Draw(rt, "step") {
	case "evaluator":
		send(func(ctx context.Context) error {
			_, err := m.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: m.address(evaluator).String(), RequestId: id, Role: program.ROLE_EVALUATOR})
			return err
		})
	case "worker":
		send(func(ctx context.Context) error {
			_, err := m.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: m.address(worker).String(), RequestId: id, Role: program.ROLE_WORKER})
			return err
		})
	case "commit":
		send(func(ctx context.Context) error {
			_, err := m.server.SubmitResult(ctx, m.commit(id, worker))
			return err
		})
	case "reveal":
		send(func(ctx context.Context) error {
			_, err := m.server.RevealResult(ctx, m.reveal(id, worker))
			return err
		})
	case "rank":
		m.rankSome(rt, id)
	case "challenge":
		m.challenge(rt, id)
	case "resolve":
		m.resolve(rt, id)
	case "concede evaluator":
		send(func(ctx context.Context) error {
			_, err := m.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: m.address(evaluator).String(), RequestId: id})
			return err
		})
	case "concede":
		send(func(ctx context.Context) error {
			_, err := m.server.AcceptResult(ctx, &types.MsgAcceptResult{Signer: client, RequestId: id})
			return err
		})
	case "resign":
		send(func(ctx context.Context) error {
			_, err := m.server.Resign(ctx, &types.MsgResign{Signer: m.address(worker).String(), RequestId: id})
			return err
		})
	case "reject":
		send(func(ctx context.Context) error {
			_, err := m.server.RejectWorker(ctx, &types.MsgRejectWorker{Signer: client, RequestId: id, Worker: m.address(worker).String()})
			return err
		})
	case "cancel":
		send(func(ctx context.Context) error {
			_, err := m.server.CancelRequest(ctx, &types.MsgCancelRequest{Signer: client, RequestId: id})
			return err
		})
	case "wait":
		m.wait(time.Duration(rapid.IntRange(1, 8_000).Draw(rt, "ms")) * time.Millisecond)
	case "halt":
		m.endBlock()
		m.beginBlock(24 * time.Hour)
	case "block":
		m.endBlock()
		m.beginBlock(20 * time.Millisecond)
	case "hurry":
		m.hurry(rt, id)
	}
}

func (m *moneyMachine) newRequest(rt *rapid.T) {
	order := m.order(m.job)
	order.Spec.EvaluatorReward = math.NewInt(rapid.Int64Range(0, 200).Draw(rt, "R_e"))
	order.Spec.WorkerReward = math.NewInt(rapid.Int64Range(0, 2_000).Draw(rt, "R_w"))
	order.Spec.RewardFunction.Kind = types.RewardKind(rapid.IntRange(1, 2).Draw(rt, "fn"))
	order.Spec.MinWorkers = uint32(rapid.IntRange(1, 2).Draw(rt, "min"))
	order.Spec.MaxWorkers = uint32(rapid.IntRange(2, 4).Draw(rt, "max"))
	_ = m.run(func(ctx context.Context) error {
		response, err := m.server.RequestJob(ctx, order)
		if err == nil {
			m.requests = append(m.requests, response.RequestId)
		}
		return err
	})
}

// rankSome ranks some of those that revealed, as the request's own evaluator.
func (m *moneyMachine) rankSome(rt *rapid.T, id uint64) {
	response, err := m.query.Request(m.ctx, &types.QueryRequestRequest{RequestId: id})
	if err != nil {
		return
	}
	message := &types.MsgRank{Signer: response.Request.Evaluator, RequestId: id}
	message.Ranking, message.InputUnusable = m.drawRanking(rt, response.Assignments)
	_ = m.run(func(ctx context.Context) error { _, err := m.server.Rank(ctx, message); return err })
}

// drawRanking ranks some of those that revealed, nobody, or calls the input unusable.
func (m *moneyMachine) drawRanking(rt *rapid.T, assignments []types.Assignment) (ranking []types.RankEntry, unusable bool) {
	switch rapid.IntRange(0, 5).Draw(rt, "nobody valid or input unusable") {
	case 0, 1:
		return nil, false
	case 2:
		return nil, true
	}
	for i, a := range assignments {
		if a.HasRevealed() && rapid.Bool().Draw(rt, fmt.Sprintf("valid %d", i)) {
			ranking = append(ranking, types.RankEntry{Node: a.Worker, Score: uint64(9 - i)})
		}
	}
	return ranking, false
}

// challenge is one of somebody who perhaps may.
func (m *moneyMachine) challenge(rt *rapid.T, id uint64) {
	name := rapid.SampledFrom(append(append([]string{"client", "client"}, evaluators...), workers...)).Draw(rt, "challenger")
	_ = m.run(func(ctx context.Context) error {
		_, err := m.server.Challenge(ctx, &types.MsgChallenge{Signer: m.address(name).String(), RequestId: id})
		return err
	})
}

// resolve gives a verdict as whoever owes it.
func (m *moneyMachine) resolve(rt *rapid.T, id uint64) {
	response, err := m.query.Request(m.ctx, &types.QueryRequestRequest{RequestId: id})
	if err != nil || response.Request.Pending() == nil {
		return
	}
	message := &types.MsgResolveChallenge{Signer: response.Request.Pending().Resolver, RequestId: id}
	if message.Confirm = rapid.Bool().Draw(rt, "confirm"); !message.Confirm {
		message.Ranking, message.InputUnusable = m.drawRanking(rt, response.Assignments)
	}
	_ = m.run(func(ctx context.Context) error { _, err := m.server.ResolveChallenge(ctx, message); return err })
}

// hurry takes a request through the steps that are all in place, so that sequences
// also come to their end.
func (m *moneyMachine) hurry(rt *rapid.T, id uint64) {
	for _, name := range append([]string{rapid.SampledFrom(evaluators).Draw(rt, "hurried evaluator")}, workers[:rapid.IntRange(0, 4).Draw(rt, "hurried")]...) {
		role := program.ROLE_WORKER
		if name[0] == 'e' {
			role = program.ROLE_EVALUATOR
		}
		_ = m.run(func(ctx context.Context) error {
			_, err := m.server.AcceptJob(ctx, &types.MsgAcceptJob{Signer: m.address(name).String(), RequestId: id, Role: role})
			return err
		})
		_ = m.run(func(ctx context.Context) error { _, err := m.server.SubmitResult(ctx, m.commit(id, name)); return err })
	}
	m.wait(time.Duration(rapid.IntRange(0, 2).Draw(rt, "hiring")) * 1_500 * time.Millisecond)
	for _, name := range workers {
		_ = m.run(func(ctx context.Context) error { _, err := m.server.RevealResult(ctx, m.reveal(id, name)); return err })
	}
	if rapid.Bool().Draw(rt, "ranks") {
		m.rankSome(rt, id)
		if rapid.Bool().Draw(rt, "challenged") {
			m.challenge(rt, id)
			m.resolve(rt, id)
		}
	}
}

// total is every coin in a wallet or stake, and what the fee collector has.
func (m *moneyMachine) total() int64 {
	sum := m.fees()
	for _, name := range append(append([]string{"client", "root", "a1"}, evaluators...), workers...) {
		sum += m.wallet(name) + m.stake(name)
	}
	return sum
}

// burned is what was destroyed since the start.
func (m *moneyMachine) burned() int64 {
	return m.supply - m.bank.GetSupply(m.ctx, chain.Denom).Amount.Int64()
}

// held is what lies in holds.
func (m *moneyMachine) held() int64 {
	state, err := m.escrow.ExportGenesis(m.ctx)
	require.NoError(m.t, err)
	sum := int64(0)
	for _, hold := range state.Holds {
		sum += hold.Balance.Int64()
	}
	return sum
}
