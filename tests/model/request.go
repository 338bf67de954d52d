package model

import (
	"errors"
	"fmt"
	"slices"
)

// State is called as it is on the wire.
type State string

// Outcome is called as it is on the wire.
type Outcome string

// A request's states.
const (
	Open       State = "OPEN"
	Running    State = "RUNNING"
	Revealing  State = "REVEALING"
	Evaluating State = "EVALUATING"
	Reopened   State = "REOPENED"
	Ranked     State = "RANKED"
	Challenged State = "CHALLENGED"
	Settled    State = "SETTLED"
	Cancelled  State = "CANCELLED"
	Removed    State = "REMOVED"
)

// The rows of the payout table.
const (
	Final           Outcome = "RANKED"
	NobodyValid     Outcome = "NOBODY_VALID"
	Overturned      Outcome = "OVERTURNED"
	InputUnusable   Outcome = "INPUT_UNUSABLE"
	NothingRevealed Outcome = "NOTHING_REVEALED"
	AllSilent       Outcome = "SILENT"
	ByClient        Outcome = "CANCELLED_BY_CLIENT"
	NoEvaluator     Outcome = "CANCELLED_NO_EVALUATOR"
	TooFewWorkers   Outcome = "CANCELLED_TOO_FEW_WORKERS"
	NoKey           Outcome = "CANCELLED_NO_KEY_GRANTED"
	NotGranted      Outcome = "INPUT_NOT_GRANTED"
	NoRelease       Outcome = "CANCELLED_RELEASE_REVOKED"
	Revoked         Outcome = "RELEASE_REVOKED"
	Unevaluated     Outcome = "UNEVALUATED"
)

func (o Outcome) isCancelled() bool {
	return o == ByClient || o == NoEvaluator || o == TooFewWorkers || o == NoRelease || o == NoKey
}

// Order is what a client wants.
type Order struct {
	EvaluatorReward, WorkerReward int64
	Function                      Function
	TimeLimit                     int64
	Min, Max                      int
	Evaluators, Workers           []string // candidates; none: everybody
	Levels                        int      // of challenge, at least
	Skip                          bool     // nobody evaluates
	Keys                          bool     // workers and judges need one of the client
}

// Request is an order and what became of it.
type Request struct {
	Order
	ID     int
	Client string
	// What it was made with.
	rules Params
	terms Terms
	// Share is held for the chain, on top of the rewards.
	Share, Deposit, Bond int64
	// Pot is all that is at stake in it.
	Pot int64
	// What it was made with; no evaluator's where nobody evaluates.
	workerRelease, evaluatorRelease int
	// revoked says that it ends with the reveal.
	revoked bool

	State   State
	Outcome Outcome // empty: not over
	// Until is the end of the present phase.
	Until    int64
	started  int64
	finished int64
	closed   bool
	// Awaiting says that the present phase begins once all who need a key have it.
	Awaiting bool

	Evaluator string
	above     []string // the evaluator
	Silent    []string // evaluators
	Crew      []*Worker
	rejected  []string
	turns     int // commitments so far
	// Released counts workers that were left without a key.
	Released int

	// Rankings are the evaluator's and those that verdicts gave. One of them stands.
	Rankings []Ranking
	Standing int
	conceded map[string]bool
	// Renewed counts concessions to a ranking that then changed.
	Renewed int
	level   int // of the next challenge
	// Challenges are the ones brought; the last may wait for its verdict.
	Challenges []*Challenge
}

// Worker is one worker's part.
type Worker struct {
	Name                          string
	Committed, Revealed, Resigned bool
	// Key is the client's, for its data.
	Key bool
	// Result is what it committed to, and Turn when, from 1 on.
	Result string
	Turn   int
}

// Paid says that a request is over and nothing of it is at stake.
func (r *Request) Paid() bool {
	return r.State == Settled || r.State == Cancelled || r.State == Removed
}

// Hiring says that workers may come and go.
func (r *Request) Hiring() bool { return r.State == Running && !r.closed }

func (r *Request) worker(name string) *Worker {
	for _, worker := range r.Crew {
		if worker.Name == name {
			return worker
		}
	}
	return nil
}

func (r *Request) count(is func(*Worker) bool) (n int) {
	for _, worker := range r.Crew {
		if is(worker) {
			n++
		}
	}
	return n
}

// Committed and Revealed count workers.
func (r *Request) Committed() int { return r.count(func(w *Worker) bool { return w.Committed }) }

// Revealed counts workers that did.
func (r *Request) Revealed() int { return r.count(func(w *Worker) bool { return w.Revealed }) }

// hasPlace says whether an account is anybody in the request.
func (r *Request) hasPlace(account string) bool {
	return account == r.Client || account == r.Evaluator || slices.Contains(r.Silent, account) || r.worker(account) != nil
}

