package model

// enter begins a phase.
func (r *Request) enter(s State, at, window int64) { r.State, r.Until = s, at+window }

func (w *World) over(r *Request, outcome Outcome) { r.Outcome = outcome }

// catchUp ends every phase whose time has come, each at its own time: in time means before its end.
func (w *World) catchUp(r *Request) {
	for r.Outcome == "" && r.Until <= w.Now {
		w.end(r, r.Until)
	}
}

// end is what happens when nobody acts in time.
func (w *World) end(r *Request, at int64) {
	switch r.State {
	case Open:
		if r.Skip {
			w.over(r, TooFewWorkers)
		} else {
			w.over(r, NoEvaluator)
		}
	case Running:
		if r.Awaiting {
			w.endGrants(r, at)
		} else if r.closed {
			w.reveal(r, at)
		} else {
			w.close(r, at)
		}
	case Revealing:
		w.revealed(r, at)
	case Evaluating:
		if r.Awaiting {
			w.over(r, NotGranted)
			return
		}
		r.Silent = append(r.Silent, r.Evaluator)
		r.Evaluator = ""
		if len(r.Silent) == r.rules.Rounds {
			w.over(r, AllSilent)
			return
		}
		r.enter(Reopened, at, r.terms.Windows.Open)
	case Reopened:
		w.over(r, AllSilent)
	case Ranked:
		w.settle(r)
	case Challenged:
		if r.Awaiting {
			w.over(r, NotGranted)
			return
		}
		w.nextJudge(r, at)
	}
}

// close fixes who the workers are.
func (w *World) close(r *Request, at int64) {
	if len(r.Crew) < r.Min {
		w.over(r, TooFewWorkers)
		return
	}
	r.closed = true
	if r.Keys {
		r.Awaiting, r.Until = true, at+r.terms.Windows.Grant
		return
	}
	r.Until = r.started + r.TimeLimit
	w.revealIfAllCommitted(r, at)
}

// revealIfAllCommitted does not wait for the time limit where nobody is left to wait for.
func (w *World) revealIfAllCommitted(r *Request, at int64) {
	if r.Awaiting {
		w.endGrantsIfAllHave(r, at)
		return
	}
	if r.count(func(w *Worker) bool { return !w.Committed && !w.Resigned }) == 0 {
		w.reveal(r, at)
	}
}

func (w *World) reveal(r *Request, at int64) {
	if r.Committed() == 0 {
		w.over(r, NothingRevealed)
		return
	}
	if r.terms.OpenResults {
		w.revealed(r, at)
		return
	}
	r.enter(Revealing, at, r.terms.Windows.Reveal)
}

// revealed ends the reveal.
func (w *World) revealed(r *Request, at int64) {
	switch {
	case r.Revealed() == 0:
		w.over(r, NothingRevealed)
	case r.revoked:
		w.over(r, Revoked)
	case r.Skip:
		w.over(r, Unevaluated)
	default:
		r.judgement(Evaluating, at, r.terms.Windows.Evaluation)
	}
}

// settle ends a request by the ranking that stands.
func (w *World) settle(r *Request) {
	ranking := r.Rankings[r.Standing]
	switch {
	case r.Standing != 0:
		w.over(r, Overturned)
	case ranking.Unusable:
		w.over(r, InputUnusable)
	case len(ranking.Places) == 0:
		w.over(r, NobodyValid)
	default:
		w.over(r, Final)
	}
}
