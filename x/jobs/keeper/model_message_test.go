package keeper_test

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/tests/model"
	"github.com/ain-network/aind/x/jobs/types"
)

// message gives one message about a request to both sides, signed by an account or its operator.
func (d modelDraws) message(rt *rapid.T, kind string, r *model.Request, who string) {
	if kind == "reject" {
		client := d.signer(rt, pick(rt, "by", r.Client, r.Client, r.Client, "c1"))
		d.tell(fmt.Sprintf("%d: reject %s by %s", r.ID, who, client), &types.MsgRejectWorker{
			Signer: d.address(client).String(), RequestId: uint64(r.ID), Worker: d.address(who).String(),
		}, d.world.Reject(client, r.ID, who))
		return
	}
	if kind == "grant" {
		client := d.signer(rt, r.Client)
		d.tell(fmt.Sprintf("%d: grant %s by %s", r.ID, who, client), &types.MsgGrantKey{
			Signer: d.address(client).String(), RequestId: uint64(r.ID),
			Keys: []types.WrappedKey{{Account: d.address(who).String(), Key: []byte("key")}},
		}, d.world.Grant(client, r.ID, who))
		return
	}
	owner, signer := who, d.signer(rt, who)
	if of, ok := d.world.Operators[who]; ok {
		owner = of
	}
	line, from, id := fmt.Sprintf("%d: %s %s", r.ID, kind, signer), d.address(signer).String(), uint64(r.ID)
	switch kind {
	case "cancel":
		d.tell(line, &types.MsgCancelRequest{Signer: from, RequestId: id}, d.world.Cancel(signer, r.ID))
	case "accept evaluator":
		d.tell(line, &types.MsgAcceptJob{Signer: from, RequestId: id, Role: program.ROLE_EVALUATOR}, d.world.AcceptEvaluator(signer, r.ID))
	case "accept worker":
		d.tell(line, &types.MsgAcceptJob{Signer: from, RequestId: id, Role: program.ROLE_WORKER}, d.world.AcceptWorker(signer, r.ID))
	case "resign":
		d.tell(line, &types.MsgResign{Signer: from, RequestId: id}, d.world.Resign(signer, r.ID))
	case "commit":
		result := d.result(rt, owner)
		m := d.commitAs(id, owner, result)
		if d.world.Terms.OpenResults {
			m.Commitment, m.Result = nil, &types.Result{Inline: reply(result)}
		}
		m.Signer = from
		d.tell(line+" "+result, m, d.world.Commit(signer, r.ID, result))
	case "reveal", "reveal another":
		m := d.revealAs(id, owner, resultOf(r, owner))
		if m.Signer = from; kind == "reveal another" {
			m.Salt = salt("another")
		}
		d.tell(line, m, d.world.Reveal(signer, r.ID, kind == "reveal"))
	case "rank":
		ranking := d.ranking(rt, r)
		d.tell(line+" "+rankingLine(ranking), &types.MsgRank{
			Signer: from, RequestId: id, Ranking: d.entries(ranking), InputUnusable: ranking.Unusable,
		}, d.world.Rank(signer, r.ID, ranking))
	case "challenge":
		d.tell(line, &types.MsgChallenge{Signer: from, RequestId: id}, d.world.Challenge(signer, r.ID))
	case "concede":
		d.tell(line, &types.MsgAcceptResult{Signer: from, RequestId: id}, d.world.Concede(signer, r.ID))
	case "resolve":
		verdict := d.verdict(rt, r)
		m := &types.MsgResolveChallenge{Signer: from, RequestId: id, Confirm: verdict == nil}
		text := "confirm"
		if verdict != nil {
			text, m.Ranking, m.InputUnusable = rankingLine(*verdict), d.entries(*verdict), verdict.Unusable
		}
		d.tell(line+" "+text, m, d.world.Resolve(signer, r.ID, verdict))
	default:
		d.fail("unknown message %q", kind)
	}
}

// result is one of two that many give, where results are compared; else each worker's own.
func (d modelDraws) result(rt *rapid.T, owner string) string {
	if d.world.Terms.ByExecution {
		return pick(rt, "result", "one", "one", "other")
	}
	return owner
}

