package keeper_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/tests/model"
)

// TestThePlainModel gives random messages at random times to the keepers and to the plain model of tests/model, which
// knows the protocol and no keeper. Both must refuse the same messages. After every block every account's wallet and
// stake, what the chain got, what was burned, and of every request its state, outcome, deadline, places, ranking and
// coins at stake must be the same. A failure is shrunk and printed as a script.
//
// Rules of the keepers were broken by hand, one at a time, to see that it can fail. It noticed
//
//   - a right resolver that is paid out of a lost deposit though lost fees suffice: w4 has 9 uain too little, the
//     resolver a1 9 too many;
//   - a reopened request that waits from the sweep on and not from its evaluator's deadline: "REOPENED until" 3 ms late;
//   - the dust of a slash that goes to the silent evaluator and not to the client: two wallets;
//   - a concession that outlives the ranking it was made to: the chain refuses w1, who may concede again.
//
// For longer: go test ./x/jobs/keeper -run TestThePlainModel -rapid.checks=20000 -rapid.seed=7
func TestThePlainModel(t *testing.T) {
	fixSeed(t)
	setDefault(t, "rapid.checks", 600, 5)
	setDefault(t, "rapid.steps", 90, 2)
	reached := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModelMachine(t, rt)
		m.compare()
		draws := modelDraws{m}
		actions := map[string]func(*rapid.T){
			"any": draws.any, "order": draws.order, "wait": draws.wait, "coins": draws.coins, "vote": draws.vote, "programs": draws.programs,
		}
		for i := range 9 { // most messages are in place, so that requests come far
			actions[fmt.Sprint("apt ", i)] = draws.apt
		}
		rt.Repeat(actions)
		m.runOut()
		m.note(reached)
	})
	for _, name := range slices.Sorted(maps.Keys(reached)) {
		t.Logf("%6d %s", reached[name], name)
	}
	for _, name := range modelReaches {
		require.NotZero(t, reached[name], "no sequence reached %q: draw better ones", name)
	}
}

// modelReaches is what the sequences must have been through to show anything.
var modelReaches = []string{
	"RANKED", "NOBODY_VALID", "OVERTURNED", "INPUT_UNUSABLE", "NOTHING_REVEALED", "SILENT",
	"UNEVALUATED", "RELEASE_REVOKED", "CANCELLED_RELEASE_REVOKED", "its program is revoked", "there is no program",
	"open, UNEVALUATED", "open, RELEASE_REVOKED", "open, RANKED", "by execution, RANKED", "by execution, OVERTURNED",
	"CANCELLED_NO_KEY_GRANTED", "INPUT_NOT_GRANTED", "challenged, INPUT_NOT_GRANTED", "released without a key", "it has no key",
	"all with one result are valid together", "they stand in the order of commitment, all alike",
	"the client could read it and reject the worker",
	"CANCELLED_BY_CLIENT", "CANCELLED_NO_EVALUATOR", "CANCELLED_TOO_FEW_WORKERS",
	"challenges: 1", "challenges: 2", "challenges: 3", "verdict: confirmed", "verdict: changed", "verdict: unheard",
	"a concession to a ranking that changed", "an earlier ranking restored", "a silent resolver passed over", "silent, another ranked",
	"others are named", "the client does not want it", "nobody is left to judge", "there are too few above it to judge",
	"there is no right to challenge", "it has committed", "somebody has accepted", "the best come first",
}

// setDefault gives one of rapid's flags another default. With -short rapid divides it; that is undone.
func setDefault(t *testing.T, name string, value, divided int) {
	t.Helper()
	f := flag.Lookup(name)
	require.NotNil(t, f)
	if testing.Short() {
		value *= divided
	}
	if before := f.Value.String(); before == f.DefValue {
		require.NoError(t, f.Value.Set(fmt.Sprint(value)))
		t.Cleanup(func() { require.NoError(t, f.Value.Set(before)) })
	}
}

