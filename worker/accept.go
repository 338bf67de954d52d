package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cosmossdk.io/math"

	"github.com/ain-network/aind/chain"
	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

// takeOpenings accepts what can be started at once and pays enough, the best paid first.
func (w *Worker) takeOpenings(ctx context.Context, job daemon.Job, look daemon.Look) error {
	if w.freeRuns() == 0 {
		return nil
	}
	openings, err := w.Network.Openings(ctx, job.Id, program.ROLE_WORKER)
	if err != nil {
		return err
	}
	slices.SortStableFunc(openings, func(a, b jobstypes.Request) int {
		return expectedReward(b).Sub(expectedReward(a)).Sign()
	})
	var stake math.Int
	for _, request := range openings {
		if w.freeRuns() == 0 {
			return nil
		}
		known, err := w.knows(request, look)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		if stake.IsNil() && request.WorkerBond.IsPositive() {
			if stake, err = w.Network.Stake(ctx, w.Owner.String()); err != nil {
				return err
			}
		}
		why, err := w.refuses(ctx, job, request, stake)
		if err != nil {
			return err
		}
		if why != "" {
			w.requests.Tell(request, "not taken", why)
			continue
		}
		if request.WorkerBond.IsPositive() {
			stake = stake.Sub(request.WorkerBond)
		}
		w.take(ctx, request)
	}
	return nil
}

// knows tells whether we have or had to do with a request already.
func (w *Worker) knows(request jobstypes.Request, look daemon.Look) (bool, error) {
	if look.Has(request.Id) || !look.MayStart(request.Id) {
		return true, nil
	}
	var rec record
	return w.Journal.Get(recordKey(request.Id), &rec)
}

// refuses says why a request is not taken; empty: it is.
func (w *Worker) refuses(ctx context.Context, job daemon.Job, request jobstypes.Request, stake math.Int) (string, error) {
	owner := w.Owner.String()
	if request.Client == owner || request.Evaluator == owner {
		return "its client or evaluator is this node's owner", nil
	}
	if !request.IsCandidate(owner, program.ROLE_WORKER) {
		return "its client named others", nil
	}
	if request.Spec.WorkersNeedKeys() {
		if why, err := w.CannotOpen(ctx, request); why != "" || err != nil {
			return why, err
		}
		if atRisk, err := w.risksBond(ctx, request); atRisk || err != nil {
			return unseenAtRisk, err
		}
	}
	if least := request.Spec.MinRating; least > 0 {
		rating, err := w.Network.Rating(ctx, job.Id, owner)
		if err != nil {
			return "", err
		}
		if rating < int64(least) {
			return fmt.Sprintf("it wants a rating of %d, this node has %d", least, rating), nil
		}
	}
	if why, err := w.refusesCustom(ctx, request); why != "" || err != nil {
		return why, err
	}
	if why, err := w.refusesStore(ctx, request); why != "" || err != nil {
		return why, err
	}
	if why, err := w.CannotStore(ctx, request, w.busyRuns()); why != "" || err != nil {
		return why, err
	}
	needed, err := w.Needed(ctx, request)
	if err != nil {
		return "", err
	}
	capability, err := w.Capability(ctx)
	if err != nil {
		return "", err
	}
	if lacks := capability.Lacks(needed); lacks != "" {
		return "it needs more than this node has, " + lacks, nil
	}
	least := w.Config.Policy.MinRewardFor(job.Id)
	if reward := expectedReward(request); reward.LT(least) {
		return fmt.Sprintf("it pays %s AIN, policy.min_reward is %s", chain.FormatAmount(reward), chain.FormatAmount(least)), nil
	}
	if request.WorkerBond.IsPositive() && stake.LT(request.WorkerBond) {
		return fmt.Sprintf("its bond is %s AIN, the free stake %s: raise the stake with `aind stake`",
			chain.FormatAmount(request.WorkerBond), chain.FormatAmount(stake)), nil
	}
	if why, err := w.RefusesFiles(ctx, request); why != "" || err != nil {
		return why, err
	}
	if why, err := w.Programs.Resting(request.WorkerRelease); why != "" || err != nil {
		return why, err
	}
	if why, err := w.Programs.Refuses(ctx, request.WorkerRelease); why != "" || err != nil {
		return why, err
	}
	if !w.Programs.PrepareSoon(ctx, job.Id, request.WorkerRelease) {
		return "its program is not ready yet", nil
	}
	if why, err := w.refusesTime(ctx, request); why != "" || err != nil {
		return why, err
	}
	if _, missing := w.Programs.GPUs.Take(request.Id, needed.GPUs); missing != "" { // from now on they are this request's
		return "its devices are in use, " + missing, nil
	}
	return "", nil
}

// refusesStore wants a space for what is answered to those who keep theirs in spaces: they need not know another store.
func (w *Worker) refusesStore(ctx context.Context, request jobstypes.Request) (string, error) {
	if w.Space != 0 {
		return "", nil
	}
	published, err := w.Catalog.Release(ctx, request.WorkerRelease)
	if err != nil || published.Spec.Program.Space == 0 && !daemon.InSpaces(request) {
		return "", err
	}
	return "its program or its data lies in a space, and this node's store is none: who judges it might not reach what is put there (name a space in store)", nil
}

// unseenAtRisk is said of what would have to be answered with nothing, and at what price, if its client showed it to the evaluator alone.
const unseenAtRisk = "what it is to work on cannot be seen before it is accepted, and an invalid result would cost the bond"

