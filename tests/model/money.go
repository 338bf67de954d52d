package model

// Ranking is the valid workers, best first, or that nobody could do the work.
type Ranking struct {
	Places   []Place
	Unusable bool
}

// Place is one valid worker's.
type Place struct {
	Worker string
	Score  int64
}

// Function divides R_w among the valid.
type Function struct {
	Kind    string // EVEN, WINNER_TAKES_ALL, WEIGHTS, GEOMETRIC, PROPORTIONAL
	Weights []int64
	P, Q    int64
}

// Split gives each place's amount, over n contracted workers and the scores of the valid.
func (f Function) Split(reward int64, n int, scores []int64) []int64 {
	amounts := make([]int64, len(scores))
	sum := int64(0)
	for _, score := range scores {
		sum += score
	}
	for k := range amounts {
		switch f.Kind {
		case "EVEN":
			amounts[k] = reward / int64(n)
		case "WINNER_TAKES_ALL":
			if k == 0 {
				amounts[k] = reward
			}
		case "WEIGHTS":
			amounts[k] = part(reward, f.Weights, k)
		case "GEOMETRIC":
			weights := make([]int64, n)
			for i := range weights {
				weights[i] = power(f.P, i) * power(f.Q, n-1-i)
			}
			amounts[k] = part(reward, weights, k)
		case "PROPORTIONAL":
			if sum > 0 {
				amounts[k] = reward * scores[k] / sum
			}
		}
	}
	return amounts
}

// part is the k-th weight's part of a reward.
func part(reward int64, weights []int64, k int) int64 {
	if k >= len(weights) {
		return 0
	}
	sum := int64(0)
	for _, weight := range weights {
		sum += weight
	}
	return reward * weights[k] / sum
}

func power(base int64, exponent int) int64 {
	result := int64(1)
	for range exponent {
		result *= base
	}
	return result
}

// client is whom shares and gains list what the workers do not get under.
const client = ""

// shares is what each worker, and the client, gets of R_w by a ranking.
func (r *Request) shares(ranking Ranking) map[string]int64 {
	shares := map[string]int64{client: r.WorkerReward}
	give := func(worker string, amount int64) {
		shares[worker] += amount
		shares[client] -= amount
	}
	if ranking.Unusable {
		for _, worker := range r.Crew {
			give(worker.Name, r.WorkerReward/int64(len(r.Crew)))
		}
		return shares
	}
	scores := make([]int64, len(ranking.Places))
	for i, place := range ranking.Places {
		scores[i] = place.Score
	}
	for i, amount := range r.Function.Split(r.WorkerReward, len(r.Crew), scores) {
		give(ranking.Places[i].Worker, amount)
	}
	return shares
}

// gains is what each gets more by one ranking than by another.
func (r *Request) gains(from, to Ranking) map[string]int64 {
	before, after := r.shares(from), r.shares(to)
	gains := map[string]int64{}
	for who, amount := range after {
		gains[who] = max(0, amount-before[who])
	}
	return gains
}

// payOut empties a request's pot by the payout table.
func (w *World) payOut(r *Request) {
	rewards := int64(0)
	switch r.Outcome {
	case Final, NobodyValid, InputUnusable, Overturned:
		shares := r.shares(r.Rankings[r.Standing])
		for _, worker := range r.Crew {
			w.earn(r, worker.Name, shares[worker.Name])
			rewards += shares[worker.Name]
		}
		w.settleChallenges(r)
	}
	switch r.Outcome {
	case Revoked, NotGranted:
		for _, worker := range r.byTurn() {
			w.earn(r, worker.Name, r.WorkerReward/int64(r.Revealed()))
			rewards += r.WorkerReward / int64(r.Revealed())
		}
	case Unevaluated:
		crew := r.byTurn()
		for i, amount := range r.Function.Split(r.WorkerReward, len(r.Crew), make([]int64, len(crew))) {
			w.earn(r, crew[i].Name, amount)
			rewards += amount
		}
	}
	if r.Outcome == NotGranted {
		w.undoChallenges(r)
	}
	switch r.Outcome {
	case Final, NobodyValid, InputUnusable, NotGranted:
		w.earn(r, r.Evaluator, r.EvaluatorReward)
		rewards += r.EvaluatorReward
	}
	if r.Evaluator != "" && r.Outcome != Overturned {
		w.toStake(r, r.Evaluator, r.Deposit)
	}
	for _, silent := range r.Silent {
		w.slash(r, silent)
	}
	for _, worker := range r.Crew {
		if r.losesBond(worker) {
			w.toWallet(r, r.Client, r.Bond)
		} else {
			w.toStake(r, worker.Name, r.Bond)
		}
	}
	share := min(r.Share, up(rewards, r.rules.ChainShare))
	w.Chain += share
	r.Pot -= share
	w.toWallet(r, r.Client, r.EvaluatorReward+r.WorkerReward-rewards+r.Share-share)
}

