package keeper

import (
	"context"
	"fmt"
	"strings"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/x/jobs/types"
)

// Rank records the evaluator's ranking of the revealed workers.
func (k *Keeper) Rank(ctx context.Context, owner sdk.AccAddress, m *types.MsgRank) error {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if err := m.Validate(l.rules.params); err != nil {
		return err
	}
	if l.State != types.REQUEST_STATE_EVALUATING {
		return types.ErrState.Wrapf("request %d is %s and waits for no ranking", l.Id, l.State)
	}
	if l.Evaluator != owner.String() {
		return types.ErrUnauthorized.Wrapf("%s ranks request %d; its evaluator is %s", owner, l.Id, l.Evaluator)
	}
	if l.AwaitingKeys {
		return types.ErrState.Wrapf("request %d waits for its client to grant the evaluator %s a key", l.Id, l.Evaluator)
	}
	if err := k.checkRanked(ctx, l, m.Ranking); err != nil {
		return err
	}
	if err := k.checkAgreement(ctx, l, m.Ranking); err != nil {
		return err
	}
	if err := k.nameOutput(ctx, l, owner, "evidence", m.Evidence); err != nil {
		return err
	}
	if l.RankedMs, err = k.now(ctx); err != nil {
		return err
	}
	l.Ranking, l.InputUnusable, l.Evidence = m.Ranking, m.InputUnusable, m.Evidence
	l.Challengers = challengers(l.Request)
	if err := k.skipPlaced(ctx, l); err != nil {
		return err
	}
	l.State = types.REQUEST_STATE_RANKED
	l.waitUntil(l.RankedMs + int64(l.rules.windows.ChallengeMs))
	if err := emit(ctx, &types.EventRanked{
		RequestId: l.Id, Evaluator: l.Evaluator, Ranking: l.Ranking, InputUnusable: l.InputUnusable,
	}); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// checkRanked holds that only revealed workers of the request are ranked.
func (k *Keeper) checkRanked(ctx context.Context, l *live, ranking []types.RankEntry) error {
	if len(ranking) > int(l.Revealed) {
		return types.ErrRanking.Wrapf("ranking: %d nodes; %d revealed", len(ranking), l.Revealed)
	}
	for i, entry := range ranking {
		worker, err := types.ParseAddress(fmt.Sprintf("ranking[%d].node", i), entry.Node)
		if err != nil {
			return err
		}
		a, err := k.assignment(ctx, l.Id, worker)
		if err != nil {
			return types.ErrRanking.Wrapf("ranking[%d]: %s", i, err)
		}
		if !a.HasRevealed() {
			return types.ErrRanking.Wrapf("ranking[%d]: worker %s revealed nothing", i, entry.Node)
		}
		if got, want := len(entry.Metrics), len(l.rules.terms.Metrics); got != want {
			return types.ErrRanking.Wrapf("ranking[%d].metrics: %d values, the job measures %d", i, got, want)
		}
	}
	return nil
}

// checkAgreement holds, where results are compared, that all those with one result are ranked, or nobody. It is the
// majority's, unless who ranks has run the program and answers for knowing better.
func (k *Keeper) checkAgreement(ctx context.Context, l *live, ranking []types.RankEntry) error {
	if !l.rules.terms.ByExecution() || len(ranking) == 0 {
		return nil
	}
	workers, err := k.workersOf(ctx, l.Request)
	if err != nil {
		return err
	}
	if want := types.SameResult(workers, ranking[0].Node); !types.IsSameOrder(ranking, want) {
		return types.ErrRanking.Wrapf("ranking: not those with the result of %s, in the order of commitment and with score 1: that is%s",
			ranking[0].Node, names(want))
	}
	return nil
}

// names lists a ranking's nodes, each after a space.
func names(ranking []types.RankEntry) string {
	if len(ranking) == 0 {
		return " nobody"
	}
	var list strings.Builder
	for _, entry := range ranking {
		list.WriteString(" " + entry.Node)
	}
	return list.String()
}

// Concede gives up the right of the client, a revealed worker or an overturned
// evaluator to challenge the ranking. When nobody is left who may, this block's sweep settles the request.
func (k *Keeper) Concede(ctx context.Context, account sdk.AccAddress, id uint64) error {
	l, err := k.due(ctx, id)
	if err != nil {
		return err
	}
	if l.State != types.REQUEST_STATE_RANKED {
		return types.ErrState.Wrapf("request %d is %s; a result is accepted once it is ranked", id, l.State)
	}
	address := account.String()
	switch {
	case l.Client == address:
		if l.ClientConceded {
			return types.ErrConceded.Wrapf("client %s, request %d", address, id)
		}
		l.ClientConceded = true
	case l.Evaluator == address && l.IsOverturned():
		if l.EvaluatorConceded {
			return types.ErrConceded.Wrapf("evaluator %s, request %d", address, id)
		}
		l.EvaluatorConceded = true
	default:
		if err := k.concedeWorker(ctx, l, account); err != nil {
			return err
		}
	}
	if err := emit(ctx, &types.EventResultAccepted{RequestId: id, Account: address}); err != nil {
		return err
	}
	if l.allConceded() {
		now, err := k.now(ctx)
		if err != nil {
			return err
		}
		l.waitUntil(now)
	}
	return k.save(ctx, l)
}

func (k *Keeper) concedeWorker(ctx context.Context, l *live, worker sdk.AccAddress) error {
	a, err := k.revealed(ctx, l, worker)
	if err != nil {
		return err
	}
	if a.Conceded {
		return types.ErrConceded.Wrapf("worker %s, request %d", worker, l.Id)
	}
	a.Conceded = true
	if types.CouldGain(l.Request)(a.Worker) {
		l.Challengers--
	}
	return k.setAssignment(ctx, worker, a)
}

// revealed returns the place of a worker that has a say about the ranking.
func (k *Keeper) revealed(ctx context.Context, l *live, worker sdk.AccAddress) (types.Assignment, error) {
	a, err := k.assignment(ctx, l.Id, worker)
	if err == nil && !a.HasRevealed() {
		err = types.ErrNoPlace.Wrapf("worker %s revealed nothing in request %d and may not challenge", worker, l.Id)
	}
	return a, err
}

// challengers counts the revealed workers to whom another ranking could give more.
// It is kept with the request, so that conceding costs the same however many there
// are.
func challengers(r types.Request) uint32 {
	couldGain := types.CouldGain(r)
	if !couldGain("") { // who is not ranked could gain, unless nobody can
		return 0
	}
	satisfied := uint32(0)
	for _, entry := range r.Ranking {
		if !couldGain(entry.Node) {
			satisfied++
		}
	}
	return r.Revealed - satisfied
}
