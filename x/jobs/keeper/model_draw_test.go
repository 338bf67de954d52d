package keeper_test

import (
	"context"
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/tests/model"
	"github.com/ain-network/aind/x/jobs/types"

	escrowkeeper "github.com/ain-network/aind/x/escrow/keeper"
	escrowtypes "github.com/ain-network/aind/x/escrow/types"
)

// modelDraws draws what is done next.
type modelDraws struct{ *modelMachine }

func pick[T any](rt *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(rt, label)
}

func between(rt *rapid.T, label string, from, to int64) int64 {
	return rapid.Int64Range(from, to).Draw(rt, label)
}

// terms registers the job, with terms that no message changes.
func (d modelDraws) terms(rt *rapid.T) {
	terms := &d.world.Terms
	terms.MinDeposit, terms.Fee = pick[int64](rt, "min deposit", 10, 0, 700), pick[int64](rt, "fee", 5, 0, 33, 250)
	terms.Bond, terms.InvalidLosesBond = pick[int64](rt, "bond", 20, 0, 333, -1), rapid.Bool().Draw(rt, "invalid loses bond")
	m := d.registration()
	m.Terms.MinDeposit, m.Terms.ChallengeFee = amount(terms.MinDeposit), amount(terms.Fee)
	m.Terms.InvalidLosesBond = terms.InvalidLosesBond
	m.Terms.Bond = nil
	if terms.Bond >= 0 {
		m.Terms.Bond = &types.Bond{Amount: amount(terms.Bond)}
	}
	switch pick(rt, "kind", "judged", "judged", "open", "by execution") {
	case "open":
		terms.OpenResults, m.Terms.OpenResults = true, true
	case "by execution":
		terms.ByExecution, m.Terms.Verification, m.Terms.Deterministic = true, types.VERIFICATION_EXECUTION, true
	}
	m.TreePolicy.AdminsApprove = true
	windows := m.Terms.Windows
	terms.Windows = model.Windows{
		Open: int64(windows.OpenMs), Hiring: int64(windows.HiringMs), Grant: int64(windows.GrantMs), Reveal: int64(windows.RevealMs),
		Evaluation: int64(windows.EvaluationMs), Challenge: int64(windows.ChallengeMs), Resolve: int64(windows.ResolveMs),
	}
	d.script = append(d.script, fmt.Sprintf("job %+v", *terms))
	d.job = d.register(m)
	d.world.Publish("WORKER")
	d.world.Publish("EVALUATOR")
}

// programs has the root revoke a release, or publish the next one, seldom.
func (d modelDraws) programs(rt *rapid.T) {
	for i, role := range []string{"WORKER", "EVALUATOR"} {
		left := slices.ContainsFunc(d.world.Releases, func(r model.Release) bool { return r.Role == role && !r.Revoked })
		if !left && rapid.IntRange(0, 2).Draw(rt, "publish") > 0 {
			d.publish(rt, i+1)
			return
		}
	}
	if rapid.IntRange(0, 9).Draw(rt, "seldom") != 0 {
		rt.Skip("seldom")
	}
	id := rapid.IntRange(1, len(d.world.Releases)).Draw(rt, "release")
	root, role := d.address("root").String(), d.world.Releases[id-1].Role
	d.do(fmt.Sprintf("revoke %d, %s", id, role), func(ctx context.Context) error {
		_, err := d.server.RevokeRelease(ctx, &types.MsgRevokeRelease{Signer: root, ReleaseId: uint64(id)})
		return err
	}, d.world.Revoke(id))
	d.after(rt)
}

// publish has the root publish the next release after the first of a role.
func (d modelDraws) publish(rt *rapid.T, first int) {
	role := d.world.Releases[first-1].Role
	d.world.Publish(role)
	spec := release(compile(d.t, calculateRoot), "root", program.Role(program.Role_value["ROLE_"+role]), fmt.Sprintf("1.0.%d", len(d.world.Releases)))
	d.do(fmt.Sprintf("release %d of %s", len(d.world.Releases), role), func(ctx context.Context) error {
		_, err := d.server.PublishRelease(ctx, &types.MsgPublishRelease{Signer: d.address("root").String(), JobId: d.job, Release: spec})
		return err
	}, nil)
	d.after(rt)
}