// slash takes from a silent evaluator for those who revealed; the client gets the dust.
func (w *World) slash(r *Request, silent string) {
	lost := down(r.Deposit, r.rules.SilentSlash)
	if r.Outcome == AllSilent {
		lost = min(r.Deposit, r.WorkerReward)
	}
	w.toStake(r, silent, r.Deposit-lost)
	each := lost / int64(r.Revealed())
	for _, worker := range r.Crew {
		if worker.Revealed {
			w.earn(r, worker.Name, each)
			lost -= each
		}
	}
	w.earn(r, r.Client, lost)
}

// losesBond says whose bond goes to the client.
func (r *Request) losesBond(worker *Worker) bool {
	if r.Outcome == NotGranted { // no ranking counts
		return !worker.Revealed
	}
	if r.Outcome.isCancelled() || len(r.Rankings) > 0 && r.Rankings[r.Standing].Unusable {
		return false
	}
	if !worker.Revealed {
		return r.Outcome != Revoked || !r.terms.OpenResults // who still had time is not to blame
	}
	if !r.terms.InvalidLosesBond && !r.terms.ByExecution || len(r.Rankings) == 0 {
		return false
	}
	for _, place := range r.Rankings[r.Standing].Places {
		if place.Worker == worker.Name {
			return false
		}
	}
	return true
}

// undoChallenges: nobody knows who was right, by the client's doing.
func (w *World) undoChallenges(r *Request) {
	for _, c := range r.Challenges {
		if c.By == r.Client {
			w.Burned += c.Fee
			r.Pot -= c.Fee
		} else {
			w.giveBack(r, c.By, c.Fee)
		}
	}
}

// settleChallenges pays fees, and what an overturned evaluator loses.
func (w *World) settleChallenges(r *Request) {
	lost, deposit := int64(0), int64(0)
	burn := func(amount int64) {
		w.Burned += amount
		r.Pot -= amount
	}
	lessBurned := func(amount int64) int64 {
		burn(down(amount, r.rules.BurnShare))
		return amount - down(amount, r.rules.BurnShare)
	}
	if r.Outcome == Overturned {
		deposit = r.Deposit
	}
	for _, c := range r.Challenges {
		switch {
		case c.Verdict == Unheard:
			w.giveBack(r, c.By, lessBurned(c.Fee))
		case c.attacked != r.Standing:
			w.giveBack(r, c.By, c.Fee)
		default:
			lost += c.Fee
		}
	}
	for i := len(r.Challenges) - 1; i >= 0; i-- {
		c := r.Challenges[i]
		if c.Verdict == Unheard || c.upheld != r.Standing {
			continue
		}
		fromLost := min(c.Fee, lost)
		lost -= fromLost
		fromDeposit := min(c.Fee-fromLost, deposit)
		deposit -= fromDeposit
		w.earn(r, c.Resolver, lessBurned(fromLost+fromDeposit))
	}
	if r.Outcome != Overturned {
		burn(lost)
		return
	}
	w.compensate(r, lessBurned(lost+deposit))
}

// giveBack returns a fee to who paid it: the client's to its wallet, everybody else's to the stake.
func (w *World) giveBack(r *Request, account string, fee int64) {
	if account == r.Client {
		w.toWallet(r, account, fee)
	} else {
		w.toStake(r, account, fee)
	}
}

// compensate divides a lost deposit by what each gains over the evaluator's ranking; the client gets the dust.
func (w *World) compensate(r *Request, amount int64) {
	gains := r.gains(r.Rankings[0], r.Rankings[r.Standing])
	gains[client] += r.EvaluatorReward
	sum := int64(0)
	for _, gain := range gains {
		sum += gain
	}
	rest := amount
	if sum > 0 {
		for _, worker := range r.Crew {
			compensation := amount * gains[worker.Name] / sum
			w.earn(r, worker.Name, compensation)
			rest -= compensation
		}
	}
	w.earn(r, r.Client, rest)
}
