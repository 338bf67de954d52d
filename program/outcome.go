package program

// Outcome is how one piece of work ended for one node: what the module that knows
// requests reports to the one that keeps scores.
type Outcome string

const (
	// OutcomeValid: a worker's result was ranked.
	OutcomeValid Outcome = "valid"
	// OutcomeInvalid: a worker's revealed result was left out of the ranking.
	OutcomeInvalid Outcome = "invalid"
	// OutcomeTimedOut: a worker committed or revealed nothing in time.
	OutcomeTimedOut Outcome = "timed_out"
	// OutcomeResigned: a worker left before the contract closed.
	OutcomeResigned Outcome = "resigned"
	// OutcomeCompleted: work was done that nobody judged, or an evaluator ranked.
	OutcomeCompleted Outcome = "completed"
	// OutcomeSilent: an evaluator owed a ranking and gave none.
	OutcomeSilent Outcome = "silent"
	// OutcomeOverturned: an evaluator's ranking did not stand in the end.
	OutcomeOverturned Outcome = "overturned"
	// OutcomeChallengeRight, OutcomeChallengeWrong: whether the ranking that was
	// challenged is not the final one.
	OutcomeChallengeRight Outcome = "challenge_right"
	OutcomeChallengeWrong Outcome = "challenge_wrong"
	// OutcomeVerdictRight, OutcomeVerdictWrong, OutcomeVerdictSilent: whether a
	// resolver gave the verdict that is final, another, or none.
	OutcomeVerdictRight  Outcome = "verdict_right"
	OutcomeVerdictWrong  Outcome = "verdict_wrong"
	OutcomeVerdictSilent Outcome = "verdict_silent"
	// OutcomeChildOverturned: the ranking of an evaluator that the node answers for,
	// being its parent, did not stand in the end, by another's verdict.
	OutcomeChildOverturned Outcome = "child_overturned"
	// OutcomeForged: a final verdict named a worker's result forged or copied.
	OutcomeForged Outcome = "forged"
	// OutcomeReleased: the request ended before the node could do its part.
	OutcomeReleased Outcome = "released"
)
