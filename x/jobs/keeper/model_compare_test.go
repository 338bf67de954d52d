package keeper_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/tests/model"
	"github.com/ain-network/aind/x/jobs/types"
)

// compare holds the keepers against the model.
func (m *modelMachine) compare() {
	var chainSays, modelSays []string
	say := func(list *[]string, format string, args ...any) { *list = append(*list, fmt.Sprintf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(m.world.Accounts)) {
		a := m.world.Accounts[name]
		say(&chainSays, "%s: wallet %d, stake %d", name, m.wallet(name), m.stake(name))
		say(&modelSays, "%s: wallet %d, stake %d", name, a.Wallet, a.Stake)
	}
	say(&chainSays, "chain %d, burned %d", m.fees(), m.supply-m.bank.GetSupply(m.ctx, chain.Denom).Amount.Int64())
	say(&modelSays, "chain %d, burned %d", m.world.Chain, m.world.Burned)
	for _, r := range m.world.Requests {
		chainSays = append(chainSays, m.chainSays(r.ID))
		modelSays = append(modelSays, m.modelSays(r))
	}
	for i := range modelSays {
		if chainSays[i] != modelSays[i] {
			m.fail("the chain: %s\nthe model: %s", strings.Join(differing(chainSays, modelSays), "\n           "),
				strings.Join(differing(modelSays, chainSays), "\n           "))
		}
	}
	if sum := m.world.Sum(); sum != m.sum {
		m.fail("the model has %d coins and not %d: it is wrong itself", sum, m.sum)
	}
}

func differing(lines, others []string) (different []string) {
	for i, line := range lines {
		if line != others[i] {
			different = append(different, line)
		}
	}
	return different
}

const requestLine = "request %d: %s %s until %d, evaluator %q, %d workers, %d committed, %d revealed, %d rankings, stands %s, resolver %q, %d challenges, pot %d"

func (m *modelMachine) modelSays(r *model.Request) string {
	if r.State == model.Removed {
		return fmt.Sprintf("request %d is gone", r.ID)
	}
	until, rankings, stands := r.Until, 0, "[]"
	if r.Paid() {
		until = 0
	}
	if len(r.Rankings) > 0 {
		// A ranking is kept as an earlier one as soon as there is a second.
		if rankings = len(r.Rankings); rankings == 1 {
			rankings = 0
		}
		stands = rankingLine(r.Rankings[r.Standing])
	}
	return fmt.Sprintf(requestLine, r.ID, r.State, r.Outcome, until, r.Evaluator, len(r.Crew), r.Committed(), r.Revealed(),
		rankings, stands, resolverOf(r), len(r.Challenges), r.Pot)
}

func rankingLine(ranking model.Ranking) string {
	if ranking.Unusable {
		return "[unusable]"
	}
	places := []string{}
	for _, place := range ranking.Places {
		places = append(places, fmt.Sprintf("%s:%d", place.Worker, place.Score))
	}
	return fmt.Sprint(places)
}

func (m *modelMachine) chainSays(id int) string {
	response, err := m.query.Request(m.ctx, &types.QueryRequestRequest{RequestId: uint64(id)})
	if err != nil {
		return fmt.Sprintf("request %d is gone", id)
	}
	r, pot, resolver := response.Request, int64(0), ""
	if balance, err := m.escrow.Balance(m.ctx, r.HoldId); err == nil {
		pot = balance.Int64()
	}
	if pending := r.Pending(); pending != nil {
		resolver = m.named(pending.Resolver)
	}
	places := []string{}
	for _, entry := range r.Ranking {
		places = append(places, fmt.Sprintf("%s:%d", m.named(entry.Node), entry.Score))
	}
	stands := fmt.Sprint(places)
	if r.InputUnusable {
		stands = "[unusable]"
	}
	outcome := strings.TrimPrefix(r.Outcome.String(), "OUTCOME_")
	if r.Outcome == types.OUTCOME_UNSPECIFIED {
		outcome = ""
	}
	until := int64(0)
	if !r.IsFinished() {
		until = r.DeadlineMs
	}
	return fmt.Sprintf(requestLine, id, strings.TrimPrefix(r.State.String(), "REQUEST_STATE_"), outcome, until, m.named(r.Evaluator),
		r.Workers, r.Committed, r.Revealed, len(r.Rankings), stands, resolver, len(r.Challenges), pot)
}

func (m *modelMachine) named(address string) string { return m.names[address] }
