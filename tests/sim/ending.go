package sim

import (
	"slices"

	types "github.com/ain-network/aind/x/jobs/types"
)

// ending is a row of the protocol's payout table, or a turn on the way to one.
type ending struct {
	row string
	is  func(r types.Request) bool
}

func ended(outcome types.Outcome) func(types.Request) bool {
	return func(r types.Request) bool { return r.Outcome == outcome }
}

// endings must all happen. An outcome that no row names fails TestEveryOutcomeHasARow.
var endings = []ending{
	{"final, not overturned", ended(types.OUTCOME_RANKED)},
	{"final, nobody valid", ended(types.OUTCOME_NOBODY_VALID)},
	{"final, overturned", ended(types.OUTCOME_OVERTURNED)},
	{"input unusable", ended(types.OUTCOME_INPUT_UNUSABLE)},
	{"evaluator input never granted", ended(types.OUTCOME_INPUT_NOT_GRANTED)},
	{"nothing revealed", ended(types.OUTCOME_NOTHING_REVEALED)},
	{"silent evaluator, another ranked", func(r types.Request) bool { return len(r.Silent) > 0 && r.Outcome.IsFinal() }},
	{"all rounds silent", ended(types.OUTCOME_SILENT)},
	{"cancelled by the client", ended(types.OUTCOME_CANCELLED_BY_CLIENT)},
	{"cancelled, no evaluator", ended(types.OUTCOME_CANCELLED_NO_EVALUATOR)},
	{"cancelled, too few workers", ended(types.OUTCOME_CANCELLED_TOO_FEW_WORKERS)},
	{"cancelled, its release was revoked", ended(types.OUTCOME_CANCELLED_RELEASE_REVOKED)},
	{"its release was revoked after the reveal", ended(types.OUTCOME_RELEASE_REVOKED)},
	{"not evaluated", ended(types.OUTCOME_UNEVALUATED)},
	{"cancelled, no key granted", ended(types.OUTCOME_CANCELLED_NO_KEY_GRANTED)},
	{"workers that had keys, and the evaluator", func(r types.Request) bool {
		return r.Spec.GrantKeys && r.Granted > 0 && r.Outcome.IsFinal()
	}},
	{"workers whose segments were drawn", func(r types.Request) bool { return len(r.Draw) > 0 && r.Outcome.IsFinal() }},
	{"a challenge confirmed", judged(types.VERDICT_CONFIRMED)},
	{"a challenge overturned", judged(types.VERDICT_OVERTURNED)},
	{"a challenge that nobody judged", judged(types.VERDICT_SILENT)},
	{"a challenge whose resolver was granted no key", judged(types.VERDICT_NOT_GRANTED)},
	{"a worker that revealed nothing, beside one that did", func(r types.Request) bool {
		return r.Revealed > 0 && r.Revealed < r.Workers
	}},
}

func judged(verdict types.Verdict) func(types.Request) bool {
	return func(r types.Request) bool {
		return slices.ContainsFunc(r.Challenges, func(c types.Challenge) bool { return c.Verdict == verdict })
	}
}
