package keeper

import (
	"context"

	"cosmossdk.io/collections"

	sdk "github.com/cosmos/cosmos-sdk/types"

	"github.com/ain-network/aind/program"
	"github.com/ain-network/aind/x/jobs/types"
)

// Grant hands participants the keys that the present phase waits for. Who has its
// key keeps it: a grant is final.
func (k *Keeper) Grant(ctx context.Context, client sdk.AccAddress, m *types.MsgGrantKey) error {
	l, err := k.due(ctx, m.RequestId)
	if err != nil {
		return err
	}
	if err := m.Validate(l.rules.params); err != nil {
		return err
	}
	if l.Client != client.String() {
		return types.ErrUnauthorized.Wrapf("%s grants keys of request %d; only its client %s may", client, l.Id, l.Client)
	}
	if !l.AwaitingKeys {
		return types.ErrGrant.Wrapf("request %d is %s and waits for no keys", l.Id, l.State)
	}
	now, err := k.now(ctx)
	if err != nil {
		return err
	}
	for _, key := range m.Keys {
		account, err := types.ParseAddress("account", key.Account)
		if err != nil {
			return err
		}
		if err := k.grant(ctx, l, account, key.Key, now); err != nil {
			return err
		}
	}
	if err := k.endIfAllGranted(ctx, l, now); err != nil {
		return err
	}
	return k.save(ctx, l)
}

// grant records one key.
func (k *Keeper) grant(ctx context.Context, l *live, account sdk.AccAddress, key []byte, now int64) error {
	role := program.ROLE_WORKER
	var err error
	switch l.State {
	case types.REQUEST_STATE_RUNNING:
		err = k.grantWorker(ctx, l, account, now)
	case types.REQUEST_STATE_EVALUATING:
		role = program.ROLE_EVALUATOR
		if l.Evaluator != account.String() {
			err = types.ErrGrant.Wrapf("request %d waits for the key of its evaluator %s, not of %s", l.Id, l.Evaluator, account)
		}
	default:
		role = program.ROLE_ADMIN
		if resolver := l.Pending().Resolver; resolver != account.String() {
			err = types.ErrGrant.Wrapf("request %d waits for the key of its resolver %s, not of %s", l.Id, resolver, account)
		}
	}
	if err != nil {
		return err
	}
	if err := k.grants.Set(ctx, collections.Join(l.Id, account), types.Grant{
		RequestId: l.Id, Account: account.String(), Key: key, GrantedMs: now,
	}); err != nil {
		return err
	}
	return emit(ctx, &types.EventKeyGranted{RequestId: l.Id, Account: account.String(), Role: role})
}

// grantWorker notes that a worker of the closed contract has its key.
func (k *Keeper) grantWorker(ctx context.Context, l *live, worker sdk.AccAddress, now int64) error {
	a, err := k.assignment(ctx, l.Id, worker)
	switch {
	case err != nil:
		return err
	case a.Resigned:
		return types.ErrGrant.Wrapf("worker %s has resigned from request %d", worker, l.Id)
	case a.HasKey():
		return types.ErrGrant.Wrapf("worker %s has its key of request %d", worker, l.Id)
	}
	a.GrantedMs = now
	l.Granted++
	return k.setAssignment(ctx, worker, a)
}

// awaitKeys makes the client owe keys to a role.
func (k *Keeper) awaitKeys(ctx context.Context, l *live, role program.Role, at int64) error {
	l.AwaitingKeys = true
	l.waitUntil(at + int64(l.rules.windows.GrantMs))
	return emit(ctx, &types.EventKeysAwaited{RequestId: l.Id, Role: role, DeadlineMs: l.DeadlineMs})
}

// endIfAllGranted ends the wait when nobody is left who needs a key: a judge is the
// only one; of the workers all that have not resigned.
func (k *Keeper) endIfAllGranted(ctx context.Context, l *live, now int64) error {
	switch l.State {
	case types.REQUEST_STATE_EVALUATING:
		l.AwaitingKeys = false
		return k.oweRanking(ctx, l, now)
	case types.REQUEST_STATE_CHALLENGED:
		l.AwaitingKeys = false
		l.waitUntil(now + int64(l.rules.windows.ResolveMs))
		return nil
	}
	if l.Granted+l.Resigned < l.Workers {
		return nil
	}
	return k.endPhaseNow(ctx, l, now)
}

// endGrants ends the wait for keys. Workers without one are released, if enough
// others are left; who judges cannot do without.
func (k *Keeper) endGrants(ctx context.Context, l *live, at int64) (types.Outcome, error) {
	if l.State != types.REQUEST_STATE_RUNNING {
		if pending := l.Pending(); pending != nil {
			pending.Verdict = types.VERDICT_NOT_GRANTED
		}
		return types.OUTCOME_INPUT_NOT_GRANTED, nil
	}
	if l.Granted+l.Resigned < l.Spec.MinWorkers {
		return types.OUTCOME_CANCELLED_NO_KEY_GRANTED, nil
	}
	if err := k.releaseKeyless(ctx, l); err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	l.AwaitingKeys = false
	l.GrantedMs = at
	limit := at + int64(l.Spec.TimeLimitMs)
	if err := emit(ctx, &types.EventGrantsEnded{RequestId: l.Id, Workers: l.Workers, DeadlineMs: limit}); err != nil {
		return types.OUTCOME_UNSPECIFIED, err
	}
	if l.Committed+l.Resigned == l.Workers {
		return k.startReveal(ctx, l, at)
	}
	l.waitUntil(limit)
	return types.OUTCOME_UNSPECIFIED, nil
}

// releaseKeyless lets go the workers that the client left without a key: it is not
// their fault that they cannot work.
func (k *Keeper) releaseKeyless(ctx context.Context, l *live) error {
	if l.Granted+l.Resigned == l.Workers {
		return nil
	}
	workers, err := k.workersOf(ctx, l.Request)
	if err != nil {
		return err
	}
	for _, a := range workers {
		if a.HasKey() || a.Resigned {
			continue
		}
		worker, err := types.ParseAddress("worker", a.Worker)
		if err != nil {
			return err
		}
		if err := k.free(ctx, l, worker, a, program.OutcomeReleased); err != nil {
			return err
		}
		l.freed++
		if err := emit(ctx, &types.EventWorkerReleased{RequestId: l.Id, Worker: a.Worker}); err != nil {
			return err
		}
	}
	return nil
}

// encryptionKey is what keys for an account are wrapped to. Who has none cannot take a
// place in which it needs one: the client could not help leaving it without.
func (k *Keeper) encryptionKey(ctx context.Context, l *live, owner sdk.AccAddress) (string, error) {
	key, err := k.reputation.EncryptionKey(ctx, owner)
	if err == nil && key == "" {
		err = types.ErrGrant.Wrapf("%s has no encryption key, and request %d grants keys; set one with SetEncryptionKey", owner, l.Id)
	}
	return key, err
}
