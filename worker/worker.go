// Package worker is the daemon that takes requests, runs a job's worker program on them, and commits to and reveals what
// came out.
//
// Each request goes through small stages (stage.go), of which every one can be done again: which is due follows from what
// the chain says and from the journal's record of the request, and nothing else. Work that is verified by checkpoint runs in
// segments (segment.go), each as small a step. Invariants: no request is accepted that
// could not be started at once; of one request at most one result is ever committed to, for result and salt are in the
// journal before the commitment is signed; nothing of a result leaves the machine before reveals begin.
//
// Trusted: what package daemon trusts. Not trusted: the client, the programs, the inputs, the other nodes.
package worker

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

// Worker is the daemon.
type Worker struct {
	*daemon.Kit
	cfg      Config
	loop     *daemon.Loop
	requests *daemon.Requests

	mu     sync.Mutex
	active map[uint64]bool // requests that are being accepted or run: what MaxRuns bounds
}

// New makes a worker, which Run starts. ctx bounds everything that it sends. It errs where the config is wrong, the
// journal is in use, or the chain does not answer.
func New(ctx context.Context, cfg Config, world daemon.World) (*Worker, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	w := &Worker{cfg: cfg, active: map[uint64]bool{}}
	kit, err := daemon.NewKit(ctx, cfg.Config, world, program.ROLE_WORKER, daemon.WorkerNode, w.nudge)
	if err != nil {
		return nil, err
	}
	w.Kit = kit
	w.requests = daemon.NewRequests(kit.Log, w.nudge)
	w.loop = daemon.NewLoop(kit.Config.Poll.Std(), kit.Log, w.pass)
	return w, nil
}

// Run works until ctx, the one given to New, ends. It returns when nothing runs any more and the journal is closed; what
// was under way is taken up at the next start.
func (w *Worker) Run(ctx context.Context) error {
	w.Log.Info("worker started", "node", w.Owner.String(), "signer", w.Signer, "runs", w.Config.MaxRuns)
	var beating sync.WaitGroup
	beating.Go(func() { w.Member.Beat(ctx) })
	w.loop.Run(ctx, w.Network.Watch(ctx, w.filters()...))
	beating.Wait()
	w.requests.Wait()
	return w.Close()
}

func (w *Worker) nudge() {
	if w.loop != nil {
		w.loop.Nudge()
	}
}

// filters wake the worker when a request can be accepted, when reveals begin and when a ranking stands. Events of requests
// of others wake it too, which costs a query.
func (w *Worker) filters() []string {
	var accepted []string
	if len(w.Config.Jobs) == 1 {
		accepted = []string{"job_id", strconv.FormatUint(uint64(w.Config.Jobs[0]), 10)}
	}
	return []string{
		client.OnTx(&jobstypes.EventJobAccepted{}, accepted...),
		client.OnTx(&jobstypes.EventContractClosed{}),
		client.OnBlock(&jobstypes.EventContractClosed{}),
		client.OnTx(&jobstypes.EventKeyGranted{}, "account", w.Owner.String()),
		client.OnTx(&jobstypes.EventRevealStarted{}),
		client.OnBlock(&jobstypes.EventRevealStarted{}),
		client.OnBlock(&jobstypes.EventSegmentsDrawn{}),
		client.OnTx(&jobstypes.EventRanked{}),
		client.OnTx(&reputationtypes.EventNodeApproved{}, "node", w.Owner.String()),
	}
}

// pass looks at the chain and starts what is due.
func (w *Worker) pass(ctx context.Context) (time.Duration, error) {
	jobs, err := w.Member.Jobs(ctx)
	if err != nil {
		return 0, err
	}
	look, err := w.requests.Look(ctx, w.Network, w.Owner.String())
	if err != nil {
		return 0, err
	}
	wish, err := w.work(ctx, look)
	if err != nil {
		return 0, err
	}
	if err := w.settleFinished(ctx, look); err != nil {
		return 0, err
	}
	for _, job := range jobs {
		if !w.Programs.PrepareSoon(ctx, job.Id, job.WorkerRelease) {
			continue // nothing is accepted that could not be started at once
		}
		if err := w.takeOpenings(ctx, job, look); err != nil {
			return 0, err
		}
	}
	return daemon.Sooner(wish, w.requests.Next()), nil
}

// work takes each of our requests as far as it gets, and returns the time until the first phase of one ends.
func (w *Worker) work(ctx context.Context, look daemon.Look) (time.Duration, error) {
	var wish time.Duration
	for _, place := range look.As(program.ROLE_WORKER) {
		left, err := w.Clock.Left(ctx, place.Request.DeadlineMs)
		if err != nil {
			return 0, err
		}
		wish = daemon.Sooner(wish, max(0, left))
		if place.Assignment == nil || !look.MayStart(place.Request.Id) {
			continue
		}
		t, err := w.newTask(place.Request, *place.Assignment)
		if err != nil {
			return 0, err
		}
		t.warnIfLost()
		t.tellIfLeftOut()
		if t.isDue() {
			w.requests.Start(ctx, t.request.Id, func() error { return t.advance(ctx) })
		}
	}
	return wish, nil
}

// settleFinished closes the records of requests in which we have no place any more.
func (w *Worker) settleFinished(ctx context.Context, look daemon.Look) error {
	for _, key := range w.Journal.Keys(recordPrefix) {
		requestID, err := strconv.ParseUint(strings.TrimPrefix(key, recordPrefix), 10, 64)
		if err != nil {
			return fmt.Errorf("journal key %q names no request", key)
		}
		if !look.Has(requestID) && look.MayStart(requestID) {
			w.requests.Start(ctx, requestID, func() error { return w.settle(ctx, requestID) })
		}
	}
	return nil
}
