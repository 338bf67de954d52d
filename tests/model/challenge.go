package model

import "errors"

// Verdict is how a challenge was answered.
type Verdict int

// Verdicts.
const (
	Pending Verdict = iota
	Confirmed
	Changed
	Unheard // every resolver was silent
)

// Challenge attacks the ranking that stood when it was brought.
type Challenge struct {
	By       string
	Fee      int64
	Resolver string
	Verdict  Verdict
	attacked int // ranking
	upheld   int // ranking by the verdict
}

// Waiting is the challenge whose verdict is owed; nil: none.
func (r *Request) Waiting() *Challenge {
	if r.State != Challenged {
		return nil
	}
	return r.Challenges[len(r.Challenges)-1]
}

// judge finds the next recorded ancestor that has no place in the request, from the next level on.
func (r *Request) judge() (level int, ok bool) {
	for level = r.level; level < len(r.above); level++ {
		if !r.hasPlace(r.above[level]) {
			return level, true
		}
	}
	return 0, false
}

// MayChallenge says whether an account has a right to challenge the ranking that stands.
func (r *Request) MayChallenge(account string) bool {
	if r.conceded[account] {
		return false
	}
	switch account {
	case r.Client:
		return true
	case r.Evaluator:
		return r.Standing != 0
	}
	worker := r.worker(account)
	return worker != nil && worker.Revealed && r.couldGain(account)
}

// couldGain says whether another ranking could give a worker more.
func (r *Request) couldGain(worker string) bool {
	best := r.Function.Split(r.WorkerReward, len(r.Crew), []int64{1})[0]
	return r.shares(r.Rankings[r.Standing])[worker] < best
}

// Challenge has the next ancestor judge the ranking again.
func (w *World) Challenge(signer string, id int) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	account := w.owner(signer)
	if r.State != Ranked || !r.MayChallenge(account) {
		return errors.New("there is no right to challenge")
	}
	level, ok := r.judge()
	if !ok {
		return errors.New("nobody is left to judge")
	}
	fee := r.terms.Fee << level
	take := w.fromStake
	if account == r.Client && signer == account {
		take = w.fromWallet
	}
	if err := take(r, account, fee); err != nil {
		return err
	}
	r.Challenges = append(r.Challenges, &Challenge{By: account, Fee: fee, Resolver: r.above[level], attacked: r.Standing})
	r.level = level + 1
	r.judgement(Challenged, w.Now, r.terms.Windows.Resolve)
	return nil
}

// nextJudge passes over a silent resolver. Where none is left, the ranking stands.
func (w *World) nextJudge(r *Request, at int64) {
	challenge := r.Waiting()
	level, ok := r.judge()
	if !ok {
		challenge.Verdict = Unheard
		w.settle(r)
		return
	}
	challenge.Resolver = r.above[level]
	r.level = level + 1
	r.judgement(Challenged, at, r.terms.Windows.Resolve)
}

// Resolve gives a verdict; nil confirms.
func (w *World) Resolve(signer string, id int, verdict *Ranking) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	challenge := r.Waiting()
	if challenge == nil || r.Awaiting || challenge.Resolver != w.owner(signer) {
		return errors.New("it owes no verdict")
	}
	challenge.Verdict = Confirmed
	if verdict != nil {
		if err := r.check(*verdict); err != nil {
			challenge.Verdict = Pending
			return err
		}
		if standing := r.standingBy(*verdict); standing != r.Standing {
			challenge.Verdict = Changed
			r.Standing = standing
			r.Renewed += len(r.conceded)
			clear(r.conceded)
		}
	}
	challenge.upheld = r.Standing
	r.enter(Ranked, w.Now, r.terms.Windows.Challenge)
	if _, ok := r.judge(); !ok {
		w.settle(r)
		return nil
	}
	w.settleIfAllConceded(r)
	return nil
}

// standingBy is the ranking that stands by a verdict: one that is as good as the same, the one that stands before all
// others, or a new one.
func (r *Request) standingBy(verdict Ranking) int {
	if r.same(r.Rankings[r.Standing], verdict) {
		return r.Standing
	}
	for i, earlier := range r.Rankings {
		if r.same(earlier, verdict) {
			return i
		}
	}
	r.Rankings = append(r.Rankings, verdict)
	return len(r.Rankings) - 1
}

// same says that hardly any of R_w goes elsewhere.
func (r *Request) same(from, to Ranking) bool {
	moved := int64(0)
	for _, gain := range r.gains(from, to) {
		moved += gain
	}
	return moved == 0 || moved*whole < r.WorkerReward*r.rules.ConfirmShare
}

// Concede gives up the right to challenge the ranking that stands.
func (w *World) Concede(signer string, id int) error {
	r, err := w.live(id)
	if err != nil {
		return err
	}
	account := w.owner(signer)
	worker := r.worker(account)
	may := account == r.Client || account == r.Evaluator && r.Standing != 0 || worker != nil && worker.Revealed
	if r.State != Ranked || !may || r.conceded[account] {
		return errors.New("there is nothing to give up")
	}
	r.conceded[account] = true
	w.settleIfAllConceded(r)
	return nil
}

func (w *World) settleIfAllConceded(r *Request) {
	left := r.MayChallenge(r.Client) || r.MayChallenge(r.Evaluator)
	for _, worker := range r.Crew {
		left = left || r.MayChallenge(worker.Name)
	}
	if !left {
		w.settle(r)
	}
}
