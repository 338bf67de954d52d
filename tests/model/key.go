package model

import (
	"errors"
	"slices"
)

// judgement begins a phase in which somebody judges, who may need a key first.
func (r *Request) judgement(s State, at, window int64) {
	if r.enter(s, at, window); r.Keys {
		r.Awaiting, r.Until = true, at+r.terms.Windows.Grant
	}
}

// Grant gives an account the client's key.
func (w *World) Grant(signer string, id int, account string) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	if w.owner(signer) != r.Client || !r.Awaiting {
		return errors.New("it is not the client, or no key is awaited")
	}
	switch r.State {
	case Evaluating:
		if account != r.Evaluator {
			return errors.New("the key is for the evaluator")
		}
		r.Awaiting, r.Until = false, w.Now+r.terms.Windows.Evaluation
	case Challenged:
		if account != r.Waiting().Resolver {
			return errors.New("the key is for the resolver")
		}
		r.Awaiting, r.Until = false, w.Now+r.terms.Windows.Resolve
	default:
		worker := r.worker(account)
		if worker == nil || worker.Resigned || worker.Key {
			return errors.New("it is no worker that needs a key")
		}
		worker.Key = true
		w.endGrantsIfAllHave(r, w.Now)
	}
	return nil
}

func needsKey(w *Worker) bool { return !w.Key && !w.Resigned }

func (w *World) endGrantsIfAllHave(r *Request, at int64) {
	if r.count(needsKey) == 0 {
		w.endGrants(r, at)
	}
}

// endGrants begins the time limit. Who has no key goes unharmed.
func (w *World) endGrants(r *Request, at int64) {
	if len(r.Crew)-r.count(needsKey) < r.Min {
		w.over(r, NoKey)
		return
	}
	for _, worker := range slices.Clone(r.Crew) {
		if needsKey(worker) {
			w.leave(r, worker)
			r.Released++
		}
	}
	r.Awaiting, r.Until = false, at+r.TimeLimit
	w.revealIfAllCommitted(r, at)
}