// modelMachine is the keepers and the model side by side.
type modelMachine struct {
	*fixture
	rt     *rapid.T
	world  *model.World
	job    uint64
	supply int64          // at the start
	sum    int64          // of the model's coins, always
	script []string       // what was done so far
	passed int            // silent resolvers that were passed over
	turned int            // earlier rankings that verdicts restored
	said   map[string]int // by the model, as the reason to refuse
	before map[int]string // levels at the end of the last block
}

// shrinking lets a failure of the fixture end the sequence and not the test, so that rapid can shrink it.
type shrinking struct {
	testing.TB
	m *modelMachine
}

func (s shrinking) Helper() {}

func (s shrinking) Errorf(format string, args ...any) { s.m.fail(format, args...) }

func (s shrinking) Fatalf(format string, args ...any) { s.m.fail(format, args...) }

func (s shrinking) FailNow() { s.m.rt.FailNow() }

// fail ends the sequence with everything that was done so far.
func (m *modelMachine) fail(format string, args ...any) {
	m.rt.Helper()
	m.rt.Fatalf("%s\n\nthe script:\n  %s\n", fmt.Sprintf(format, args...), strings.Join(m.script, "\n  "))
}

// do sends what the model was told already, and has refused with want.
func (m *modelMachine) do(line string, onChain func(ctx context.Context) error, want error) {
	m.script = append(m.script, line)
	got := m.run(onChain)
	if (got == nil) != (want == nil) {
		m.fail("the chain says %v, the model %v, to: %s", got, want, line)
	}
	if want != nil {
		m.script[len(m.script)-1] += "   # refused: " + want.Error()
		if !strings.ContainsAny(want.Error(), "0123456789") {
			m.said[want.Error()]++
		}
	}
}

// levels is every request's standing ranking and its resolver, by which watch knows what happened.
func (m *modelMachine) levels() map[int]string {
	at := map[int]string{}
	for _, r := range m.world.Requests {
		at[r.ID] = fmt.Sprint(r.Standing, resolverOf(r))
	}
	return at
}

func resolverOf(r *model.Request) string {
	if waiting := r.Waiting(); waiting != nil {
		return waiting.Resolver
	}
	return ""
}

func (m *modelMachine) watch() {
	before := m.before
	m.before = m.levels()
	for _, r := range m.world.Requests {
		standing, resolver := 0, ""
		_, _ = fmt.Sscan(before[r.ID], &standing, &resolver)
		if r.Standing < standing {
			m.turned++
		}
		if now := resolverOf(r); resolver != "" && now != "" && now != resolver {
			m.passed++
		}
	}
}

// block ends the block, compares, and begins the next.
func (m *modelMachine) block(ms int64) {
	require.NoError(m.t, m.keeper.EndBlock(m.ctx))
	m.world.EndBlock()
	m.compare()
	m.watch()
	m.beginBlock(time.Duration(ms) * time.Millisecond)
	m.world.Pass(ms)
}

// pass lets time go by in blocks whose gaps all count.
func (m *modelMachine) pass(ms int64) {
	m.script = append(m.script, fmt.Sprintf("wait %d ms", ms))
	for ms > 0 {
		step := min(ms, m.world.Params.LongestGap)
		m.block(step)
		ms -= step
	}
}

// runOut waits until every request has ended: each phase ends by itself.
func (m *modelMachine) runOut() {
	for range 60 {
		m.block(1)
		if !slices.ContainsFunc(m.world.Requests, func(r *model.Request) bool { return !r.Paid() }) {
			m.checkBooks()
			return
		}
		m.pass(20_000)
	}
	m.fail("a request has not ended")
}

// note counts what the sequence has been through.
func (m *modelMachine) note(reached map[string]int) {
	for _, r := range m.world.Requests {
		reached[string(r.Outcome)]++
		reached["released without a key"] += r.Released
		if len(r.Challenges) > 0 {
			reached["challenged, "+string(r.Outcome)]++
		}
		switch {
		case m.world.Terms.OpenResults:
			reached["open, "+string(r.Outcome)]++
		case m.world.Terms.ByExecution:
			reached["by execution, "+string(r.Outcome)]++
		}
		if n := len(r.Challenges); n > 0 {
			reached[fmt.Sprintf("challenges: %d", n)]++
		}
		for _, c := range r.Challenges {
			reached["verdict: "+[]string{"pending", "confirmed", "changed", "unheard"}[c.Verdict]]++
		}
		reached["a concession to a ranking that changed"] += r.Renewed
		if len(r.Silent) > 0 && len(r.Rankings) > 0 {
			reached["silent, another ranked"]++
		}
	}
	reached["an earlier ranking restored"] += m.turned
	reached["a silent resolver passed over"] += m.passed
	for text, times := range m.said {
		reached[text] += times
	}
}

