// Package admin is the daemon that decides for an admin: applications to it, by computing what the applicant had to answer,
// on its own machine, and approving whoever has the same answer and enough of what the job requires; and challenges that
// it has to resolve, by repeating the evaluator's run.
//
// Invariants: nobody is rejected, and no ranking overturned, because of something that went wrong here; a decision is in
// the journal before it is signed. Trusted: what package daemon trusts. Not trusted: applicants and what they state; a capability is a claim, and is
// only held against the job's requirement.
package admin

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ain-network/aind/client"
	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
	reputationtypes "github.com/ain-network/aind/x/reputation/types"
)

// Admin is the daemon.
type Admin struct {
	*daemon.Kit
	cfg   Config
	loop  *daemon.Loop
	tasks daemon.Tasks[uint64] // by application
	holds daemon.Holds
	// requests whose challenges are resolved
	requests *daemon.Requests
}

// Config is what an admin decides.
type Config struct {
	daemon.Config `yaml:",inline"`
	// Approve says who decides on an application that was tested: auto, or ask: the daemon only logs what it found, and the
	// admin decides with `aind approveNode`. Empty: auto.
	Approve Approve `yaml:"approve"`
	// Resolve says who decides on a challenge: auto, by the job's evaluator program, or ask: the daemon only logs that there
	// is one, and the admin decides with `aind resolveChallenge`. Empty: auto.
	Resolve Resolve `yaml:"resolve"`
}

// Resolve is a policy.
type Resolve string

// The policies.
const (
	ResolveAuto Resolve = "auto"
	ResolveAsk  Resolve = "ask"
)

// Approve is a policy.
type Approve string

// The policies.
const (
	ApproveAuto Approve = "auto"
	ApproveAsk  Approve = "ask"
)

// Validate names the field that is wrong, and the fix.
func (c Config) Validate() error {
	switch c.Approve {
	case "", ApproveAuto, ApproveAsk:
	default:
		return fmt.Errorf("approve %q: use %s or %s", c.Approve, ApproveAuto, ApproveAsk)
	}
	switch c.Resolve {
	case "", ResolveAuto, ResolveAsk:
	default:
		return fmt.Errorf("resolve %q: use %s or %s", c.Resolve, ResolveAuto, ResolveAsk)
	}
	if c.Apply {
		return fmt.Errorf("apply: an admin does not apply, leave it out")
	}
	return c.Config.WithDefaults().Validate()
}

var steps = daemon.NodeSteps{Prepare: daemon.AdminPrepare, Heartbeat: daemon.AdminHeartbeat}

// New makes an admin, which Run starts. ctx bounds everything that it sends. It errs where the config is wrong, the journal
// is in use, or the chain does not answer.
func New(ctx context.Context, cfg Config, world daemon.World) (*Admin, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	a := &Admin{cfg: cfg}
	kit, err := daemon.NewKit(ctx, cfg.Config, world, program.ROLE_ADMIN, steps, a.nudge)
	if err != nil {
		return nil, err
	}
	a.Kit = kit
	a.tasks.Ended = a.nudge
	a.requests = daemon.NewRequests(kit.Log, a.nudge)
	a.loop = daemon.NewLoop(kit.Config.Poll.Std(), kit.Log, a.pass)
	return a, nil
}

// Run decides until ctx, the one given to New, ends. It returns when nothing runs any more and the journal is closed; what
// was under way is taken up at the next start.
func (a *Admin) Run(ctx context.Context) error {
	a.Log.Info("admin started", "node", a.Owner.String(), "signer", a.Signer)
	var beating sync.WaitGroup
	beating.Go(func() { a.Member.Beat(ctx) })
	owner := a.Owner.String()
	a.loop.Run(ctx, a.Network.Watch(ctx,
		client.OnTx(&reputationtypes.EventJobApplied{}, "admin", owner),
		client.OnTx(&jobstypes.EventChallenged{}, "resolver", owner),
		client.OnBlock(&jobstypes.EventResolverSilent{}, "next", owner),
	))
	beating.Wait()
	a.tasks.Wait()
	a.requests.Wait()
	return a.Close()
}

func (a *Admin) nudge() {
	if a.loop != nil {
		a.loop.Nudge()
	}
}

// pass looks at the chain and starts what is due.
func (a *Admin) pass(ctx context.Context) (time.Duration, error) {
	jobs, err := a.Member.Jobs(ctx)
	if err != nil {
		return 0, err
	}
	for _, job := range jobs {
		a.Programs.PrepareSoon(ctx, job.Id, job.WorkerRelease)
		a.Programs.PrepareSoon(ctx, job.Id, job.EvaluatorRelease)
	}
	wish, err := a.resolve(ctx)
	if err != nil {
		return 0, err
	}
	if err := a.decide(ctx); err != nil {
		return 0, err
	}
	return daemon.Sooner(wish, a.holds.Next()), nil
}

// decide starts what is due for the applications to this admin.
func (a *Admin) decide(ctx context.Context) error {
	running := a.tasks.Running()
	applications, err := a.Network.Applications(ctx, 0, a.Owner.String(), "")
	if err != nil {
		return err
	}
	undecided := map[uint64]bool{}
	for _, application := range applications {
		undecided[application.Id] = true
		if running[application.Id] || a.holds.Held(application.Id) {
			continue
		}
		c, err := a.newCase(application)
		if err != nil {
			return err
		}
		if c.isDue() {
			a.tasks.Start(application.Id, func() { a.report(ctx, c, c.advance(ctx)) })
		}
	}
	return a.forgetDecided(undecided, running)
}

// report keeps away from an application for a while after something went wrong with it.
func (a *Admin) report(ctx context.Context, c *examined, err error) {
	switch {
	case err == nil:
		a.holds.Release(c.application.Id)
	case ctx.Err() == nil:
		c.log.Warn("could not decide, trying again", "error", err, "in", a.holds.Hold(c.application.Id))
	}
}

func (a *Admin) logOf(application reputationtypes.Application) *slog.Logger {
	return a.Log.With("job", daemon.JobID(application.JobId), "application", application.Id, "node", application.Applicant)
}
