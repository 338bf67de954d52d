package keeper

import (
	"context"
	"fmt"

	"cosmossdk.io/collections"
	"cosmossdk.io/math"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Challenge has the next of the evaluator's ancestors judge the ranking again. The
// fee of a client that signed itself comes from its wallet; every other from the
// stake of who challenges.
func (k *Keeper) Challenge(ctx context.Context, signer, owner sdk.AccAddress, m *types.MsgChallenge) (resolver string, err error) {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return "", err
	}
	if err := m.Validate(l.rules.params); err != nil {
		return "", err
	}
	if l.State != types.REQUEST_STATE_RANKED {
		return "", types.ErrState.Wrapf("request %d is %s; a ranking can be challenged while its window is open", l.Id, l.State)
	}
	if err := k.checkMayChallenge(ctx, l, owner); err != nil {
		return "", err
	}
	if l.Spec.JudgesNeedKeys() { // encryption keys come and go
		if err := k.skipPlaced(ctx, l); err != nil {
			return "", err
		}
	}
	if int(l.Level) >= len(l.Ancestors) {
		return "", types.ErrChallenge.Wrapf("request %d: none of the %d admins above its evaluator is left to judge", l.Id, len(l.Ancestors))
	}
	now, err := k.now(ctx)
	if err != nil {
		return "", err
	}
	challenge := types.Challenge{
		Challenger: owner.String(), Level: l.Level, Fee: types.ChallengeFee(l.rules.terms, l.Level),
		Attacked: l.Standing, BroughtMs: now, Evidence: m.Evidence,
	}
	lock := k.escrow.LockStake
	if l.Client == challenge.Challenger && signer.Equals(owner) {
		lock = k.escrow.LockWallet
	}
	if err := lock(ctx, l.HoldId, owner, challenge.Fee); err != nil {
		return "", err
	}
	l.Challenges = append(l.Challenges, challenge)
	l.State = types.REQUEST_STATE_CHALLENGED
	if err := k.callResolver(ctx, l, now); err != nil {
		return "", err
	}
	if err := k.nameOutput(ctx, l, owner, "evidence", m.Evidence); err != nil {
		return "", err
	}
	if err := k.keepEvidence(ctx, l, now); err != nil {
		return "", err
	}
	pending := l.Pending()
	if err := emit(ctx, &types.EventChallenged{
		RequestId: l.Id, JobId: l.Spec.JobId, Challenger: pending.Challenger, Resolver: pending.Resolver,
		Level: pending.Level, Fee: pending.Fee.String(), DeadlineMs: l.DeadlineMs,
	}); err != nil {
		return "", err
	}
	return pending.Resolver, k.save(ctx, l)
}

// callResolver makes the next ancestor owe the verdict of the pending challenge.
func (k *Keeper) callResolver(ctx context.Context, l *live, at int64) error {
	pending := l.Pending()
	pending.Resolver = l.Ancestors[l.Level]
	l.Level++
	l.waitUntil(at + int64(l.rules.windows.ResolveMs))
	if err := k.skipPlaced(ctx, l); err != nil {
		return err
	}
	resolver, err := types.ParseAddress("resolver", pending.Resolver)
	if err != nil {
		return err
	}
	if l.Spec.JudgesNeedKeys() {
		if pending.EncryptionKey, err = k.encryptionKey(ctx, l, resolver); err != nil {
			return err
		}
		if err := k.awaitKeys(ctx, l, program.ROLE_ADMIN, at); err != nil {
			return err
		}
	}
	return k.places.Set(ctx, collections.Join3(resolver, false, l.Id))
}

// skipPlaced moves on to the next ancestor that has no other place in the request,
// by itself or its operator: nobody judges what is its own. Where resolvers need
// keys, who has none to wrap them to is skipped, too.
func (k *Keeper) skipPlaced(ctx context.Context, l *live) error {
	for int(l.Level) < len(l.Ancestors) {
		ancestor, err := types.ParseAddress("ancestor", l.Ancestors[l.Level])
		if err != nil {
			return err
		}
		place, _, err := k.anyPlace(ctx, l, ancestor)
		if err != nil {
			return err
		}
		able := place == ""
		if able && l.Spec.JudgesNeedKeys() {
			key, err := k.reputation.EncryptionKey(ctx, ancestor)
			if err != nil {
				return err
			}
			able = key != ""
		}
		if able {
			return nil
		}
		l.Level++
	}
	return nil
}

