package types

// IsFinished tells whether a request has ended and everything is paid.
func (r Request) IsFinished() bool {
	return r.State == REQUEST_STATE_SETTLED || r.State == REQUEST_STATE_CANCELLED
}

// IsCancelled tells whether an outcome is one of the rows in which everything went back.
func (o Outcome) IsCancelled() bool {
	switch o {
	case OUTCOME_CANCELLED_BY_CLIENT, OUTCOME_CANCELLED_NO_EVALUATOR, OUTCOME_CANCELLED_TOO_FEW_WORKERS,
		OUTCOME_CANCELLED_NO_KEY_GRANTED, OUTCOME_CANCELLED_RELEASE_REVOKED:
		return true
	}
	return false
}

// IsFinal tells whether an outcome is a row of the table in which a ranking stands.
func (o Outcome) IsFinal() bool {
	switch o {
	case OUTCOME_RANKED, OUTCOME_NOBODY_VALID, OUTCOME_OVERTURNED, OUTCOME_INPUT_UNUSABLE:
		return true
	}
	return false
}

// HasCommitted tells whether the worker is bound to a result.
func (a Assignment) HasCommitted() bool { return a.CommitOrder > 0 }

// HasRevealed tells whether the worker's result is known.
func (a Assignment) HasRevealed() bool { return a.Result != nil }

// Interrupts tells whether an outcome found workers at work who still had time: a release is revoked, and where results
// are open some are there by then.
func (t TermsSpec) Interrupts(o Outcome) bool { return o == OUTCOME_RELEASE_REVOKED && t.OpenResults }