// params is a vote of governance. Requests under way keep theirs.
func (d modelDraws) params(rt *rapid.T) {
	p := model.Params{
		DepositShare: pick[int64](rt, "deposit share", 10_000, 0, 3_333),
		BondShare:    pick[int64](rt, "bond share", 1_000, 3_333),
		ChainShare:   pick[int64](rt, "chain share", 100, 0, 137),
		SilentSlash:  pick[int64](rt, "slash", 2_000, 0, 3_333, 10_000),
		ConfirmShare: pick[int64](rt, "confirm share", 500, 0, 4_000),
		BurnShare:    pick[int64](rt, "burn share", 1_000, 0, 3_333),
		Levels:       pick(rt, "levels", 3, 3, 2, 1),
		Rounds:       pick(rt, "rounds", 3, 2, 1),
		Retention:    pick[int64](rt, "retention", 3_600_000, 30_000, 0),
		LongestGap:   30_000,
	}
	onChain := types.DefaultParams()
	onChain.DepositShareBps, onChain.BondShareBps, onChain.ChainShareBps = uint32(p.DepositShare), uint32(p.BondShare), uint32(p.ChainShare)
	onChain.SilentSlashBps, onChain.ConfirmShareBps, onChain.BurnShareBps = uint32(p.SilentSlash), uint32(p.ConfirmShare), uint32(p.BurnShare)
	onChain.ChallengeLevels, onChain.EvaluationRounds, onChain.RetentionMs = uint32(p.Levels), uint32(p.Rounds), uint64(p.Retention)
	d.do(fmt.Sprintf("params %+v", p), func(ctx context.Context) error {
		_, err := d.server.UpdateParams(ctx, &types.MsgUpdateParams{Authority: authority(), Params: onChain})
		return err
	}, nil)
	d.world.Params = p
}

// after lets the block go on, or ends it.
func (d modelDraws) after(rt *rapid.T) {
	if !pick(rt, "same block", false, false, false, true) {
		d.block(between(rt, "ms", 1, 40))
	}
}

// signer is an owner or its operator.
func (d modelDraws) signer(rt *rapid.T, owner string) string {
	for operator, of := range d.world.Operators {
		if of == owner && rapid.Bool().Draw(rt, "operator signs") {
			return operator
		}
	}
	return owner
}

// order is a new request. Few at a time: more of the steps belong to each.
func (d modelDraws) order(rt *rapid.T) {
	open := 0
	for _, r := range d.world.Requests {
		if !r.Paid() {
			open++
		}
	}
	if open > 1 {
		rt.Skip("enough")
	}
	client := d.signer(rt, rapid.SampledFrom(modelClients).Draw(rt, "client"))
	o := model.Order{
		EvaluatorReward: between(rt, "R_e", 0, 300), WorkerReward: pick[int64](rt, "R_w", 1_000, 0, 1, 999, 3_001),
		TimeLimit: pick[int64](rt, "limit", 3_000, 500, 1_001), Min: pick(rt, "min", 1, 1, 2), Max: pick(rt, "max", 2, 3, 4),
		Levels: pick(rt, "levels", 0, 0, 0, 0, 0, 2, 3),
	}
	if rapid.IntRange(0, 3).Draw(rt, "named") == 0 {
		o.Evaluators = some(rt, "evaluators", modelEvaluators)
		o.Workers = some(rt, "workers", modelWorkers)
	}
	o.Function = d.function(rt, o.Max)
	if rapid.IntRange(0, 5).Draw(rt, "skip") == 0 {
		o.Skip, o.EvaluatorReward, o.Evaluators, o.Levels = true, 0, nil, 0
		o.Workers = rapid.SliceOfNDistinct(rapid.SampledFrom(modelWorkers), o.Min, 5, rapid.ID[string]).Draw(rt, "named")
		if o.Function.Kind == "PROPORTIONAL" { // it goes by scores
			o.Function = model.Function{Kind: "EVEN"}
		}
	}
	m := &types.MsgRequestJob{Signer: d.address(client).String(), Spec: d.fixture.order(d.job).Spec}
	m.Spec.EvaluatorReward, m.Spec.WorkerReward = amount(o.EvaluatorReward), amount(o.WorkerReward)
	m.Spec.TimeLimitMs, m.Spec.MinWorkers, m.Spec.MaxWorkers = uint64(o.TimeLimit), uint32(o.Min), uint32(o.Max)
	o.Keys = rapid.IntRange(0, 3).Draw(rt, "keys") == 0
	m.Spec.GrantKeys = o.Keys
	m.Spec.MinChallengeLevels, m.Spec.SkipEvaluation = uint32(o.Levels), o.Skip
	for _, name := range o.Evaluators {
		m.Spec.EvaluatorCandidates = append(m.Spec.EvaluatorCandidates, d.address(name).String())
	}
	for _, name := range o.Workers {
		m.Spec.WorkerCandidates = append(m.Spec.WorkerCandidates, d.address(name).String())
	}
	m.Spec.RewardFunction = types.RewardFunction{
		Kind:    types.RewardKind(types.RewardKind_value["REWARD_KIND_"+o.Function.Kind]),
		Weights: unsigned(o.Function.Weights), RatioNumerator: uint64(o.Function.P), RatioDenominator: uint64(o.Function.Q),
	}
	d.do(fmt.Sprintf("request %d by %s: %+v", len(d.world.Requests)+1, client, o), func(ctx context.Context) error {
		_, err := d.server.RequestJob(ctx, m)
		return err
	}, d.world.Request(client, o))
	d.after(rt)
}