// checkMayChallenge holds who may: the client, a revealed worker that could gain,
// and an overturned evaluator, unless it has conceded.
func (k *Keeper) checkMayChallenge(ctx context.Context, l *live, owner sdk.AccAddress) error {
	address := owner.String()
	var conceded bool
	switch {
	case address == l.Client:
		conceded = l.ClientConceded
	case address == l.Evaluator:
		if !l.IsOverturned() {
			return types.ErrChallenge.Wrapf("evaluator %s, request %d: it is your own ranking that stands", address, l.Id)
		}
		conceded = l.EvaluatorConceded
	default:
		a, err := k.revealed(ctx, l, owner)
		if err != nil {
			return err
		}
		if !types.CouldGain(l.Request)(a.Worker) {
			return types.ErrChallenge.Wrapf("worker %s, request %d: no ranking could give you more", address, l.Id)
		}
		conceded = a.Conceded
	}
	if conceded {
		return types.ErrConceded.Wrapf("%s, request %d", address, l.Id)
	}
	return nil
}

// Resolve records the verdict of who owes it. The last level's ends the request;
// after any other a new window opens for the next.
func (k *Keeper) Resolve(ctx context.Context, owner sdk.AccAddress, m *types.MsgResolveChallenge) (types.Verdict, error) {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return 0, err
	}
	if err := m.Validate(l.rules.params); err != nil {
		return 0, err
	}
	if l.State != types.REQUEST_STATE_CHALLENGED {
		return 0, types.ErrState.Wrapf("request %d is %s and waits for no verdict", l.Id, l.State)
	}
	pending := l.Pending()
	if l.AwaitingKeys {
		return 0, types.ErrState.Wrapf("request %d waits for its client to grant the resolver %s a key", l.Id, pending.Resolver)
	}
	if pending.Resolver != owner.String() {
		return 0, types.ErrUnauthorized.Wrapf("%s resolves the challenge of request %d; its resolver is %s", owner, l.Id, pending.Resolver)
	}
	if err := k.checkRanked(ctx, l, m.Ranking); err != nil {
		return 0, err
	}
	if err := k.checkAgreement(ctx, l, m.Ranking); err != nil {
		return 0, err
	}
	if err := k.checkForged(ctx, l, m.Forged); err != nil {
		return 0, err
	}
	if err := k.nameOutput(ctx, l, owner, "evidence", m.Evidence); err != nil {
		return 0, err
	}
	now, err := k.now(ctx)
	if err != nil {
		return 0, err
	}
	pending.Verdict = types.VERDICT_CONFIRMED
	if !m.Confirm {
		workers, err := k.workersOf(ctx, l.Request)
		if err != nil {
			return 0, err
		}
		verdict := types.Ranking{Entries: m.Ranking, InputUnusable: m.InputUnusable, Evidence: m.Evidence}
		if l.Adopt(l.rules.params, verdict, workers) {
			pending.Verdict = types.VERDICT_OVERTURNED
			if err := k.renewRights(ctx, l, workers); err != nil {
				return 0, err
			}
		}
	}
	for i, worker := range m.Forged {
		if types.IsRanked(l.Ranking, worker) {
			return 0, types.ErrRanking.Wrapf("forged[%d]: %s is valid by the ranking that stands; give one without it", i, worker)
		}
	}
	pending.Upheld, pending.ResolvedMs, pending.VerdictEvidence, pending.Forged = l.Standing, now, m.Evidence, m.Forged
	verdict := pending.Verdict
	l.State = types.REQUEST_STATE_RANKED
	l.waitUntil(now + int64(l.rules.windows.ChallengeMs))
	if int(l.Level) >= len(l.Ancestors) || l.allConceded() {
		l.waitUntil(now)
	}
	if err := emit(ctx, &types.EventChallengeResolved{
		RequestId: l.Id, JobId: l.Spec.JobId, Resolver: pending.Resolver, Verdict: verdict,
		Ranking: l.Ranking, InputUnusable: l.InputUnusable, Forged: m.Forged,
	}); err != nil {
		return 0, err
	}
	return verdict, k.save(ctx, l)
}