// resultOf is what a worker committed to, or would have.
func resultOf(r *model.Request, name string) string {
	for _, worker := range r.Crew {
		if worker.Name == name && worker.Committed {
			return worker.Result
		}
	}
	return name
}

// tell gives the chain a message to which the model has answered.
func (d modelDraws) tell(line string, m sdk.Msg, answer error) {
	d.do(line, func(ctx context.Context) error { return d.deliver(ctx, m) }, answer)
}

func (f *fixture) deliver(ctx context.Context, message sdk.Msg) (err error) {
	switch m := message.(type) {
	case *types.MsgCancelRequest:
		_, err = f.server.CancelRequest(ctx, m)
	case *types.MsgAcceptJob:
		_, err = f.server.AcceptJob(ctx, m)
	case *types.MsgResign:
		_, err = f.server.Resign(ctx, m)
	case *types.MsgRejectWorker:
		_, err = f.server.RejectWorker(ctx, m)
	case *types.MsgGrantKey:
		_, err = f.server.GrantKey(ctx, m)
	case *types.MsgSubmitResult:
		_, err = f.server.SubmitResult(ctx, m)
	case *types.MsgRevealResult:
		_, err = f.server.RevealResult(ctx, m)
	case *types.MsgRank:
		_, err = f.server.Rank(ctx, m)
	case *types.MsgChallenge:
		_, err = f.server.Challenge(ctx, m)
	case *types.MsgResolveChallenge:
		_, err = f.server.ResolveChallenge(ctx, m)
	case *types.MsgAcceptResult:
		_, err = f.server.AcceptResult(ctx, m)
	default:
		f.t.Fatalf("unknown message %T", m)
	}
	return err
}

// verdict confirms, restores an earlier ranking, or gives one of its own.
func (d modelDraws) verdict(rt *rapid.T, r *model.Request) *model.Ranking {
	switch kind := pick(rt, "verdict", "confirm", "own", "own", "earlier", "earlier"); {
	case kind == "confirm":
		return nil
	case kind == "earlier" && len(r.Rankings) > 0:
		earlier := r.Rankings[rapid.IntRange(0, len(r.Rankings)-1).Draw(rt, "earlier")]
		return &earlier
	}
	ranking := d.ranking(rt, r)
	return &ranking
}

// ranking is one of some that revealed, of nobody, or says that the input is unusable; rarely it is wrong.
func (d modelDraws) ranking(rt *rapid.T, r *model.Request) (ranking model.Ranking) {
	kind := rapid.IntRange(0, 11).Draw(rt, "ranking")
	if kind == 0 {
		return model.Ranking{Unusable: true}
	}
	if d.world.Terms.ByExecution && kind != 1 {
		return alike(r.Alike(pick(rt, "valid", "one", "one", "other")), kind)
	}
	var names []string
	for _, worker := range r.Crew {
		if worker.Revealed || kind == 1 {
			names = append(names, worker.Name)
		}
	}
	score := between(rt, "score", 0, 20)
	for len(names) > 0 && rapid.IntRange(0, 5).Draw(rt, "more") > 0 {
		name := rapid.SampledFrom(names).Draw(rt, "name")
		ranking.Places = append(ranking.Places, model.Place{Worker: name, Score: score})
		if kind != 2 {
			names = slices.DeleteFunc(names, func(other string) bool { return other == name })
		}
		if score = between(rt, "score", 0, score); kind == 3 {
			score += 2
		}
	}
	ranking.Unusable = kind == 4
	return ranking
}

// alike is those who gave one result; rarely one is left out, they are in another order, or one is better.
func alike(names []string, kind int) (ranking model.Ranking) {
	switch {
	case kind == 2 && len(names) > 0:
		names = names[1:]
	case kind == 3:
		slices.Reverse(names)
	}
	for _, name := range names {
		ranking.Places = append(ranking.Places, model.Place{Worker: name, Score: 1})
	}
	if kind == 4 && len(names) > 0 {
		ranking.Places[0].Score = 2
	}
	return ranking
}

func (d modelDraws) entries(ranking model.Ranking) (entries []types.RankEntry) {
	for _, place := range ranking.Places {
		entries = append(entries, types.RankEntry{Node: d.address(place.Worker).String(), Score: uint64(place.Score)})
	}
	return entries
}
