package simulation

import "github.com/ain-network/aind/x/jobs/types"

// fate is what the people of a request mean to do.
type fate int

const (
	// The first, without a name, is the smooth one: work, reveal, rank, accept.
	_ fate = iota
	// anything: whatever is drawn.
	anything
	// confirmed: the ranking is challenged and every resolver confirms it.
	confirmed
	// overturned: the ranking is challenged and resolvers give another.
	overturned
	// unresolved: the ranking is challenged and no resolver says a word.
	unresolved
	// worthless: no result is valid.
	worthless
	// unusable: the evaluator declares the input unusable.
	unusable
	// unrevealed: nobody reveals.
	unrevealed
	// silentOnce: the first evaluator ranks nothing, the next one does.
	silentOnce
	// silentAlways: no evaluator ranks.
	silentAlways
	// unclaimed: no evaluator accepts.
	unclaimed
	// withdrawn: the client cancels.
	withdrawn
	// understaffed: too few workers accept.
	understaffed
	// keyless: keys are wanted, and workers are granted none.
	keyless
	// withheld: keys are wanted, and the evaluator is granted none, or, every other time, a resolver.
	withheld
	fates
)

func fateOf(r types.Request) fate { return fate(r.Id % uint64(fates)) }

// is tells whether a request has one of these fates.
func is(r types.Request, among ...fate) bool {
	for _, f := range among {
		if fateOf(r) == f {
			return true
		}
	}
	return false
}