// Request makes an order.
func (w *World) Request(signer string, order Order) error {
	client := w.owner(signer)
	if slices.Contains(order.Evaluators, client) || slices.Contains(order.Workers, client) {
		return errors.New("the client is its own candidate")
	}
	if n := len(order.Workers); n > 0 && n < order.Min {
		return errors.New("there are fewer candidates than workers wanted")
	}
	if order.Skip && len(order.Workers) == 0 {
		return errors.New("nobody evaluates, and nobody is named")
	}
	workerRelease, evaluatorRelease := w.newest("WORKER"), w.newest("EVALUATOR")
	if workerRelease == 0 || evaluatorRelease == 0 && !order.Skip {
		return errors.New("there is no program")
	}
	if order.Levels > w.Params.Levels {
		return errors.New("there are not as many levels")
	}
	rewards := order.EvaluatorReward + order.WorkerReward
	r := &Request{
		Order: order, ID: len(w.Requests) + 1, Client: client, rules: w.Params, terms: w.Terms,
		Share:   up(rewards, w.Params.ChainShare),
		Deposit: max(w.Terms.MinDeposit, w.Terms.Fee<<w.Params.Levels, up(order.WorkerReward, w.Params.DepositShare)),
		Bond:    w.Terms.Bond,
		State:   Open, Until: w.Now + w.Terms.Windows.Open,
		conceded: map[string]bool{}, workerRelease: workerRelease, evaluatorRelease: evaluatorRelease,
	}
	if order.Skip {
		r.Deposit, r.evaluatorRelease = 0, 0
	}
	if r.Bond < 0 {
		r.Bond = order.WorkerReward * w.Params.BondShare / (whole * int64(order.Max))
	}
	if w.Terms.ByExecution { // a lie costs at least what it could get
		r.Bond = max(r.Bond, order.Function.Split(order.WorkerReward, order.Min, []int64{1})[0])
	}
	take := w.fromWallet
	if signer != client {
		take = w.fromStake
	}
	if err := take(r, client, rewards+r.Share); err != nil {
		return err
	}
	w.Requests = append(w.Requests, r)
	return nil
}

// Cancel takes a request back that nobody has accepted.
func (w *World) Cancel(signer string, id int) error {
	r, err := w.live(id)
	switch {
	case err != nil:
		return err
	case w.owner(signer) != r.Client:
		return errors.New("only the client cancels")
	case r.State != Open:
		return errors.New("somebody has accepted")
	}
	w.over(r, ByClient)
	w.payOut(r)
	r.State, r.finished = Cancelled, w.Now
	return nil
}

// AcceptEvaluator takes the evaluator's place.
func (w *World) AcceptEvaluator(signer string, id int) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	owner := w.owner(signer)
	node := w.Nodes[owner]
	judges := node.Above
	if most := r.rules.Levels; len(judges) > most { // the last is always the root
		judges = append(slices.Clone(judges[:most-1]), judges[len(judges)-1])
	}
	switch {
	case r.State != Open && r.State != Reopened || r.Skip:
		return errors.New("no evaluator is wanted")
	case w.isRevoked(r):
		return errors.New("its program is revoked")
	case r.hasPlace(owner):
		return errors.New("it has a place")
	case !node.Evaluator:
		return errors.New("it is no evaluator")
	case r.State == Open && len(r.Evaluators) > 0 && !slices.Contains(r.Evaluators, owner):
		return errors.New("others are named")
	case len(judges) < max(1, r.Levels):
		return errors.New("there are too few above it to judge")
	}
	if err := w.fromStake(r, owner, r.Deposit); err != nil {
		return err
	}
	r.Evaluator, r.above = owner, judges
	if r.State == Reopened {
		r.judgement(Evaluating, w.Now, r.terms.Windows.Evaluation)
		return nil
	}
	r.start(w.Now)
	return nil
}

// start begins the time limit, and the time in which workers are hired.
func (r *Request) start(now int64) {
	r.started = now
	r.enter(Running, now, min(r.terms.Windows.Hiring, r.TimeLimit/2))
}

// AcceptWorker takes a worker's place.
func (w *World) AcceptWorker(signer string, id int) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	owner := w.owner(signer)
	switch {
	case !r.Hiring() && !(r.Skip && r.State == Open):
		return errors.New("no worker is wanted")
	case w.isRevoked(r):
		return errors.New("its program is revoked")
	case r.hasPlace(owner):
		return errors.New("it has a place")
	case !w.Nodes[owner].Worker:
		return errors.New("it is no worker")
	case len(r.Workers) > 0 && !slices.Contains(r.Workers, owner):
		return errors.New("others are named")
	case slices.Contains(r.rejected, owner):
		return errors.New("the client does not want it")
	}
	if err := w.fromStake(r, owner, r.Bond); err != nil {
		return err
	}
	if r.State == Open {
		r.start(w.Now)
	}
	r.Crew = append(r.Crew, &Worker{Name: owner})
	if len(r.Crew) == r.Max {
		w.close(r, w.Now)
	}
	return nil
}

