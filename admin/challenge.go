package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/ain-network/aind/daemon"
	"github.com/ain-network/aind/program"
	jobstypes "github.com/ain-network/aind/x/jobs/types"
)

const challengePrefix = "challenge/"

// challengeRecord is what the journal keeps about a challenge until its verdict is on the chain.
type challengeRecord struct {
	daemon.Progress
	// Judged: Ranking is the verdict that will be sent, or was.
	Judged  bool                  `json:"judged,omitempty"`
	Ranking []jobstypes.RankEntry `json:"ranking,omitempty"`
	// InputUnusable is the verdict in place of a ranking.
	InputUnusable bool `json:"input_unusable,omitempty"`
	// Failures of the evaluator program on this request.
	Failures int `json:"failures,omitempty"`
}

// maxFailures of the program on one challenge: what fails thrice on the same input and seed will go on to fail, and then a
// person has to decide.
const maxFailures = 3

// challenged is one challenge that we owe a verdict on.
type challenged struct {
	*Admin
	request jobstypes.Request
	rec     challengeRecord
	log     *slog.Logger
}

func challengeKey(requestID uint64) string {
	return challengePrefix + strconv.FormatUint(requestID, 10)
}

func (a *Admin) newChallenged(request jobstypes.Request) (*challenged, error) {
	c := &challenged{Admin: a, request: request, log: a.requests.LogOf(request)}
	_, err := a.Journal.Get(challengeKey(request.Id), &c.rec)
	return c, err
}

// resolve starts what is due for the challenges that name this admin, and returns the time until the first is too late.
func (a *Admin) resolve(ctx context.Context) (time.Duration, error) {
	look, err := a.requests.Look(ctx, a.Network, a.Owner.String())
	if err != nil {
		return 0, err
	}
	var wish time.Duration
	owed := map[uint64]bool{}
	for _, place := range look.As(program.ROLE_ADMIN) {
		pending := place.Request.Pending()
		if pending == nil || pending.Resolver != a.Owner.String() {
			continue
		}
		owed[place.Request.Id] = true
		left, err := a.Clock.Left(ctx, place.Request.DeadlineMs)
		if err != nil {
			return 0, err
		}
		wish = daemon.Sooner(wish, max(0, left))
		if !look.MayStart(place.Request.Id) {
			continue
		}
		c, err := a.newChallenged(place.Request)
		if err != nil {
			return 0, err
		}
		if place.Request.AwaitingKeys {
			continue // the client owes one, and the window for the verdict has not begun
		}
		if a.cfg.Resolve == ResolveAsk {
			a.requests.Tell(place.Request, "challenged, decide with `aind resolveChallenge`", pending.Challenger)
			continue
		}
		if c.isDue() {
			a.requests.Start(ctx, place.Request.Id, func() error { return c.advance(ctx) })
		}
	}
	return daemon.Sooner(wish, a.requests.Next()), a.forgetResolved(owed, look)
}

func (c *challenged) isDue() bool { return c.rec.Judged || c.rec.Failures < maxFailures }

// advance judges and sends the verdict, as far as that was not done before.
func (c *challenged) advance(ctx context.Context) error {
	key := challengeKey(c.request.Id)
	if !c.rec.Judged {
		if err := c.Journal.Do(daemon.AdminJudge, key, &c.rec, func() error { return c.judge(ctx) }); err != nil {
			return err
		}
	}
	return c.Journal.Do(daemon.AdminResolve, key, &c.rec, func() error { return c.send(ctx) })
}

// judge repeats the evaluator's run: the same program, material and seed.
func (c *challenged) judge(ctx context.Context) error {
	request, assignments, err := c.Network.Request(ctx, c.request.Id)
	if err != nil {
		return err
	}
	if request == nil {
		return daemon.ErrLater
	}
	left, err := c.Clock.Left(ctx, c.request.DeadlineMs)
	if err != nil {
		return err
	}
	if left -= c.Config.Margin.Std(); left <= 0 {
		return errors.New("no time is left to judge")
	}
	typical, err := c.Programs.Typical(c.request.EvaluatorRelease)
	if err != nil {
		return err
	}
	material, err := c.Gather(ctx, c.request, assignments, left > 2*typical+time.Second, c.log)
	if errors.Is(err, daemon.ErrInputUnusable) {
		c.log.Warn("nobody could have used the input", "error", err)
		c.rec.InputUnusable, c.rec.Judged = true, true
		return nil
	}
	if err != nil {
		return err
	}
	ranking, err := c.rank(ctx, material, left, left > 2*typical+time.Second)
	if errors.Is(err, daemon.ErrInputUnusable) {
		c.log.Warn("nobody can judge by what the request names", "error", err)
		c.rec.InputUnusable, c.rec.Judged = true, true
		return nil
	}
	if errors.Is(err, daemon.ErrRanking) || daemon.IsProgramFault(err) {
		c.rec.Failures++
		if c.rec.Failures >= maxFailures {
			c.log.Error("the evaluator program fails: decide with `aind resolveChallenge`", "failures", c.rec.Failures, "error", err)
		}
		return errors.Join(err, c.Journal.Put(challengeKey(c.request.Id), &c.rec))
	}
	if err != nil {
		return err
	}
	c.rec.Ranking, c.rec.Judged = ranking, true
	return nil
}

// rank repeats the workers' runs where their program is deterministic, or the drawn segments of them, and then the evaluator's.
func (c *challenged) rank(ctx context.Context, material daemon.Material, left time.Duration, patience bool) ([]jobstypes.RankEntry, error) {
	terms, err := c.Catalog.Terms(ctx, c.request.Spec.JobId, c.request.TermsVersion)
	if err != nil {
		return nil, err
	}
	until := time.Now().Add(left)
	if terms.ByCheckpoint() { // the segments that the evaluator had to run again, and no others: it is not overturned by luck
		material, err = c.CheckSegments(ctx, c.request, material, left, patience, c.log)
	} else {
		material, err = c.Repeat(ctx, c.request, material, left, c.log)
	}
	if err != nil {
		return nil, err
	}
	if terms.ByExecution() && len(material.Workers) > 0 { // what the program gives is right, whatever the majority says
		return jobstypes.SameResult(material.Workers, material.Workers[0].Worker), nil
	}
	return c.Judge(ctx, c.request, material, time.Until(until), c.log)
}

// send gives the verdict. Whether it confirms what stands is the chain's to say.
func (c *challenged) send(ctx context.Context) error {
	err := c.Outbox.Do(ctx, daemon.AdminResolve, verdictKey(c.request.Id), &jobstypes.MsgResolveChallenge{
		Signer: c.Signer, RequestId: c.request.Id, Ranking: c.rec.Ranking, InputUnusable: c.rec.InputUnusable,
	})
	if err == nil {
		c.log.Info("resolved a challenge", "challenger", c.request.Pending().Challenger, "valid", len(c.rec.Ranking))
	}
	return err
}

func verdictKey(requestID uint64) string {
	return "challenge/" + strconv.FormatUint(requestID, 10) + "/resolve"
}

// forgetResolved removes the traces of challenges that owe us nothing any more.
func (a *Admin) forgetResolved(owed map[uint64]bool, look daemon.Look) error {
	for _, key := range a.Journal.Keys(challengePrefix) {
		id, err := strconv.ParseUint(strings.TrimPrefix(key, challengePrefix), 10, 64)
		if err != nil {
			return fmt.Errorf("journal key %q names no challenge", key)
		}
		if owed[id] || !look.MayStart(id) {
			continue
		}
		if err := a.Outbox.Forget(verdictKey(id)); err != nil {
			return err
		}
		if err := a.Journal.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
