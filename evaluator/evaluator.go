// Package evaluator is the daemon that takes requests as their evaluator: it pledges a deposit, gathers what the workers
// revealed, runs the job's evaluator program on it, and ranks.
//
// Each request goes through small stages (stage.go), of which every one can be done again: which is due follows from what
// the chain says and from the journal's record of the request, and nothing else. Invariants: no request is accepted whose
// program is not ready; a result counts only if its bytes are those that were committed to and are of the reply's type;
// the ranking is in the journal before it is signed, so that of one request one ranking at most is ever sent.
//
// Trusted: what package daemon trusts. Not trusted: workers, their results, the evaluator program.
package evaluator

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Evaluator is the daemon.
type Evaluator struct {
	*daemon.Kit
	cfg      Config
	loop     *daemon.Loop
	requests *daemon.Requests
	runs     chan struct{} // holds a token for each program that is running

	mu        sync.Mutex
	accepting map[uint64]bool
}

// Config is what the owner of an evaluator decides.
type Config struct {
	daemon.Config `yaml:",inline"`
	// MaxRequests bounds the requests that are accepted and not yet ranked, whose deposits are at stake. 0: 32.
	MaxRequests int `yaml:"max_requests"`
}

const (
	defaultMaxRequests = 32
	mostRequests       = 10_000
)

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	if c.MaxRequests < 0 || c.MaxRequests > mostRequests {
		return fmt.Errorf("max_requests %d: use 1 to %d, or 0 for %d", c.MaxRequests, mostRequests, defaultMaxRequests)
	}
	return c.Config.WithDefaults().Validate()
}

// New makes an evaluator, which Run starts. ctx bounds everything that it sends. It errs where the config is wrong, the
// journal is in use, or the chain does not answer.
func New(ctx context.Context, cfg Config, world daemon.World) (*Evaluator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if cfg.MaxRequests == 0 {
		cfg.MaxRequests = defaultMaxRequests
	}
	e := &Evaluator{cfg: cfg, accepting: map[uint64]bool{}}
	kit, err := daemon.NewKit(ctx, cfg.Config, world, program.ROLE_EVALUATOR, daemon.EvaluatorNode, e.nudge)
	if err != nil {
		return nil, err
	}
	e.Kit = kit
	e.requests = daemon.NewRequests(kit.Log, e.nudge)
	e.loop = daemon.NewLoop(kit.Config.Poll.Std(), kit.Log, e.pass)
	e.runs = make(chan struct{}, kit.Config.MaxRuns)
	return e, nil
}

// Run works until ctx, the one given to New, ends. It returns when nothing runs any more and the journal is closed; what
// was under way is taken up at the next start.
func (e *Evaluator) Run(ctx context.Context) error {
	e.Log.Info("evaluator started", "node", e.Owner.String(), "signer", e.Signer, "requests", e.cfg.MaxRequests)
	var beating sync.WaitGroup
	beating.Go(func() { e.Member.Beat(ctx) })
	e.loop.Run(ctx, e.Network.Watch(ctx, e.filters()...))
	beating.Wait()
	e.requests.Wait()
	return e.Close()
}

func (e *Evaluator) nudge() {
	if e.loop != nil {
		e.loop.Nudge()
	}
}

// filters wake the evaluator when a request can be accepted and when it owes a ranking.
func (e *Evaluator) filters() []string {
	owner := e.Owner.String()
	var job []string
	if len(e.Config.Jobs) == 1 {
		job = []string{"job_id", strconv.FormatUint(uint64(e.Config.Jobs[0]), 10)}
	}
	return []string{
		client.OnTx(&jobstypes.EventJobRequested{}, job...),
		client.OnBlock(&jobstypes.EventRequestReopened{}, job...),
		client.OnTx(&jobstypes.EventEvaluationStarted{}, "evaluator", owner),
		client.OnBlock(&jobstypes.EventEvaluationStarted{}, "evaluator", owner),
		client.OnTx(&reputationtypes.EventNodeApproved{}, "node", owner),
	}
}

// pass looks at the chain and starts what is due.
func (e *Evaluator) pass(ctx context.Context) (time.Duration, error) {
	jobs, err := e.Member.Jobs(ctx)
	if err != nil {
		return 0, err
	}
	look, err := e.requests.Look(ctx, e.Network, e.Owner.String())
	if err != nil {
		return 0, err
	}
	wish, err := e.work(ctx, look)
	if err != nil {
		return 0, err
	}
	if err := e.settleFinished(ctx, look); err != nil {
		return 0, err
	}
	for _, job := range jobs {
		if !e.Programs.PrepareSoon(ctx, job.Id, job.EvaluatorRelease) {
			continue // no deposit is pledged for what could not be run
		}
		if err := e.takeOpenings(ctx, job, look); err != nil {
			return 0, err
		}
	}
	return daemon.Sooner(wish, e.requests.Next()), nil
}

// work takes each of our requests as far as it gets, and returns the time until the first phase of one ends.
func (e *Evaluator) work(ctx context.Context, look daemon.Look) (time.Duration, error) {
	var wish time.Duration
	for _, place := range look.As(program.ROLE_EVALUATOR) {
		left, err := e.Clock.Left(ctx, place.Request.DeadlineMs)
		if err != nil {
			return 0, err
		}
		wish = daemon.Sooner(wish, max(0, left))
		if !look.MayStart(place.Request.Id) {
			continue
		}
		t, err := e.newTask(place.Request)
		if err != nil {
			return 0, err
		}
		if t.isDue() {
			e.requests.Start(ctx, t.request.Id, func() error { return t.advance(ctx) })
		}
	}
	return wish, nil
}

// settleFinished closes the records of requests in which we have no place any more.
func (e *Evaluator) settleFinished(ctx context.Context, look daemon.Look) error {
	for _, key := range e.Journal.Keys(recordPrefix) {
		requestID, err := strconv.ParseUint(strings.TrimPrefix(key, recordPrefix), 10, 64)
		if err != nil {
			return fmt.Errorf("journal key %q names no request", key)
		}
		if !look.Has(requestID) && look.MayStart(requestID) {
			e.requests.Start(ctx, requestID, func() error { return e.settle(ctx, requestID) })
		}
	}
	return nil
}