func unsigned(list []int64) (out []uint64) {
	for _, n := range list {
		out = append(out, uint64(n))
	}
	return out
}

func (d modelDraws) function(rt *rapid.T, workers int) model.Function {
	f := model.Function{Kind: pick(rt, "fn", "EVEN", "WINNER_TAKES_ALL", "WEIGHTS", "GEOMETRIC", "PROPORTIONAL")}
	switch f.Kind {
	case "WEIGHTS":
		weight := between(rt, "weight", 1, 9)
		for range rapid.IntRange(1, workers).Draw(rt, "weights") {
			f.Weights = append(f.Weights, weight)
			weight = between(rt, "weight", 0, weight)
		}
	case "GEOMETRIC":
		f.Q = between(rt, "q", 1, 9)
		f.P = between(rt, "p", 0, f.Q)
	}
	return f
}

// some is a list without repetitions.
func some(rt *rapid.T, label string, from []string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(from), 0, 4, rapid.ID[string]).Draw(rt, label)
}

// request is one that is not over, or, rarely, one that is.
func (d modelDraws) request(rt *rapid.T, over bool) *model.Request {
	var from []int
	for _, r := range d.world.Requests {
		if over || !r.Paid() {
			from = append(from, r.ID)
		}
	}
	if len(from) == 0 {
		rt.Skip("none")
	}
	return d.world.Requests[rapid.SampledFrom(from).Draw(rt, "request")-1]
}

// apt does what somebody in the request would do now.
func (d modelDraws) apt(rt *rapid.T) {
	r := d.request(rt, false)
	is := func(is func(*model.Worker) bool) (names []string) {
		for _, worker := range r.Crew {
			if is(worker) {
				names = append(names, worker.Name)
			}
		}
		return names
	}
	uncommitted := is(func(w *model.Worker) bool { return !w.Committed && !w.Resigned })
	unrevealed := is(func(w *model.Worker) bool { return w.Committed && !w.Revealed })
	if r.Awaiting && rapid.IntRange(0, 9).Draw(rt, "grant") < 8 {
		owed := is(func(w *model.Worker) bool { return !w.Key && !w.Resigned })
		switch r.State {
		case model.Evaluating:
			owed = []string{r.Evaluator}
		case model.Challenged:
			owed = []string{r.Waiting().Resolver}
		}
		d.message(rt, "grant", r, rapid.SampledFrom(owed).Draw(rt, "whom"))
		d.after(rt)
		return
	}
	switch r.State {
	case model.Open, model.Reopened:
		if r.Skip {
			d.message(rt, "accept worker", r, rapid.SampledFrom(r.Workers).Draw(rt, "worker"))
			break
		}
		d.message(rt, "accept evaluator", r, rapid.SampledFrom(named(r.Evaluators, modelEvaluators)).Draw(rt, "evaluator"))
	case model.Running:
		switch {
		case r.Hiring() && rapid.IntRange(0, 2).Draw(rt, "hire") < 2:
			d.message(rt, "accept worker", r, rapid.SampledFrom(named(r.Workers, modelWorkers)).Draw(rt, "worker"))
		case len(r.Crew) > 0 && rapid.IntRange(0, 5).Draw(rt, "leave") == 0:
			all := is(func(*model.Worker) bool { return true })
			d.message(rt, pick(rt, "kind", "resign", "reject"), r, rapid.SampledFrom(all).Draw(rt, "worker"))
		case len(uncommitted) > 0:
			d.message(rt, "commit", r, rapid.SampledFrom(uncommitted).Draw(rt, "worker"))
		default:
			d.wait(rt)
		}
	case model.Revealing:
		if len(unrevealed) == 0 {
			rt.Skip("all are waiting")
		}
		d.message(rt, "reveal", r, rapid.SampledFrom(unrevealed).Draw(rt, "worker"))
	case model.Evaluating:
		d.message(rt, "rank", r, r.Evaluator)
	case model.Ranked:
		who := append(is(func(w *model.Worker) bool { return r.MayChallenge(w.Name) }), r.Client)
		if r.MayChallenge(r.Evaluator) {
			who = append(who, r.Evaluator)
		}
		d.message(rt, pick(rt, "kind", "challenge", "challenge", "concede"), r, rapid.SampledFrom(who).Draw(rt, "who"))
	case model.Challenged:
		d.message(rt, "resolve", r, r.Waiting().Resolver)
	}
	d.after(rt)
}

