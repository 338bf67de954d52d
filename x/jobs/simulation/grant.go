package simulation

import (
	"slices"

	"github.com/ain-network/aind/simulation"
	"github.com/ain-network/aind/x/jobs/types"
)

// encrypt makes some requests of data that keys are granted for, and all whose fate it is that they are not: a request's
// number, and so its fate, is the next one.
func (v *view) encrypt(spec *types.RequestSpec) {
	next := types.Request{Id: v.state.NextRequestId}
	ciphertext := &types.Reference{Digest: types.Digest([]byte("ciphertext")), Size_: 10}
	if is(next, keyless) || v.Often(15) {
		spec.GrantKeys, spec.Input = true, types.Input{Reference: ciphertext}
	}
	if is(next, withheld) || v.Often(15) {
		spec.EvaluatorInput = &types.Input{Reference: ciphertext}
	}
}

func (v *view) hasEncryptionKey(account string) bool {
	key, err := v.reputation.EncryptionKey(v.ctx, v.address(account))
	v.note(err)
	return key != ""
}

// hasJudge tells whether one is left of the admins above the evaluator who could be given what it needs to judge.
func (v *view) hasJudge(r types.Request) bool {
	return !r.Spec.JudgesNeedKeys() || slices.ContainsFunc(r.Ancestors[r.Level:], func(account string) bool {
		return v.hasEncryptionKey(account) && !v.hasPlace(r, account) && !v.hasPlace(r, v.operator(account))
	})
}

// grantKey grants what the present phase waits for, to some of the workers at a time, or tries on who needs no key.
func grantKey(v *view) *types.MsgGrantKey {
	r := v.request(func(r types.Request) bool { return r.AwaitingKeys && !withholds(r) })
	if r == nil {
		return nil
	}
	msg := &types.MsgGrantKey{RequestId: r.Id}
	client := r.Client
	for _, account := range v.keyless(*r) {
		msg.Keys = append(msg.Keys, types.WrappedKey{Account: account, Key: []byte("key of " + account)})
	}
	switch {
	case len(msg.Keys) == 0:
		return nil
	case v.Often(5):
		client = msg.Keys[0].Account
		v.Expect(types.ErrUnauthorized)
	case v.Often(5):
		msg.Keys = append(msg.Keys, msg.Keys[0])
		v.Expect(types.ErrInvalid)
	case r.State != types.REQUEST_STATE_RUNNING && v.Often(5):
		msg.Keys[0].Account = client
		v.Expect(types.ErrGrant)
	}
	msg.Signer = v.sign(client)
	return msg
}

// keyless are some of those who wait for a key.
func (v *view) keyless(r types.Request) []string {
	switch r.State {
	case types.REQUEST_STATE_EVALUATING:
		return []string{r.Evaluator}
	case types.REQUEST_STATE_CHALLENGED:
		return []string{r.Pending().Resolver}
	}
	waiting := v.workers(r.Id, func(a types.Assignment) bool {
		return !a.HasKey() && !a.Resigned && dice("forgotten", r.Id, a.Worker) >= 8
	})
	return simulation.Filter(names(waiting), func(string) bool { return v.Often(80) })
}

// withholds tells whether the client means to grant no key now.
func withholds(r types.Request) bool {
	switch r.State {
	case types.REQUEST_STATE_RUNNING:
		return is(r, keyless)
	case types.REQUEST_STATE_EVALUATING:
		return is(r, withheld) && r.Id/uint64(fates)%2 == 0
	}
	return is(r, withheld)
}

func names(assignments []types.Assignment) []string {
	workers := make([]string, len(assignments))
	for i, a := range assignments {
		workers[i] = a.Worker
	}
	return workers
}