// Resign gives a worker's place up.
func (w *World) Resign(signer string, id int) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	worker := r.worker(w.owner(signer))
	switch {
	case worker == nil || worker.Resigned:
		return errors.New("it is no worker")
	case r.State != Running:
		return errors.New("it is too late")
	case !r.closed:
		w.leave(r, worker)
		return nil
	case worker.Committed:
		return errors.New("it has committed")
	}
	worker.Resigned = true
	w.revealIfAllCommitted(r, w.Now)
	return nil
}

// Reject is the client's refusal of a worker.
func (w *World) Reject(signer string, id int, name string) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	worker := r.worker(name)
	if w.owner(signer) != r.Client || worker == nil || !r.Hiring() {
		return errors.New("it is not the client, no worker, or too late")
	}
	w.leave(r, worker)
	r.rejected = append(r.rejected, name)
	return nil
}

// leave frees a place before the contract closes.
func (w *World) leave(r *Request, worker *Worker) {
	r.Crew = slices.DeleteFunc(r.Crew, func(other *Worker) bool { return other == worker })
	w.toStake(r, worker.Name, r.Bond)
}

// Commit binds a worker to a result, or shows it where results are open: then there has to be a contract.
func (w *World) Commit(signer string, id int, result string) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	worker := r.worker(w.owner(signer))
	if worker == nil || worker.Resigned || worker.Committed || r.State != Running {
		return errors.New("it is no worker, has committed, or is late")
	}
	if r.Keys && !worker.Key {
		return errors.New("it has no key")
	}
	if r.terms.OpenResults && (!r.closed || r.Awaiting) {
		return errors.New("the client could read it and reject the worker")
	}
	worker.Committed, worker.Revealed = true, r.terms.OpenResults
	r.turns++
	worker.Result, worker.Turn = result, r.turns
	if r.closed {
		w.revealIfAllCommitted(r, w.Now)
	}
	return nil
}

// Reveal opens a commitment; what was not committed to is refused.
func (w *World) Reveal(signer string, id int, matches bool) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	worker := r.worker(w.owner(signer))
	if worker == nil || !worker.Committed || worker.Revealed || r.State != Revealing || !matches {
		return errors.New("it did not commit to this, has revealed, or is late or early")
	}
	worker.Revealed = true
	if r.Revealed() == r.Committed() {
		w.revealed(r, w.Now)
	}
	return nil
}

// Rank is the evaluator's ranking.
func (w *World) Rank(signer string, id int, ranking Ranking) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	if r.State != Evaluating || r.Awaiting || w.owner(signer) != r.Evaluator {
		return errors.New("it owes no ranking")
	}
	if err := r.check(ranking); err != nil {
		return err
	}
	r.Rankings = []Ranking{ranking}
	r.enter(Ranked, w.Now, r.terms.Windows.Challenge)
	return nil
}

// check holds that a ranking is one of those who revealed, the best first.
func (r *Request) check(ranking Ranking) error {
	if ranking.Unusable && len(ranking.Places) > 0 {
		return errors.New("who cannot use the input ranks nobody")
	}
	seen := map[string]bool{}
	for i, place := range ranking.Places {
		worker := r.worker(place.Worker)
		if worker == nil || !worker.Revealed || seen[place.Worker] {
			return fmt.Errorf("%s revealed nothing or is ranked twice", place.Worker)
		}
		if seen[place.Worker] = true; i > 0 && place.Score > ranking.Places[i-1].Score {
			return errors.New("the best come first")
		}
	}
	if r.terms.ByExecution {
		return r.checkEqual(ranking)
	}
	return nil
}

// checkEqual holds that all of those who gave one result are ranked, in the order of commitment, alike; or nobody.
func (r *Request) checkEqual(ranking Ranking) error {
	if len(ranking.Places) == 0 {
		return nil
	}
	alike := r.Alike(r.worker(ranking.Places[0].Worker).Result)
	if len(alike) != len(ranking.Places) {
		return errors.New("all with one result are valid together")
	}
	for i, place := range ranking.Places {
		if place.Worker != alike[i] || place.Score != 1 {
			return errors.New("they stand in the order of commitment, all alike")
		}
	}
	return nil
}

// Alike are those who revealed one result, in the order of commitment.
func (r *Request) Alike(result string) (names []string) {
	for _, worker := range r.byTurn() {
		if worker.Result == result {
			names = append(names, worker.Name)
		}
	}
	return names
}

// byTurn are those who revealed, in the order of commitment.
func (r *Request) byTurn() (crew []*Worker) {
	for _, worker := range r.Crew {
		if worker.Revealed {
			crew = append(crew, worker)
		}
	}
	slices.SortFunc(crew, func(a, b *Worker) int { return a.Turn - b.Turn })
	return crew
}