// named are a request's candidates, or everybody.
func named(candidates, everybody []string) []string {
	if len(candidates) > 0 {
		return candidates
	}
	return everybody
}

// any is any message by anybody about any request, most of them out of place.
func (d modelDraws) any(rt *rapid.T) {
	r := d.request(rt, rapid.IntRange(0, 4).Draw(rt, "over") == 4)
	kind := pick(rt, "kind", "cancel", "accept evaluator", "accept worker", "resign", "reject", "commit", "reveal", "reveal another",
		"rank", "challenge", "concede", "resolve", "grant")
	from := []string{r.Client, r.Client}
	if r.Evaluator != "" {
		from = append(from, r.Evaluator)
	}
	for _, worker := range r.Crew {
		from = append(from, worker.Name)
	}
	d.message(rt, kind, r, rapid.SampledFrom(append(from, modelAccounts...)).Draw(rt, "who"))
	d.after(rt)
}

// wait lets time pass: a little, or until just before, at, or after the end of a phase; or the chain stands still.
func (d modelDraws) wait(rt *rapid.T) {
	short := between(rt, "ms", 1, 900)
	left := []int64{short, short, short}
	for _, r := range d.world.Requests {
		if ms := r.Until - d.world.Now; !r.Paid() && ms > 1 {
			left = append(left, ms-1, ms, ms, ms+1)
		}
	}
	if rapid.IntRange(0, 19).Draw(rt, "halt") == 19 {
		d.script = append(d.script, "the chain halts for an hour")
		d.block(3_600_000)
		return
	}
	d.pass(rapid.SampledFrom(left).Draw(rt, "left"))
}

// coins moves stakes and payout addresses.
func (d modelDraws) coins(rt *rapid.T) {
	server := escrowkeeper.NewMsgServer(d.escrow)
	who := rapid.SampledFrom(modelAccounts).Draw(rt, "who")
	if rapid.IntRange(0, 3).Draw(rt, "payout") == 0 {
		to := rapid.SampledFrom(modelAccounts).Draw(rt, "to")
		d.do("payout of "+who+" to "+to, func(ctx context.Context) error {
			_, err := server.SetPayout(ctx, &escrowtypes.MsgSetPayout{Owner: d.address(who).String(), Payout: d.address(to).String()})
			return err
		}, d.world.SetPayout(who, to))
	} else {
		stake := pick(rt, "stake", between(rt, "amount", 0, 9_000), 50, 20_000)
		d.do(fmt.Sprintf("stake of %s to %d", who, stake), func(ctx context.Context) error {
			_, err := server.SetStake(ctx, &escrowtypes.MsgSetStake{Owner: d.address(who).String(), Amount: amount(stake)})
			return err
		}, d.world.SetStake(who, stake))
	}
	d.after(rt)
}

// vote changes the params, seldom.
func (d modelDraws) vote(rt *rapid.T) {
	if rapid.IntRange(0, 4).Draw(rt, "seldom") != 0 {
		rt.Skip("seldom")
	}
	d.params(rt)
	d.after(rt)
}