// newModelMachine has a tree four admins deep, nodes of several roles, clients that are nodes, and operators.
func newModelMachine(t *testing.T, rt *rapid.T) *modelMachine {
	m := &modelMachine{rt: rt, said: map[string]int{}}
	m.fixture = newFixture(shrinking{t, m})
	m.world = &model.World{
		Accounts: map[string]*model.Account{}, Nodes: map[string]model.Node{}, Operators: map[string]string{"o2": "c2", "o4": "w4"},
	}
	for _, name := range modelAccounts {
		wallet, stake := int64(4_000), int64(9_000)
		switch name {
		case "c1":
			wallet, stake = 30_000, 0
		case "c2":
			wallet, stake = 5_000, 12_000
		case "w3", "e2":
			stake = 40
		}
		m.fund(name, wallet, stake)
		m.world.Accounts[name] = &model.Account{Wallet: wallet, Stake: stake}
	}
	modelDraws{m}.terms(rt)
	modelDraws{m}.params(rt)
	for _, grown := range modelTree {
		m.joinBelow(m.job, grown.above, grown.name, grown.role)
		node := m.world.Nodes[grown.name]
		if grown.name != "root" {
			node.Above = append([]string{grown.above}, m.world.Nodes[grown.above].Above...)
		}
		node.Evaluator = node.Evaluator || grown.role == program.ROLE_EVALUATOR
		node.Worker = node.Worker || grown.role == program.ROLE_WORKER
		m.world.Nodes[grown.name] = node
	}
	for _, name := range modelAccounts {
		m.encrypt(name, true)
	}
	for operator, owner := range m.world.Operators {
		m.operate(owner, operator)
	}
	m.supply = m.bank.GetSupply(m.ctx, chain.Denom).Amount.Int64()
	m.sum = m.world.Sum()
	clock, err := m.keeper.Clock(m.ctx)
	require.NoError(m.t, err)
	m.world.Now = clock.NowMs
	return m
}

var (
	modelEvaluators = []string{"e1", "e2", "e3", "e4", "a1"}
	modelWorkers    = []string{"w1", "w2", "w3", "w4", "e1", "a2", "root"}
	modelClients    = []string{"c1", "c2", "a1", "w1", "root"}
	modelAccounts   = []string{"c1", "c2", "o2", "o4", "root", "a1", "a2", "a3", "e1", "e2", "e3", "e4", "w1", "w2", "w3", "w4", "sink"}
)

// modelTree is who asks whom for which role.
var modelTree = []struct {
	above, name string
	role        program.Role
}{
	{"root", "a1", program.ROLE_ADMIN},
	{"a1", "a2", program.ROLE_ADMIN},
	{"a2", "a3", program.ROLE_ADMIN},
	{"root", "a1", program.ROLE_EVALUATOR},
	{"a1", "a2", program.ROLE_WORKER},
	{"root", "root", program.ROLE_WORKER},
	{"root", "root", program.ROLE_EVALUATOR},
	{"root", "e1", program.ROLE_EVALUATOR},
	{"root", "e1", program.ROLE_WORKER},
	{"a1", "e2", program.ROLE_EVALUATOR},
	{"a2", "e3", program.ROLE_EVALUATOR},
	{"a3", "e4", program.ROLE_EVALUATOR},
	{"root", "w1", program.ROLE_WORKER},
	{"root", "w2", program.ROLE_WORKER},
	{"a1", "w3", program.ROLE_WORKER},
	{"root", "w4", program.ROLE_WORKER},
}

func amount(n int64) math.Int { return math.NewInt(n) }