// risksBond tells whether an invalid result of a request would cost its worker a bond.
func (w *Worker) risksBond(ctx context.Context, request jobstypes.Request) (bool, error) {
	terms, err := w.Catalog.Terms(ctx, request.Spec.JobId, request.TermsVersion)
	return request.WorkerBond.IsPositive() && (terms.InvalidLosesBond || terms.ByExecution()), err
}

// refusesTime wants half as much time again as a run usually takes.
func (w *Worker) refusesTime(ctx context.Context, request jobstypes.Request) (string, error) {
	left, err := w.timeToRun(ctx, request)
	if err != nil {
		return "", err
	}
	typical, err := w.Programs.Typical(request.WorkerRelease)
	if err != nil {
		return "", err
	}
	if need := typical + typical/2; left <= need {
		return fmt.Sprintf("%s are left for a run, it needs %s", left.Round(time.Millisecond), need), nil
	}
	return "", nil
}

// timeToRun is how long a run that starts now may take, so that its result can still be committed to.
func (w *Worker) timeToRun(ctx context.Context, request jobstypes.Request) (time.Duration, error) {
	if request.StartedMs == 0 { // it starts as we accept: nobody evaluates it
		return time.Duration(request.Spec.TimeLimitMs)*time.Millisecond - w.Config.Margin.Std(), nil
	}
	left, err := w.Clock.Left(ctx, daemon.SubmitBy(request))
	return left - w.Config.Margin.Std(), err
}

// expectedReward is a worker's part of R_w if nobody else joins besides those who must: what a policy can count on from
// what is known when it has to decide. Where places differ it is the average of all, each valid with the same score.
func expectedReward(request jobstypes.Request) math.Int {
	sharers := max(request.Workers+1, request.Spec.MinWorkers)
	scores := make([]uint64, sharers)
	for i := range scores {
		scores[i] = 1
	}
	sum := math.ZeroInt()
	for _, share := range jobstypes.Split(request.Spec.RewardFunction, request.Spec.WorkerReward, int(sharers), scores) {
		sum = sum.Add(share)
	}
	return sum.QuoRaw(int64(sharers))
}

// take accepts a request and goes on with it. Accepts go alone: one that comes too late must not take others with it.
func (w *Worker) take(ctx context.Context, request jobstypes.Request) {
	w.setActive(request.Id, true)
	started := w.requests.Start(ctx, request.Id, func() error {
		defer w.setActive(request.Id, false)
		defer w.giveBackUnlessOurs(request.Id)
		t, err := w.newTask(request, jobstypes.Assignment{RequestId: request.Id, Worker: w.Owner.String()})
		if err != nil {
			return err
		}
		// No bond is pledged for what cannot be worked on: whoever orders with a reference to nothing would earn the bonds.
		if err := t.seeInput(ctx); err != nil {
			t.requests.Tell(request, "not taken", err.Error())
			return daemon.ErrLater
		}
		if err := t.prepareCode(ctx); err != nil {
			t.requests.Tell(request, "not taken", err.Error())
			return daemon.ErrLater
		}
		return t.acceptAndGoOn(ctx)
	})
	if !started {
		w.setActive(request.Id, false)
		w.giveBackUnlessOurs(request.Id)
	}
}

// giveBackUnlessOurs frees the devices that were kept for a request which turned out not to be ours.
func (w *Worker) giveBackUnlessOurs(requestID uint64) {
	var rec record
	if ours, err := w.Journal.Get(recordKey(requestID), &rec); err == nil && !ours {
		w.Programs.GPUs.GiveBack(requestID)
	}
}

func (t *task) acceptAndGoOn(ctx context.Context) error {
	err := t.Journal.Do(daemon.WorkerAccept, recordKey(t.request.Id), &t.rec, func() error { return t.sendAccept(ctx) })
	var refused *client.TxError
	switch {
	case errors.As(err, &refused): // somebody was faster, most of the time
		t.log.Info("not accepted", "why", refused)
		return errors.Join(daemon.ErrLater, t.Journal.Delete(recordKey(t.request.Id)))
	case err != nil:
		return fmt.Errorf("accept: %w", err)
	}
	t.log.Info("accepted", "node", t.Owner.String())
	if t.mine.AcceptedMs, err = t.Clock.Now(ctx); err != nil {
		return err
	}
	if t.request.State == jobstypes.REQUEST_STATE_OPEN {
		t.request.State, t.request.StartedMs = jobstypes.REQUEST_STATE_RUNNING, t.mine.AcceptedMs
	}
	return t.advance(ctx)
}

func (t *task) sendAccept(ctx context.Context) error {
	return t.Outbox.Do(ctx, daemon.WorkerAccept, messageKey(t.request.Id, daemon.WorkerAccept), &jobstypes.MsgAcceptJob{
		Signer: t.Signer, RequestId: t.request.Id, Role: program.ROLE_WORKER,
	})
}

// freeRuns is how many requests can be started at once.
func (w *Worker) freeRuns() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(0, w.Config.MaxRuns-len(w.active))
}

// busyRuns is how many requests are on their way.
func (w *Worker) busyRuns() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.active)
}

func (w *Worker) setActive(requestID uint64, active bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if active {
		w.active[requestID] = true
		return
	}
	delete(w.active, requestID)
}
