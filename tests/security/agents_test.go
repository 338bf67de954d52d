package security_test

import (
	"flag"
	"math/rand"
	"testing"

	"github.com/stretchr/testify/require"

	sdkmath "cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"

	"github.com/ain-network/aind/app/apptest"
	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

var (
	lives = flag.Int("agents", 200, "requests that each agent takes part in")
	seed  = flag.Int64("agents-seed", 1, "what the agents draw from")
)

// part is how one request is played.
type part struct {
	evaluator string
	answers   map[string]float32 // of the workers; silent: accepts and does nothing
	copies    map[string]string  // who commits to what whose commitment says, and cannot open it
	ranking   []string
	// attacks of the ranking, level by level, and what the resolver finds; the next one follows the verdict.
	attacks []attack
}

type attack struct {
	by, resolver string
	finds        []string
	confirms     bool
}

const silent = -1

// agent is somebody who wants more than its work is worth, and how its requests go.
type agent struct {
	name string
	who  []string
	job  register
	spec []order
	// profits says that the protocol does not stop it: what it earns is published in the README.
	profits bool
	plays   func(r *rand.Rand) part
}

// bondOf makes invalid work lose a bond.
func bondOf(bond int64) register {
	return func(msg *jobstypes.MsgRegisterJob) {
		msg.Terms.InvalidLosesBond, msg.Terms.Bond = true, &jobstypes.Bond{Amount: sdkmath.NewInt(bond)}
	}
}

// looks says whether a client checks a result itself.
func looks(r *rand.Rand, percent int) bool { return r.Intn(100) < percent }

// lazyJudge calls everybody valid. Its workers are wrong in a part of the requests, and the client looks at a part.
func lazyJudge(wrongPercent, looksPercent int) func(r *rand.Rand) part {
	return func(r *rand.Rand) part {
		p := part{evaluator: "e1", answers: map[string]float32{"w1": right, "w2": right}, ranking: []string{"w1", "w2"}}
		if looks(r, wrongPercent) {
			p.answers["w2"] = wrong
			if looks(r, looksPercent) {
				p.attacks = []attack{{by: "client", resolver: "admin", finds: []string{"w1"}}}
			}
		}
		return p
	}
}

// league has the evaluator and all places, works on nothing, and is looked at now and then.
func league(looksPercent int) func(r *rand.Rand) part {
	return func(r *rand.Rand) part {
		p := part{evaluator: "e1", answers: map[string]float32{"w2": wrong, "w3": wrong}, ranking: []string{"w2", "w3"}}
		if looks(r, looksPercent) {
			p.attacks = []attack{{by: "client", resolver: "admin"}}
		}
		return p
	}
}

var agents = []agent{
	{name: "a lazy worker guesses, and is right once in twenty times", who: []string{"w2"}, job: bondOf(50), plays: func(r *rand.Rand) part {
		p := part{evaluator: "e1", answers: map[string]float32{"w1": right, "w2": wrong}, ranking: []string{"w1"}}
		if looks(r, 5) {
			p.answers["w2"], p.ranking = right, []string{"w1", "w2"}
		}
		return p
	}},
	{name: "a lazy worker copies a commitment", who: []string{"w2"}, plays: func(*rand.Rand) part {
		return part{
			evaluator: "e1", answers: map[string]float32{"w1": right, "w2": silent}, copies: map[string]string{"w2": "w1"}, ranking: []string{"w1"},
		}
	}},
	{name: "a lazy evaluator, workers wrong in 20 of 100, the client looks at 60", who: []string{"e1"}, plays: lazyJudge(20, 60)},
	{name: "a lazy evaluator, workers wrong in 10 of 100, the client looks at 50", who: []string{"e1"}, plays: lazyJudge(10, 50), profits: true},
	{name: "evaluator and two of three workers in league", who: []string{"e1", "w2", "w3"}, spec: []order{workers(3)},
		plays: func(*rand.Rand) part {
			return part{
				evaluator: "e1", answers: map[string]float32{"w1": right, "w2": wrong, "w3": wrong}, ranking: []string{"w2", "w3"},
				attacks: []attack{{by: "w1", resolver: "admin", finds: []string{"w1"}}},
			}
		}},
	{name: "evaluator and all workers in league, the client looks at 65 of 100", who: []string{"e1", "w2", "w3"}, plays: league(65)},
	{name: "evaluator and all workers in league, the client looks at 40 of 100", who: []string{"e1", "w2", "w3"}, plays: league(40), profits: true},
	{name: "Sybils that are idle", who: []string{"w2", "w3"}, spec: []order{workers(3)}, plays: func(*rand.Rand) part {
		return part{
			evaluator: "e1", answers: map[string]float32{"w1": right, "w2": silent, "w3": silent}, ranking: []string{"w1"},
		}
	}},
	{name: "a Sybil pair says both, at a bond of the largest share", who: []string{"w2", "w3"}, job: bondOf(1000),
		spec: []order{workers(3), winnerTakesAll}, plays: func(r *rand.Rand) part {
			p := part{evaluator: "e1", answers: map[string]float32{"w1": right, "w2": right, "w3": wrong}, ranking: []string{"w1", "w2"}}
			if looks(r, 50) { // who of the two that are right comes first
				p.ranking = []string{"w2", "w1"}
			}
			return p
		}},
	{name: "a griefer challenges what is right, at every level", who: []string{"w2"}, spec: []order{winnerTakesAll}, plays: func(*rand.Rand) part {
		return part{
			evaluator: "e1", answers: map[string]float32{"w1": right, "w2": right}, ranking: []string{"w1", "w2"},
			attacks: []attack{{by: "w2", resolver: "admin", confirms: true}, {by: "w2", resolver: "root", confirms: true}},
		}
	}},
	{name: "client, evaluator and workers are one", who: []string{"client", "e1", "w1", "w2"}, plays: func(*rand.Rand) part {
		return part{evaluator: "e1", answers: map[string]float32{"w1": right, "w2": right}, ranking: []string{"w1", "w2"}}
	}},
}

// TestCheatingDoesNotPayOnAverage lets agents play many requests each on the whole chain, by a seed, and adds up what they
// have more or less in the end. Their work costs nothing here: an honest worker's share is what they are after. For
// longer: make agents, which plays 10^5 requests.
func TestCheatingDoesNotPayOnAverage(t *testing.T) {
	for _, a := range agents {
		t.Run(a.name, func(t *testing.T) {
			changes := []register{}
			if a.job != nil {
				changes = append(changes, a.job)
			}
			m := newMarket(t, changes...)
			m.enrich()
			r := rand.New(rand.NewSource(*seed))
			gains := m.gains(func() {
				for left := *lives; left > 0; left -= inStep {
					m.play(a, r, min(left, inStep))
				}
			})
			profit := together(gains, a.who...)
			t.Logf("%d requests, %.1f uain a request", *lives, float64(profit)/float64(*lives))
			if a.profits {
				require.Positive(t, profit, "the protocol stops it: say so in the README")
			} else {
				require.Negative(t, profit)
			}
		})
	}
}

// inStep is how many requests live at the same time.
const inStep = 30

// enrich gives everybody coins for as many requests as there will ever be.
func (m *market) enrich() {
	m.t.Helper()
	for _, name := range people {
		m.must("whale", &banktypes.MsgSend{
			FromAddress: address("whale"), ToAddress: address(name), Amount: sdk.NewCoins(chain.Coin(50_000_000_000)),
		})
		m.must(name, &escrowtypes.MsgSetStake{Owner: address(name), Amount: sdkmath.NewInt(20_000_000_000)})
	}
}

// move is a message that has to succeed.
type move struct {
	from string
	msg  sdk.Msg
}

// block has moves happen in one block, in their order.
func (m *market) block(moves []move) []func(unmarshaler) {
	m.t.Helper()
	var txs [][]byte
	for _, move := range moves {
		txs = append(txs, m.Sign(apptest.Tx{From: account(move.from), Msgs: []sdk.Msg{move.msg}}))
	}
	var answers []func(unmarshaler)
	for i, result := range m.Block(txs...).TxResults {
		require.Zero(m.t, result.Code, "%s: %s", moves[i].from, result.Log)
		answers = append(answers, func(response unmarshaler) { respond(m.t, result, response) })
	}
	return answers
}

// play lets some requests live in step.
func (m *market) play(a agent, r *rand.Rand, count int) {
	m.t.Helper()
	parts := make([]part, count)
	var orders []move
	for i := range parts {
		parts[i] = a.plays(r)
		orders = append(orders, move{"client", &jobstypes.MsgRequestJob{Signer: address("client"), Spec: m.spec(a.spec...)}})
	}
	ids := make([]uint64, count)
	for i, answer := range m.block(orders) {
		var requested jobstypes.MsgRequestJobResponse
		answer(&requested)
		ids[i] = requested.RequestId
	}
	stage := func(moves func(p part, id uint64) []move) {
		var all []move
		for i, p := range parts {
			all = append(all, moves(p, ids[i])...)
		}
		m.block(all)
	}
	stage(part.work)
	m.until(ids[0], jobstypes.REQUEST_STATE_REVEALING)
	stage(part.open)
	m.until(ids[0], jobstypes.REQUEST_STATE_EVALUATING)
	stage(func(p part, id uint64) []move {
		return []move{{p.evaluator, &jobstypes.MsgRank{Signer: address(p.evaluator), RequestId: id, Ranking: ranking(p.ranking...)}}}
	})
	for level := range 2 {
		stage(func(p part, id uint64) []move { return p.attack(id, level) })
	}
	for _, id := range ids {
		m.settle(id)
	}
}

// work is all that is done before results are shown.
func (p part) work(id uint64) []move {
	moves := []move{{p.evaluator, acceptance(id, p.evaluator, program.ROLE_EVALUATOR)}}
	var commitments []move
	for _, name := range people {
		answer, works := p.answers[name]
		if !works {
			continue
		}
		moves = append(moves, move{name, acceptance(id, name, program.ROLE_WORKER)})
		switch from, copied := p.copies[name]; {
		case copied:
			msg := commitment(id, from, p.answers[from])
			msg.Signer = address(name)
			commitments = append(commitments, move{name, msg})
		case answer != silent:
			commitments = append(commitments, move{name, commitment(id, name, answer)})
		}
	}
	return append(moves, commitments...)
}

func (p part) open(id uint64) (moves []move) {
	for _, name := range people {
		if answer, works := p.answers[name]; works && answer != silent {
			moves = append(moves, move{name, opening(id, name, answer)})
		}
	}
	return moves
}

// attack is the challenge of a level, if there is one, with its verdict.
func (p part) attack(id uint64, level int) []move {
	if level >= len(p.attacks) {
		return nil
	}
	a := p.attacks[level]
	return []move{
		{a.by, &jobstypes.MsgChallenge{Signer: address(a.by), RequestId: id}},
		{a.resolver, &jobstypes.MsgResolveChallenge{
			Signer: address(a.resolver), RequestId: id, Confirm: a.confirms, Ranking: ranking(a.finds...),
		}},
	}
}