// checkForged wants workers whose results are known.
func (k *Keeper) checkForged(ctx context.Context, l *live, forged []string) error {
	for i, address := range forged {
		worker, err := types.ParseAddress(fmt.Sprintf("forged[%d]", i), address)
		if err != nil {
			return err
		}
		if _, err := k.revealed(ctx, l, worker); err != nil {
			return types.ErrRanking.Wrapf("forged[%d]: %s", i, err)
		}
	}
	return nil
}

// renewRights gives everybody the right to challenge the new ranking: who conceded
// did so to another one.
func (k *Keeper) renewRights(ctx context.Context, l *live, workers []types.Assignment) error {
	l.ClientConceded, l.EvaluatorConceded = false, false
	l.Challengers = challengers(l.Request)
	for _, a := range workers {
		if !a.Conceded {
			continue
		}
		worker, err := types.ParseAddress("worker", a.Worker)
		if err != nil {
			return err
		}
		a.Conceded = false
		if err := k.setAssignment(ctx, worker, a); err != nil {
			return err
		}
	}
	return nil
}

// allConceded tells whether nobody is left who may challenge the ranking that stands.
func (l *live) allConceded() bool {
	return l.ClientConceded && l.Challengers == 0 && (l.EvaluatorConceded || !l.IsOverturned())
}

// passOver puts a silent resolver on record and calls the next with the same fee.
// Where there is none, the ranking stands.
func (k *Keeper) passOver(ctx context.Context, l *live, at int64) error {
	pending := l.Pending()
	silent, err := types.ParseAddress("resolver", pending.Resolver)
	if err != nil {
		return err
	}
	pending.Silent = append(pending.Silent, pending.Resolver)
	event := &types.EventResolverSilent{RequestId: l.Id, JobId: l.Spec.JobId, Resolver: pending.Resolver}
	if l.Spec.JudgesNeedKeys() {
		if err := k.skipPlaced(ctx, l); err != nil {
			return err
		}
	}
	if int(l.Level) < len(l.Ancestors) {
		if err := k.callResolver(ctx, l, at); err != nil {
			return err
		}
		event.Next, event.DeadlineMs = pending.Resolver, l.DeadlineMs
	} else {
		pending.Verdict, pending.Upheld, pending.Resolver = types.VERDICT_SILENT, pending.Attacked, ""
		l.State = types.REQUEST_STATE_RANKED
		l.waitUntil(at)
	}
	if err := k.reputation.Report(ctx, l.Spec.JobId, silent, program.ROLE_ADMIN, program.OutcomeVerdictSilent, 0, math.ZeroInt()); err != nil {
		return err
	}
	return emit(ctx, event)
}

// reportChallenges tells reputation who was right, now that the ranking is final.
func (k *Keeper) reportChallenges(ctx context.Context, l *live, earned map[string]math.Int) error {
	if l.Outcome == types.OUTCOME_INPUT_NOT_GRANTED {
		return nil // nobody knows
	}
	for _, c := range l.Challenges {
		if c.Verdict == types.VERDICT_SILENT {
			continue // nobody knows
		}
		outcome := program.OutcomeChallengeWrong
		if c.IsRight(l.Request) {
			outcome = program.OutcomeChallengeRight
		}
		if err := k.reportChallenge(ctx, l, c.Challenger, roleOf(l.Request, c.Challenger), outcome, math.ZeroInt()); err != nil {
			return err
		}
		outcome = program.OutcomeVerdictWrong
		if c.HasRightVerdict(l.Request) {
			outcome = program.OutcomeVerdictRight
		}
		amount, ok := earned[c.Resolver]
		if !ok {
			amount = math.ZeroInt()
		}
		if err := k.reportChallenge(ctx, l, c.Resolver, program.ROLE_ADMIN, outcome, amount); err != nil {
			return err
		}
	}
	return nil
}

func (k *Keeper) reportChallenge(
	ctx context.Context, l *live, address string, role program.Role, outcome program.Outcome, earned math.Int,
) error {
	account, err := types.ParseAddress("account", address)
	if err != nil {
		return err
	}
	return k.reputation.Report(ctx, l.Spec.JobId, account, role, outcome, 0, earned)
}

// roleOf is the role of who challenged; a client has none.
func roleOf(r types.Request, address string) program.Role {
	switch address {
	case r.Client:
		return program.ROLE_UNSPECIFIED
	case r.Evaluator:
		return program.ROLE_EVALUATOR
	}
	return program.ROLE_WORKER
}
